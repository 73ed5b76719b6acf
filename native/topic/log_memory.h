// Where segments come from and how much all logs may hold together: one account with a bound, and a small cache of
// segments so that a steady flow of single publications allocates nothing.
// Owner: the engine. Thread: any.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <mutex>
#include <vector>

#include "native/topic/segment.h"
#include "native/os/kernel.h"

namespace topic {

class LogMemory {
 public:
  /// `kernel` outlives this object. `bytes_max` bounds the capacity of all living segments; see `over_limit`.
  LogMemory(os::Kernel& kernel, std::size_t bytes_max);
  ~LogMemory();
  LogMemory(const LogMemory&) = delete;
  LogMemory& operator=(const LogMemory&) = delete;

  /// A segment of at least `bytes`, ready for `Log::open_segment`. Calls the system: never under a topic's lock. It does not
  /// check the bound: those who bring in bytes do, before they read them (`over_limit`), so that nothing received is lost.
  /// At most `mappings_max` living segments are memfds, so that logs do not take the descriptors of connections; beyond that, and
  /// when the system refuses one, a segment is heap.
  SegmentRef acquire(std::size_t bytes, Backing backing);
  static constexpr int mappings_max = 64;

  /// True while the logs hold `bytes_max` or more. Publishers are not read then, and publish() from JavaScript refuses.
  bool over_limit() const { return bytes_now() >= bytes_max_; }
  /// True while they hold so much more that what cannot be left unread must be refused.
  bool is_exhausted() const { return bytes_now() >= bytes_max_ + std::max(bytes_max_ / 4, excess_bytes_min); }
  static constexpr std::size_t excess_bytes_min = 4 * 1024 * 1024;
  /// True once enough was freed that paused publishers may go on (one eighth below the bound: hysteresis).
  bool below_resume() const { return bytes_now() < bytes_max_ - bytes_max_ / 8; }
  std::size_t bytes_now() const { return bytes_now_.load(std::memory_order_relaxed); }
  std::size_t bytes_max() const { return bytes_max_; }
  /// Segments taken from the system so far (not from the cache); a ceiling test holds it still.
  std::size_t allocations() const { return allocations_.load(std::memory_order_relaxed); }

 private:
  friend class SegmentRef;
  void release(Segment* segment);  // the last reference is gone; may call the system

  os::Kernel& kernel_;
  const std::size_t bytes_max_;
  std::atomic<std::size_t> bytes_now_{0};
  std::atomic<std::size_t> allocations_{0};
  std::atomic<int> mappings_{0};
  std::mutex lock_;
  std::vector<Segment*> cache_;  // heap segments of the smallest size, at most cache_max
};

}  // namespace topic
