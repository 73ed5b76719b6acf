// The part of fan out that deals out turns: which topics' passes run, in which order, and for how long. Topics take turns by the bytes that
// each of their subscribers would have been served with the next pass (fair queueing by finish times, where little goes before much), and a
// pass that is longer than a turn lets others in between, so that one busy topic does not hold up the rest (ADR 0014).
#include <algorithm>
#include <tuple>

#include "native/shard/fan_out.h"

namespace shard {

using conn::TopicSlice;

namespace {
/// Of one turn: then the poller is asked again, so that a large fan-out does not hold up everything else.
constexpr std::uint32_t writes_per_turn = 1024;
/// As long as those writes of one publication each take, at 60 KiB a write: a flood is not to make turns longer than a crowd does.
constexpr std::uint64_t bytes_per_turn = 16 * 1024 * 1024;
/// In bytes: what a write takes at least.
constexpr std::uint64_t pass_cost_min = 1024;
/// A pass that has gone on for so many turns has had one to itself.
constexpr std::uint32_t turns_alone_max = 2;

/// For its own evenness a pass under way goes on before others begin, unless it is a long one: those are the last.
enum class Rank : std::uint8_t { under_way, waiting, long_pass };

Rank rank_of(const TopicSlice& slice) {
  if (slice.pass.left == 0) return Rank::waiting;
  return slice.pass.turns < turns_alone_max ? Rank::under_way : Rank::long_pass;
}
}  // namespace

void FanOut::run() {
  const auto goes_first = [](const TopicSlice* a, const TopicSlice* b) {
    return std::tuple(rank_of(*a), a->served + a->pass_cost) < std::tuple(rank_of(*b), b->served + b->pass_cost);
  };
  if (lanes_.dirty.size() > 1) std::sort(lanes_.dirty.begin(), lanes_.dirty.end(), goes_first);
  std::size_t others = 0;
  while (others < lanes_.dirty.size() && rank_of(*lanes_.dirty[others]) != Rank::long_pass) ++others;
  const bool shared = others > 0 && others < lanes_.dirty.size();
  Budget left{writes_per_turn, bytes_per_turn};
  Budget half{writes_per_turn / 2, bytes_per_turn / 2};
  serve(0, others, shared ? half : left);
  if (shared) left = {half.writes + writes_per_turn / 2, half.bytes + bytes_per_turn / 2};
  serve(others, lanes_.dirty.size(), left);
  std::erase(lanes_.dirty, nullptr);
  act_on_pass_findings();
  run_side_lane(left.writes);
}

/// Runs the passes of lanes_.dirty[from..to) in this order until `budget` is spent. Places of slices that are done are left empty.
void FanOut::serve(std::size_t from, std::size_t to, Budget& budget) {
  for (; from < to && !budget.is_spent(); ++from) {
    CHECK(lanes_.dirty[from] != nullptr && lanes_.dirty[from]->dirty);
    TopicSlice& slice = *lanes_.dirty[from];
    if (!run_pass(slice, budget)) return;
    charge(slice);
    slice.dirty = slice.pass.again || slice.new_head;
    CHECK(slice.dirty || !slice.behind);  // else nobody would ever say that it has caught up
    if (!slice.dirty) lanes_.dirty[from] = nullptr;
  }
}

/// A pass is over. By subscriber, because a topic of many is to have as many writes; and at least what a write costs besides its bytes, so
/// that many topics of the tiniest publications do not go before all others for ever.
void FanOut::charge(TopicSlice& slice) {
  const std::size_t subscribers = std::max<std::size_t>(1, slice.subscribers.size());
  lanes_.served = std::max(lanes_.served, slice.served);
  slice.pass_cost = std::max<std::uint64_t>(pass_cost_min, slice.pass.bytes / subscribers);
  slice.served += slice.pass_cost;
}

/// While a publisher with more to say is ahead of those of its topic's subscribers that take what they get, it is not read: what it
/// says would only wait here, and fill the logs for everybody.
void FanOut::note_lag(TopicSlice& slice) {
  const bool behind = slice.pass.again && slice.pass.lag > conn::ahead_bytes_max;
  if (behind == slice.behind) return;
  slice.behind = behind;
  slice.topic->count_logs_behind(behind ? +1 : -1);
}

/// What is said to a topic one of whose subscribers is refused stays in the logs: such a publisher counts as one that says much.
void FanOut::note_held(TopicSlice& slice) {
  if (slice.pass.held == slice.held) return;
  slice.held = slice.pass.held;
  slice.topic->count_logs_held(slice.held ? +1 : -1);
}

}  // namespace shard
