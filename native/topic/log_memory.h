// Where segments come from and how much all logs may hold together: one account with a bound, and idle segments kept for a
// while, so that a steady flow of publications allocates nothing and a burst leaves nothing behind. Nothing of it is malloc's:
// what malloc has once spread over its arenas it keeps.
// Owner: the engine. Thread: any.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "native/os/kernel.h"
#include "native/os/short_mutex.h"
#include "native/topic/near_segments.h"
#include "native/topic/segment.h"

namespace topic {

/// Whose bytes are to be brought in. The last eighth of the logs is for those who say little: a flood never takes it, so it is not for a
/// flood that they wait (ADR 0016).
enum class Demand : std::uint8_t { little, much };
/// So much in one go is little. Less than a small segment, which is what the first publication of a topic takes.
inline constexpr std::size_t little_bytes_max = heap_segment_bytes;

class LogMemory {
 public:
  /// `kernel` outlives this object. `bytes_max` bounds the memory of all living segments; see `over_limit`. `threads`: how many publish
  /// and deliver; from two on the bound may be seen late, by a sixty-fourth of it at most.
  LogMemory(os::Kernel& kernel, std::size_t bytes_max, unsigned threads = 1);
  ~LogMemory();
  LogMemory(const LogMemory&) = delete;
  LogMemory& operator=(const LogMemory&) = delete;

  /// A segment of at least `bytes`, ready for `Log::open_segment`. Calls the system: never under a topic's lock. It does not
  /// check the bound: those who bring in bytes do, before they read them (`over_limit`), so that nothing received is lost.
  /// At most `mappings_max` living segments are memfds, so that logs do not take the descriptors of connections; beyond that, and
  /// when the system refuses one, a segment is without a file.
  SegmentRef acquire(std::size_t bytes, Backing backing);
  static constexpr int mappings_max = 64;

  /// Makes these pages of a segment memory (Segment::next_pages). Calls the system: never under a topic's lock.
  void populate(base::MutableBytes pages) { kernel_.populate(pages); }

  /// To be called every few seconds: what was idle all the time since the last call goes back to the system, except `idle_kept`
  /// small segments. Calls the system, without a lock.
  void give_back();
  static constexpr std::size_t idle_kept = 64;

  /// True while the logs hold as much as that demand may fill, `bytes_max` or seven eighths of it, or more. Such publishers are not read
  /// then, and publish() from JavaScript refuses.
  bool over_limit(Demand demand) const { return settled_bytes() >= limit(demand); }
  /// True while they hold so much more that what cannot be left unread must be refused.
  bool is_exhausted() const { return settled_bytes() >= bytes_max_ + std::max(bytes_max_ / 4, excess_bytes_min); }
  static constexpr std::size_t excess_bytes_min = 4 * 1024 * 1024;
  /// True once enough was freed that paused publishers may go on (one eighth of all below their limit: hysteresis).
  bool below_resume(Demand demand) const { return settled_bytes() < limit(demand) - bytes_max_ / 8; }
  /// Of living segments: their bytes, and the pages of their marks. Asks every thread's place: for what is asked seldom.
  std::size_t bytes_now() const;
  std::size_t bytes_max() const { return bytes_max_; }
  /// What idle segments keep beside that, never more than `idle_bytes_max`.
  std::size_t idle_bytes() const;
  std::size_t idle_bytes_max() const { return idle_bytes_max_; }
  /// Segments whose memory was taken from the system so far (not idle ones used again); a ceiling test holds it still.
  std::size_t allocations() const { return allocations_.load(std::memory_order_relaxed); }

 private:
  friend class SegmentRef;
  std::size_t limit(Demand demand) const { return demand == Demand::little ? bytes_max_ : bytes_max_ - bytes_max_ / 8; }
  /// What threads have added to the account so far. Some may have taken off what others have not added yet.
  std::size_t settled_bytes() const {
    const auto bytes = static_cast<std::int64_t>(bytes_now_.load(std::memory_order_relaxed));
    return bytes > 0 ? static_cast<std::size_t>(bytes) : 0;
  }
  void count(std::int64_t bytes);
  void release(Segment* segment);  // the last reference is gone; may call the system

  /// Small segments share mappings, which are never unmapped: a process may have 65,530 mappings, and logs more segments.
  struct Slab {
    os::Mapping mapping;
    std::unique_ptr<Segment[]> segments;
  };
  /// Segments nobody uses that still have their memory; the last one is used next.
  struct Idle {
    std::vector<Segment*> segments;
    std::size_t least = 0;  // how many there always were since the last `give_back`
    Segment* take_last();
    Segment* take(std::size_t capacity);
    void take_unneeded(std::size_t kept, std::vector<Segment*>& into);
  };

  Segment* take_near();
  void keep_near(Segment* segment);
  void keep_or_retire(std::span<Segment* const> segments);
  Segment* take_idle(std::size_t bytes);
  Segment* take_cold();
  Segment* make_small();
  Segment* make_large(std::size_t bytes, Backing backing);
  void place_on_heap(Segment& segment, std::size_t bytes);
  SegmentRef hand_out(Segment* segment);
  bool keep_idle(Segment* segment);
  bool has_idle_room(const Segment& segment) const;
  void retire(Segment* segment);

  os::Kernel& kernel_;
  const std::size_t bytes_max_;
  const std::size_t idle_bytes_max_;
  const NearSegments near_;
  alignas(64) std::atomic<std::size_t> bytes_now_{0};  // what threads have settled
  std::atomic<std::size_t> allocations_{0};
  std::atomic<int> mappings_{0};
  alignas(64) mutable os::ShortMutex lock_;  // guards what follows
  std::size_t idle_bytes_ = 0;
  Idle small_;
  Idle large_;                  // without a file
  std::vector<Segment*> cold_;  // small ones without memory
  std::vector<Slab> slabs_;
};

}  // namespace topic
