// The log of one topic in one encoding: frames with ascending positions (bytes) and offsets (publications).
// Owner: its topic. Thread: every call under that topic's lock.
#pragma once

#include <cstdint>
#include <vector>

#include "native/topic/segment.h"

namespace topic {

inline constexpr std::size_t shards_max = 64;
/// One bit a shard.
using ShardMask = std::uint64_t;
inline constexpr ShardMask shard_bit(unsigned shard) { return ShardMask{1} << shard; }

/// Where a log's writing end is: the next byte's position and the next publication's offset.
struct Head {
  std::uint64_t position = 0;
  std::uint64_t offset = 0;
};

class Log {
 public:
  Head head() const { return {position_, offset_}; }
  /// Before anything else: leaves room for positions of what was published before.
  void begin_at(std::uint64_t position) { position_ = position; }

  // Interest: which shards have subscribers in this encoding.
  bool has_interest() const { return interest_ != 0; }
  /// `next_offset`: of the topic's next publication. While nobody was interested none had a place here.
  void add_interest(unsigned shard, std::uint64_t next_offset = 0);
  /// The segments nobody needs any more are moved to `garbage`, to be dropped outside the lock.
  void remove_interest(unsigned shard, std::vector<SegmentRef>& garbage);

  // Writing.
  bool has_room(std::size_t bytes) const { return !chain_.empty() && chain_.back()->has_room(bytes); }
  /// The open segment; there is one where `has_room`.
  const SegmentRef& open() const { return chain_.back(); }
  /// What to acquire when there is no room: larger the more is pending, so that a burst lies in few segments.
  std::size_t next_segment_bytes(std::size_t frame_bytes) const;
  Backing next_segment_backing() const { return chain_.empty() ? Backing::heap : Backing::memfd; }
  /// Room for one frame; its bytes must be written before the lock is left. Where there is no room it takes `spare`, a fresh
  /// segment of at least so many bytes. So no segment is ever without a frame.
  base::MutableBytes append(std::size_t bytes, std::uint64_t offset, std::uint32_t time_ms, std::uint64_t excluded, SegmentRef& spare);
  /// The publication of that offset has no frame here. What is behind it in the log keeps its offset; nobody is to be told.
  void pass_over(std::uint64_t offset);
  /// Shards that must be told of a new head and were not since they last took it.
  ShardMask take_unnotified();

  // Reading.
  /// Appends references to the segments below `until` (the head, or where a frame begins) that `shard` has not taken yet to
  /// `held` (what it holds already, oldest first); afterwards that shard may read everything below it.
  void take(unsigned shard, Head until, std::vector<SegmentRef>& held, std::vector<SegmentRef>& garbage);
  /// `shard` has delivered everything up to `position` to all of its subscribers. When that holds for every interested
  /// shard, the open segment goes to `garbage`: a quiet topic holds no memory.
  void settled(unsigned shard, std::uint64_t position, std::vector<SegmentRef>& garbage);

 private:
  void open_segment(SegmentRef segment, std::uint64_t first_offset);
  void prune(std::vector<SegmentRef>& garbage);

  std::uint64_t position_ = 0;
  std::uint64_t offset_ = 0;
  ShardMask interest_ = 0;
  ShardMask notified_ = 0;
  ShardMask settled_ = 0;
  /// Not yet taken by every interested shard; the last one is open for appending. None is empty, and each begins where the one
  /// before it ends.
  std::vector<SegmentRef> chain_;
  std::vector<std::uint64_t> taken_;  // by shard, as many as have ever been interested: a topic is to be small
};

}  // namespace topic
