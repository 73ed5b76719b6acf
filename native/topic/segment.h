// A run of contiguous log bytes: whole frames, one after another, with an index beside them. Bytes before the head that a
// reader was given are immutable; nothing is ever rewritten while a cursor or the kernel may still read it.
// Owner: shared, counted by SegmentRef. Thread: appended under the topic's lock; read by any shard up to the head that
// shard took under the same lock.
#pragma once

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
  heap,   // small and reusable at once: send() copies
  memfd,  // for bursts: ranges may leave by sendfile, so its pages are never used again
};

inline constexpr std::size_t heap_segment_bytes = 16 * 1024;
/// Frames' ends in a segment, and lengths of ranges of it, are 32 bits; the largest segment is one for a single frame.
inline constexpr std::size_t segment_bytes_max = codec::frame_bytes_max(codec::message_bytes_limit);
static_assert(segment_bytes_max < UINT32_MAX - heap_segment_bytes);
/// A segment is sealed when its index is full, so frames smaller than this on average seal it before its bytes are full.
inline constexpr std::size_t bytes_per_mark = 32;

class Segment {
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
    marks_[frames_] = {used_, marks_[frames_ - 1].time_ms, 0};
    ++frames_;
    has_empty_marks_.store(true, std::memory_order_relaxed);
    return true;
  }
  base::MutableBytes append(std::size_t bytes, std::uint32_t time_ms, std::uint64_t excluded) {
    CHECK(has_room(bytes));
    std::uint8_t* const at = mapping_.bytes + used_;
    used_ += static_cast<std::uint32_t>(bytes);
    marks_[frames_++] = {used_, time_ms, excluded};
    if (excluded != 0) has_exclusions_.store(true, std::memory_order_relaxed);
    return {at, bytes};
  }

 private:
  friend class LogMemory;
  friend class SegmentRef;

  std::atomic<std::uint32_t> references_{0};
  std::uint32_t used_ = 0;
  std::uint32_t frames_ = 0;
  std::uint32_t marks_max_ = 0;
  std::atomic<bool> has_exclusions_{false};
  std::atomic<bool> has_empty_marks_{false};
  std::uint64_t base_ = 0;
  std::uint64_t first_offset_ = 0;
  os::Mapping mapping_;
  std::unique_ptr<std::uint8_t[]> heap_;
  std::unique_ptr<FrameMark[]> marks_;
  LogMemory* memory_ = nullptr;
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
