// A small number for each thread: what is kept apart so that threads seldom meet is chosen by it.
// Owner: nobody. Thread: any.
#pragma once

#include <atomic>

namespace base {

/// Counts up from 0 in the order in which threads first ask; a thread's own number never changes, and is not used again after it.
inline unsigned thread_number() {
  static std::atomic<unsigned> next{0};
  thread_local const unsigned number = next.fetch_add(1, std::memory_order_relaxed);
  return number;
}

}  // namespace base
