// See replay.h.
// Owner: a shard. Thread: that shard.
#include "native/topic/replay.h"

#include <algorithm>
#include <iterator>
#include <span>
#include <utility>

#include "native/base/wrapping_time.h"
#include "native/topic/log_memory.h"
#include "native/topic/topic.h"

namespace topic {

namespace {

/// Of a replay's segments: a pass reads from one at a time, and one is let go of whole.
constexpr std::size_t replay_segment_bytes_max = 256 * 1024;

/// Encodes one run of publications, so that it ends at a given position.
class RunEncoder {
 public:
  RunEncoder(const Topic& topic, codec::EncodingId encoding, std::uint32_t now_ms, LogMemory& memory)
      : topic_(topic), encoding_(codec::encoding(encoding)), now_ms_(now_ms), memory_(memory) {}

  /// Of those of the run that take at most `bytes_max` together, the newest, whose segments go to the end of `into`. Returns the offset of the
  /// first of them.
  std::uint64_t encode(const KeptRun& run, std::uint64_t end, std::uint64_t bytes_max, std::vector<SegmentRef>& into);

  std::uint64_t encodes() const { return encodes_; }

 private:
  codec::Publication publication_of(const KeptRun& run, std::size_t i) const {
    codec::Publication publication = run.kept[i]->publication();
    publication.topic = topic_.name();
    publication.epoch = topic_.epoch();
    publication.offset = run.first_offset + i;
    return publication;
  }
  void open(std::size_t bytes, std::size_t left, std::uint64_t position, std::uint64_t offset);

  const Topic& topic_;
  const codec::Encoding& encoding_;
  const std::uint32_t now_ms_;
  LogMemory& memory_;
  SegmentRef segment_;
  std::uint64_t encodes_ = 0;
};

std::uint64_t RunEncoder::encode(const KeptRun& run, std::uint64_t end, std::uint64_t bytes_max, std::vector<SegmentRef>& into) {
  std::vector<std::size_t> sizes(run.kept.size());
  std::size_t total = 0;
  std::size_t first = run.kept.size();
  while (first > 0) {
    const std::size_t bytes = encoding_.encoded_bytes(publication_of(run, first - 1));
    if (total + bytes > bytes_max) break;
    sizes[--first] = bytes;
    total += bytes;
  }
  std::uint64_t position = end - total;
  std::size_t left = total;
  segment_ = {};
  for (std::size_t i = first; i < run.kept.size(); ++i) {
    const std::size_t bytes = sizes[i];
    if (bytes == 0) {  // where its index has no room, or there is none, the next one opens a segment and brings its own offset
      if (segment_) segment_->append_empty_mark();
      continue;
    }
    const bool continues = segment_ && segment_->has_room(bytes) && segment_->first_offset() + segment_->frames() == run.first_offset + i;
    if (!continues) {
      open(bytes, left, position, run.first_offset + i);
      into.push_back(segment_);
    }
    encoding_.encode(publication_of(run, i), segment_->append(bytes, now_ms_, 0));
    ++encodes_;
    position += bytes;
    left -= bytes;
  }
  CHECK(position == end);
  return run.first_offset + first;
}

void RunEncoder::open(std::size_t bytes, std::size_t left, std::uint64_t position, std::uint64_t offset) {
  segment_ = memory_.acquire(std::max(bytes, std::min(left, replay_segment_bytes_max)), Backing::heap);
  const std::size_t needed = std::min(left, segment_->capacity());
  if (!segment_->has_pages(needed)) memory_.populate(segment_->next_pages(needed));
  segment_->start_at(position, offset);
}

}  // namespace

std::optional<codec::Gap> Recovery::gap(std::string_view topic) const {
  if (whole) return std::nullopt;
  codec::Gap gap{topic, epoch, std::nullopt, std::nullopt, skipped};
  if (!skipped) return gap;
  gap.first = first_offset - *skipped;
  gap.last = first_offset - 1;
  return gap;
}

void Recovery::skip_to(std::uint64_t offset) {
  if (offset <= first_offset) return;
  if (asked && skipped) skipped = *skipped + (offset - first_offset);
  if (asked) whole = false;
  first_offset = offset;
}

bool ReplayChain::is_usable(std::uint32_t now_ms) const {
  return !segments.empty() && segments.size() <= segments_max && base::age_ms(made_ms, now_ms) < replay_reuse_ms;
}

void ReplayChain::adopt(const ReplayChain& older) {
  const std::uint64_t begin = segments.front()->base();
  const auto behind = std::find_if(older.segments.begin(), older.segments.end(), [&](const SegmentRef& each) { return each->end() > begin; });
  if (behind == older.segments.begin() || (*std::prev(behind))->end() != begin) return;
  segments.insert(segments.begin(), older.segments.begin(), behind);
}

void ReplayChain::move_to(std::vector<SegmentRef>& garbage) {
  std::move(segments.begin(), segments.end(), std::back_inserter(garbage));
  segments.clear();
}

ReplayStart start_replay(Topic& topic, codec::EncodingId encoding, unsigned shard, const codec::ReplayWish& wish, const ReplayBounds& bounds,
                         LogMemory& memory, LogWindow& window) {
  std::vector<SegmentRef> garbage;
  ReplayPlan plan = topic.plan_replay(encoding, shard, wish, bounds, window, garbage);
  ReplayStart start{plan.live.position, plan.live.position, std::move(plan.recovery), 0};
  if (!plan.replays) return start;

  const std::uint64_t head = window.head_position();
  const auto room_before = [&](std::uint64_t position) { return bounds.bytes_max - std::min(bounds.bytes_max, head - position); };
  RunEncoder encoder(topic, encoding, bounds.now_ms, memory);
  std::vector<SegmentRef> segments;
  const bool has_chain = !plan.chain.segments.empty();
  const KeptRun& oldest = has_chain ? plan.front : plan.tail;
  const std::uint64_t oldest_end = has_chain ? plan.chain.segments.front()->base() : plan.low.position;
  if (!oldest.kept.empty()) start.recovery.skip_to(encoder.encode(oldest, oldest_end, room_before(oldest_end), segments));
  if (has_chain) {
    segments.insert(segments.end(), plan.chain.segments.begin(), plan.chain.segments.end());
    encoder.encode(plan.tail, plan.low.position, UINT64_MAX, segments);
  }
  start.encodes = encoder.encodes();
  if (!segments.empty()) {
    const std::uint32_t made_ms = has_chain ? plan.chain.made_ms : bounds.now_ms;
    if (start.encodes > 0 && !memory.over_limit(Demand::much)) topic.offer_replay(encoding, segments, made_ms, garbage);
    window.prepend(std::move(segments));
  }
  start.cursor = window.cursor_of(start.recovery.first_offset);
  const std::uint64_t behind = window.head_position() - start.cursor;
  if (behind > bounds.bytes_max) {
    start.cursor = window.next_frame(head - bounds.bytes_max);
    start.recovery.skip_to(window.offset_at(start.cursor));
  }
  return start;
}

}  // namespace topic
