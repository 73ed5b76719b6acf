// The part of fan out that serves subscribers within this process: at the end of a pass, when every socket was offered the bytes, each
// frame is copied once for all ears of its topic. An ear always takes what it is given, so it never holds a log.
#include <algorithm>
#include <utility>

#include "native/shard/fan_out.h"

namespace shard {

using conn::ListeningEar;
using conn::TopicSlice;
using metrics::Metric;

namespace {
/// Of each pass: sockets could use the turn up time after time, and the log would grow.
constexpr std::uint32_t frames_min = 64;
}  // namespace

/// As much of the log as is left of the turn, in writes and bytes, and a little when nothing is; the next pass goes on.
void FanOut::tell_ears(TopicSlice& slice, Budget& budget) {
  const std::uint64_t head = slice.window.head_position();
  std::uint64_t cursor = head;
  for (const ListeningEar& each : slice.ears) cursor = std::min(cursor, each.cursor);
  for (std::uint32_t told = 0; cursor < head && (told < frames_min || !budget.is_spent()); ++told) {
    const std::uint64_t end = slice.window.next_frame(cursor);
    tell(slice, cursor, end);
    if (!budget.is_spent()) budget.take(static_cast<std::uint32_t>(end - cursor));
    cursor = end;
  }
  CHECK(cursor <= head);
  for (ListeningEar& each : slice.ears) each.cursor = std::max(each.cursor, cursor);
  if (cursor == head) return;
  slice.pass.low = std::min(slice.pass.low, cursor);
  slice.pass.lag = std::max(slice.pass.lag, head - cursor);
  slice.pass.again = true;
}

/// One frame, whole and within one segment.
void FanOut::tell(TopicSlice& slice, std::uint64_t begin, std::uint64_t end) {
  const topic::Range range = slice.window.range(begin, static_cast<std::uint32_t>(end - begin));
  CHECK(range.length == end - begin);
  const codec::PayloadView frame = codec::read_payload({range.bytes, range.length});
  const auto heard = std::make_shared<const topic::Heard>(
      topic::Heard{frame.kind, slice.window.offset_at(begin), std::string(base::text_of(frame.payload))});
  for (const ListeningEar& each : slice.ears) {
    if (each.cursor > begin) continue;
    const topic::Ear::PutResult put = each.ear->put(heard);
    metrics_.add(Metric::heard);
    metrics_.add(Metric::heard_dropped, static_cast<std::int64_t>(put.dropped));
    if (put.wakes) owner_.on_heard(each.ear->id());
  }
}

}  // namespace shard
