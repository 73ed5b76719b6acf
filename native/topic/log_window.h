// One shard's view of a log: the segments between its slowest cursor and the head it last took.
// Owner: the shard's topic slice. Thread: that shard.
#pragma once

#include <cstdint>
#include <vector>

#include "native/topic/log.h"

namespace topic {

/// Contiguous bytes of one segment.
struct Range {
  const std::uint8_t* bytes = nullptr;
  std::uint32_t length = 0;
  int file = -1;  // >= 0: the same bytes at `file_offset` of this file
  std::uint64_t file_offset = 0;
};

/// A frame that one connection does not get.
struct Exclusion {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  std::uint64_t connection = 0;
};

class LogWindow {
 public:
  std::uint64_t head_position() const { return head_.position; }
  std::uint64_t head_offset() const { return head_.offset; }
  bool empty() const { return segments_.empty(); }
  std::size_t segments() const { return segments_.size(); }

  /// Under the topic's lock: takes references to the log's segments below `until`, its head from here on (see Log::take).
  void take(Log& log, unsigned shard, Head until, std::vector<SegmentRef>& garbage) {
    log.take(shard, until, segments_, garbage);
    head_ = until;
  }

  /// Where what it holds begins; the head when it holds nothing.
  Head low() const { return segments_.empty() ? head_ : Head{segments_.front()->base(), segments_.front()->first_offset()}; }
  /// Puts segments of a replay in front of what it holds: one after another, the last of which ends at `low`, or reaches into what is held, in
  /// which it says the same, but not beyond the head. Nothing is appended to them any more.
  void prepend(std::vector<SegmentRef> chain);

  /// The bytes from `cursor`, at most `length_max`, within one segment. CHECKs that cursor is below the head and held.
  Range range(std::uint64_t cursor, std::uint32_t length_max) const;
  /// Keeps the segment of `cursor` alive beyond the window.
  SegmentRef hold(std::uint64_t cursor) const;
  /// Where the frame that contains the byte at `cursor` ends; `cursor` itself when a frame begins there (or at the head).
  std::uint64_t frame_end(std::uint64_t cursor) const;
  /// Where the frame that contains the byte at `cursor` ends, also when it begins there. `cursor` is below the head.
  std::uint64_t next_frame(std::uint64_t cursor) const;
  /// How many publications end at or before `cursor`, as an offset: the publication that `cursor` stands in or before. Those
  /// without a frame (Log::pass_over) end with the frame before them, or begin with the one behind.
  std::uint64_t offset_at(std::uint64_t cursor) const;
  /// How many of the publications of these offsets have a frame.
  std::uint64_t frames_between(std::uint64_t begin_offset, std::uint64_t end_offset) const;
  /// How many frames are complete once the bytes `begin`..`end`, of one segment, have gone the way of those before them.
  std::uint64_t frames_ending(std::uint64_t begin, std::uint64_t end) const;
  /// Where the publication of that offset begins; the head's position for the head's offset.
  std::uint64_t position_of(std::uint64_t offset) const;
  /// The same of any offset: where what is held begins, or the head, for one before or behind that.
  std::uint64_t cursor_of(std::uint64_t offset) const;
  /// When it was published; `offset` is below the head and held.
  std::uint32_t time_ms_of(std::uint64_t offset) const;

  /// Appends the frames that begin in `begin`..`end` (within one segment) and leave somebody out, oldest first.
  void find_exclusions(std::uint64_t begin, std::uint64_t end, std::vector<Exclusion>& into) const;
  /// Where the first of them begins that leaves `connection` out; `end` when none does.
  std::uint64_t find_excluded(std::uint64_t begin, std::uint64_t end, std::uint64_t connection) const;

  /// Drops every segment that ends at or before `position`; all of them when that is the head.
  void drop_before(std::uint64_t position);

 private:
  const SegmentRef& ref_at(std::uint64_t position) const;
  const Segment& segment_at(std::uint64_t position) const { return *ref_at(position).get(); }
  const Segment& segment_of(std::uint64_t offset) const;
  /// Calls `visit` with the frames that find_exclusions finds, until it returns false.
  template <typename Visit>
  void visit_exclusions(std::uint64_t begin, std::uint64_t end, Visit visit) const;
  /// Frames of `segment` that end at or before `position`.
  std::size_t frames_before(const Segment& segment, std::uint64_t position) const;
  /// Of the marks from index `begin` to before `end` those that are not empty.
  static std::uint64_t frames_of(const Segment& segment, std::size_t begin, std::size_t end);
  /// Marks, with the empty ones.
  std::size_t frames_in(const Segment& segment) const;
  /// Of that offset in its segment; of one that has no mark, the place behind the last.
  std::size_t index_of(const Segment& segment, std::uint64_t offset) const;

  Head head_;
  std::vector<SegmentRef> segments_;
  std::size_t replayed_ = 0;  // so many of them, in front, are of replays
};

}  // namespace topic
