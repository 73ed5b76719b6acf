// The part of fan out that deals out turns: which topics' passes run, in which order, and for how long. Topics take turns by when they were
// served last, and a pass that is longer than a turn lets others in between, so that one busy topic does not hold up the rest (ADR 0014).
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
    return std::tuple(rank_of(*a), a->served) < std::tuple(rank_of(*b), b->served);
  };
  if (dirty_.size() > 1) std::sort(dirty_.begin(), dirty_.end(), goes_first);
  std::size_t others = 0;
  while (others < dirty_.size() && rank_of(*dirty_[others]) != Rank::long_pass) ++others;
  const bool shared = others > 0 && others < dirty_.size();
  Budget left{writes_per_turn, bytes_per_turn};
  Budget half{writes_per_turn / 2, bytes_per_turn / 2};
  serve(0, others, shared ? half : left);
  if (shared) left = {half.writes + writes_per_turn / 2, half.bytes + bytes_per_turn / 2};
  serve(others, dirty_.size(), left);
  std::erase(dirty_, nullptr);
  act_on_pass_findings();
  run_side_lane(left.writes);
}

/// Runs the passes of dirty_[from..to) in this order until `budget` is spent. Places of slices that are done are left empty.
void FanOut::serve(std::size_t from, std::size_t to, Budget& budget) {
  for (; from < to && !budget.is_spent(); ++from) {
    TopicSlice& slice = *dirty_[from];
    if (!run_pass(slice, budget)) return;
    slice.served = ++served_;
    slice.dirty = slice.pass.again || slice.new_head;
    if (!slice.dirty) dirty_[from] = nullptr;
  }
}

/// While a publisher with more to say is ahead of those of its topic's subscribers that take what they get, it is not read: what it
/// says would only wait here, and fill the logs for everybody.
void FanOut::note_lag(TopicSlice& slice) {
  const bool behind = slice.pass.again && slice.pass.lag > conn::ahead_bytes_max;
  if (behind == slice.behind) return;
  slice.behind = behind;
  slice.topic->count_logs_behind(behind ? +1 : -1);
}

}  // namespace shard
