// CHECK: a bug of ours ends the process with a reason; what a peer sends never reaches one.
// Owner: nobody. Thread: any.
#pragma once

#include <atomic>
#include <cstdio>
#include <cstdlib>

namespace base {

/// What is still to be said before the process ends; null: nothing. It runs once, on the thread that failed, while all others go on: it may
/// neither allocate nor take a lock. Release, with the acquire of `check_failed`: what it refers to is there.
inline std::atomic<void (*)()> last_words{nullptr};

[[noreturn]] inline void check_failed(const char* expression, const char* file, int line) {
  std::fprintf(stderr, "broker: CHECK(%s) failed at %s:%d\n", expression, file, line);
  // Taken, so that a CHECK that fails in it, or on another thread meanwhile, ends the process at once.
  if (void (*const words)() = last_words.exchange(nullptr, std::memory_order_acquire)) words();
  std::abort();
}

}  // namespace base

/// Holds in every build (node-gyp's Release does not define NDEBUG, and we do not want it to matter).
#define CHECK(condition) \
  (__builtin_expect(static_cast<bool>(condition), 1) ? void(0) : ::base::check_failed(#condition, __FILE__, __LINE__))
