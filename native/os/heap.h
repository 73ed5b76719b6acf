// What malloc keeps of this process's memory, and giving it back. Each thread has an arena of its own, and free memory in the
// middle of one stays there; after thousands of connections that is tens of megabytes.
// Owner: nobody. Thread: any. Both calls take each arena's lock for a moment: never on a shard's thread.
#pragma once

#include <algorithm>
#include <cstddef>

namespace os {

struct HeapState {
  std::size_t resident = 0;  // of the whole process, in bytes; 0: unknown
  std::size_t in_use = 0;    // malloc's part that is not free; 0: unknown
};

HeapState heap_state();
/// Gives back what is free. Half a millisecond for each megabyte; little when nothing is.
void trim_heap();

/// Says when trimming is worth it, from what it is shown every few seconds.
class HeapWatch {
 public:
  static constexpr std::size_t worth_bytes = 4 * 1024 * 1024;

  explicit HeapWatch(const HeapState& now) : resident_(now.resident), in_use_(now.in_use) {}
  /// True when much was freed since the last trim, or came and may have been freed between two looks.
  bool is_worth_trimming(const HeapState& now) {
    in_use_ = std::max(in_use_, now.in_use);
    resident_ = std::min(resident_, now.resident);
    return in_use_ >= now.in_use + worth_bytes || now.resident >= resident_ + worth_bytes;
  }
  void on_trimmed(const HeapState& now) { *this = HeapWatch(now); }

 private:
  std::size_t resident_;  // the least since the last trim
  std::size_t in_use_;    // the most
};

}  // namespace os
