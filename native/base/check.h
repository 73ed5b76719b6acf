// CHECK: a bug of ours ends the process with a reason; what a peer sends never reaches one.
// Owner: nobody. Thread: any.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace base {

[[noreturn]] inline void check_failed(const char* expression, const char* file, int line) {
  std::fprintf(stderr, "broker: CHECK(%s) failed at %s:%d\n", expression, file, line);
  std::abort();
}

}  // namespace base

/// Holds in every build (node-gyp's Release does not define NDEBUG, and we do not want it to matter).
#define CHECK(condition) \
  (__builtin_expect(static_cast<bool>(condition), 1) ? void(0) : ::base::check_failed(#condition, __FILE__, __LINE__))
