#include "native/topic/log.h"

#include <algorithm>
#include <bit>
#include <iterator>
#include <utility>

namespace topic {

namespace {
constexpr std::size_t burst_segment_bytes_min = 256 * 1024;
constexpr std::size_t burst_segment_bytes_max = 1024 * 1024;

void move_all(std::vector<SegmentRef>& from, std::vector<SegmentRef>& to) {
  std::move(from.begin(), from.end(), std::back_inserter(to));
  from.clear();
}
}  // namespace

void Log::add_interest(unsigned shard, std::uint64_t next_offset) {
  CHECK(shard < shards_max);
  if ((interest_ & shard_bit(shard)) != 0) return;
  if (!has_interest()) offset_ = std::max(offset_, next_offset);
  interest_ |= shard_bit(shard);
  settled_ |= shard_bit(shard);  // it begins at the head: nothing of what the segments hold is for it
  if (taken_.size() <= shard) taken_.resize(shard + 1);
  taken_[shard] = position_;
}

void Log::remove_interest(unsigned shard, std::vector<SegmentRef>& garbage) {
  const ShardMask bit = shard_bit(shard);
  interest_ &= ~bit;
  notified_ &= ~bit;
  settled_ &= ~bit;
  if ((interest_ & ~settled_) == 0) {  // nobody is left, or only those who are done and waited for this one
    move_all(chain_, garbage);
  } else {
    prune(garbage);
  }
}

std::size_t Log::next_segment_bytes(std::size_t frame_bytes) const {
  CHECK(frame_bytes <= segment_bytes_max);
  if (chain_.empty()) return std::max(frame_bytes, heap_segment_bytes);  // ADR 0002
  const std::size_t grown = std::clamp(chain_.back()->capacity() * 4, burst_segment_bytes_min, burst_segment_bytes_max);
  return std::max(frame_bytes, grown);
}

void Log::open_segment(SegmentRef segment, std::uint64_t first_offset) {
  CHECK(segment);
  if (!chain_.empty()) {
    const Segment& last = *chain_.back().get();
    CHECK(last.end() == position_ && last.base() < position_ && last.first_offset() + last.frames() <= first_offset);
  }
  segment->start_at(position_, first_offset);
  chain_.push_back(std::move(segment));
}

base::MutableBytes Log::append(std::size_t bytes, std::uint64_t offset, std::uint32_t time_ms, std::uint64_t excluded, SegmentRef& spare) {
  if (!has_room(bytes)) open_segment(std::exchange(spare, SegmentRef()), offset);
  Segment& segment = *chain_.back().get();
  CHECK(segment.first_offset() + segment.frames() == offset);
  const base::MutableBytes room = segment.append(bytes, time_ms, excluded);
  position_ += bytes;
  offset_ = offset + 1;
  settled_ = 0;
  return room;
}

/// Without a segment to stand in, or room in its index, nothing is noted: the next frame opens a segment and brings its own offset.
void Log::pass_over(std::uint64_t offset) {
  if (chain_.empty()) return;
  Segment& segment = *chain_.back().get();
  if (!segment.append_empty_mark()) return;
  CHECK(segment.first_offset() + segment.frames() == offset + 1);
  offset_ = offset + 1;
}

ShardMask Log::take_unnotified() {
  const ShardMask fresh = interest_ & ~notified_;
  notified_ |= fresh;
  return fresh;
}

void Log::take(unsigned shard, Head until, std::vector<SegmentRef>& held, std::vector<SegmentRef>& garbage) {
  CHECK(shard < taken_.size() && until.position >= taken_[shard] && until.position <= position_);
  notified_ &= ~shard_bit(shard);
  for (const SegmentRef& segment : chain_) {
    if (segment->base() >= until.position) break;
    if (segment->end() <= taken_[shard]) continue;                           // delivered there already
    if (!held.empty() && segment.get() == held.back().get()) continue;  // it has grown
    CHECK(held.empty() || (segment->base() <= held.back()->end() && segment->end() > held.back()->end()));  // a replay may reach into it
    held.push_back(segment);
  }
  taken_[shard] = until.position;
  prune(garbage);
}

void Log::settled(unsigned shard, std::uint64_t position, std::vector<SegmentRef>& garbage) {
  if (position != position_) return;  // more has come since
  settled_ |= shard_bit(shard);
  if ((interest_ & ~settled_) == 0) move_all(chain_, garbage);
}

void Log::prune(std::vector<SegmentRef>& garbage) {
  std::uint64_t taken_by_all = position_;
  for (ShardMask left = interest_; left != 0; left &= left - 1) {
    taken_by_all = std::min(taken_by_all, taken_[static_cast<std::size_t>(std::countr_zero(left))]);
  }
  std::size_t done = 0;
  while (done + 1 < chain_.size() && chain_[done]->end() <= taken_by_all) ++done;
  std::move(chain_.begin(), chain_.begin() + static_cast<std::ptrdiff_t>(done), std::back_inserter(garbage));
  chain_.erase(chain_.begin(), chain_.begin() + static_cast<std::ptrdiff_t>(done));
}

}  // namespace topic
