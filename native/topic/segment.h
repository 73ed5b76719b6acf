// A run of contiguous log bytes: whole frames, one after another, with an index beside them. Bytes before the head that a
// reader was given are immutable; nothing is ever rewritten while a cursor or the kernel may still read it.
// Owner: shared, counted by SegmentRef. Thread: appended under the topic's lock; read by any shard up to the head that
// shard took under the same lock.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "native/base/check.h"
#include "native/codec/encoding.h"
#include "native/os/kernel.h"

namespace topic {

class LogMemory;

/// Where a frame ends, relative to its segment, and when it was published (milliseconds of the monotonic clock, wrapping:
/// compare by difference).
struct FrameMark {
  std::uint32_t end = 0;
  std::uint32_t time_ms = 0;
  std::uint64_t excluded = 0;  // the connection that does not get it; 0: all do
};

enum class Backing : std::uint8_t {
  heap,   // reusable at once: send() copies
  memfd,  // for bursts: ranges may leave by sendfile, so its pages are never used again
};

inline constexpr std::size_t heap_segment_bytes = 16 * 1024;
/// Frames' ends in a segment, and lengths of ranges of it, are 32 bits; the largest segment is one for a single frame.
inline constexpr std::size_t segment_bytes_max = codec::frame_bytes_max(codec::message_bytes_limit);
static_assert(segment_bytes_max < UINT32_MAX - heap_segment_bytes);
/// A segment is sealed when its index is full, so frames smaller than this on average seal it before its bytes are full.
inline constexpr std::size_t bytes_per_mark = 32;
inline constexpr std::size_t page_bytes = 4096;
/// A large segment's pages are made memory in such steps, ahead of its frames: fewer would be more calls, more is memory that a small backlog
/// does not need.
inline constexpr std::size_t populate_step_bytes = 32 * 1024;

/// On cache lines of its own: neighbours in a slab are written by different threads.
class alignas(64) Segment {
 public:
  std::uint64_t base() const { return base_; }
  std::uint64_t first_offset() const { return first_offset_; }
  std::uint64_t end() const { return base_ + used_; }
  std::size_t capacity() const { return mapping_.length; }
  /// -1 when the bytes are on the heap.
  int file() const { return mapping_.file; }
  const std::uint8_t* at(std::uint64_t position) const { return mapping_.bytes + (position - base_); }
  /// The mark of a frame by its index from `first_offset`; only below the head that the caller took.
  const FrameMark& mark(std::size_t index) const { return marks_[index]; }
  std::size_t frames() const { return frames_; }
  /// False when nobody is left out of any frame: then nobody need look. Relaxed: whoever took a head sees what was before it.
  bool has_exclusions() const { return has_exclusions_.load(std::memory_order_relaxed); }
  /// False when every mark is of a frame. Relaxed, for the same reason.
  bool has_empty_marks() const { return has_empty_marks_.load(std::memory_order_relaxed); }

  // Under the topic's lock:
  bool has_room(std::size_t bytes) const { return capacity() - used_ >= bytes && frames_ < marks_max_; }
  /// Whether the next frame, for which there is room, is of pages that are memory already, or soon will be.
  bool has_pages(std::size_t bytes) const { return used_ + bytes <= populated_; }
  /// The pages that are to be made memory before a frame of `bytes` that `has_pages` says no of: some more than it needs, so that it
  /// is done once for many; they count from here on. Whoever asks does it (LogMemory::populate), outside of the lock: nobody else is told the same again.
  base::MutableBytes next_pages(std::size_t bytes) {
    const std::size_t from = populated_;
    const std::size_t needed = (used_ + bytes + page_bytes - 1) / page_bytes * page_bytes;
    populated_ = static_cast<std::uint32_t>(std::min(capacity(), std::max(needed, from + populate_step_bytes)));
    count(populated_ - from);
    return {mapping_.bytes + from, populated_ - from};
  }
  void start_at(std::uint64_t base, std::uint64_t first_offset) {
    CHECK(used_ == 0 && frames_ == 0);
    base_ = base;
    first_offset_ = first_offset;
  }
  /// A mark without a frame keeps the place of a publication that the encoding cannot say: it ends where the frame before it
  /// does. False when the index is full.
  bool append_empty_mark() {
    CHECK(frames_ > 0);
    if (frames_ == marks_max_) return false;
    const std::uint32_t time_ms = marks_[frames_ - 1].time_ms;
    next_mark() = {used_, time_ms, 0};
    has_empty_marks_.store(true, std::memory_order_relaxed);
    return true;
  }
  base::MutableBytes append(std::size_t bytes, std::uint32_t time_ms, std::uint64_t excluded) {
    CHECK(has_room(bytes));
    std::uint8_t* const at = mapping_.bytes + used_;
    used_ += static_cast<std::uint32_t>(bytes);
    next_mark() = {used_, time_ms, excluded};
    if (excluded != 0) has_exclusions_.store(true, std::memory_order_relaxed);
    return {at, bytes};
  }

 private:
  friend class LogMemory;
  friend class SegmentRef;

  /// Where its memory is.
  enum class Home : std::uint8_t {
    heap,     // malloc's, because the system refused a mapping
    slab,     // one slot of a mapping that many small segments share
    mapping,  // mappings of its own
  };

  /// The index of a large segment becomes memory page by page, as it is used, and so it counts: with large frames it is a
  /// thousandth of the bytes, with the smallest half of them.
  FrameMark& next_mark() {
    if (frames_ == marks_counted_) count_marks(marks_per_page);
    return marks_[frames_++];
  }
  static constexpr std::uint32_t marks_per_page = page_bytes / sizeof(FrameMark);
  void count_marks(std::uint32_t marks) {
    marks_counted_ += marks;
    count(marks * sizeof(FrameMark));
  }
  void count(std::size_t bytes) {
    counted_bytes_ += bytes;
    bytes_now_->fetch_add(bytes, std::memory_order_relaxed);  // relaxed: a bound, not a synchronisation
  }

  // By LogMemory, while nobody else knows the segment:
  void place_marks(FrameMark* marks, std::size_t marks_max, std::atomic<std::size_t>* bytes_now) {
    marks_ = marks;
    marks_max_ = static_cast<std::uint32_t>(marks_max);
    bytes_now_ = bytes_now;
  }
  /// It is small, or malloc's: nothing is gained by steps.
  void count_all_at_once() {
    populated_ = static_cast<std::uint32_t>(capacity());
    marks_counted_ = marks_max_;
    counted_bytes_ = capacity() + marks_max_ * sizeof(FrameMark);
  }
  void clear() {
    used_ = 0;
    frames_ = 0;
    has_exclusions_.store(false, std::memory_order_relaxed);
    has_empty_marks_.store(false, std::memory_order_relaxed);
  }

  std::atomic<std::uint32_t> references_{0};
  std::uint32_t used_ = 0;
  std::uint32_t frames_ = 0;
  std::uint32_t populated_ = 0;  // its bytes up to here are memory, or somebody is about to make them so; it stays when it is used again
  std::uint32_t marks_max_ = 0;
  std::uint32_t marks_counted_ = 0;  // marks in pages that `counted_bytes_` has
  Home home_ = Home::heap;
  std::atomic<bool> has_exclusions_{false};
  std::atomic<bool> has_empty_marks_{false};
  std::uint64_t base_ = 0;
  std::uint64_t first_offset_ = 0;
  std::size_t counted_bytes_ = 0;  // of it, in the account of all logs
  os::Mapping mapping_;
  os::Mapping marks_mapping_;  // of Home::mapping
  std::unique_ptr<std::uint8_t[]> heap_;
  FrameMark* marks_ = nullptr;
  LogMemory* memory_ = nullptr;
  std::atomic<std::size_t>* bytes_now_ = nullptr;  // the account, in `memory_`
};

/// A counted reference; the last one gives the segment back to its LogMemory, which may call the system: drop references
/// outside of locks.
class SegmentRef {
 public:
  SegmentRef() = default;
  explicit SegmentRef(Segment* segment) : segment_(segment) { hold(); }
  SegmentRef(const SegmentRef& other) : segment_(other.segment_) { hold(); }
  SegmentRef(SegmentRef&& other) noexcept : segment_(std::exchange(other.segment_, nullptr)) {}
  SegmentRef& operator=(SegmentRef other) noexcept {
    std::swap(segment_, other.segment_);
    return *this;
  }
  ~SegmentRef();

  explicit operator bool() const { return segment_ != nullptr; }
  Segment* operator->() const { return segment_; }
  Segment* get() const { return segment_; }

 private:
  void hold() {
    if (segment_ != nullptr) segment_->references_.fetch_add(1, std::memory_order_relaxed);
  }
  Segment* segment_ = nullptr;
};

}  // namespace topic
