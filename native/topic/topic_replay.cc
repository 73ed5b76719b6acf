// The part of a topic that deals with its history, and plans replays of it: topic.h, replay.h.
// Owner: see topic.h. Thread: any; all under the topic's lock.
#include <algorithm>
#include <utility>

#include "native/base/wrapping_time.h"
#include "native/topic/topic.h"

namespace topic {

using codec::ReplayWish;

namespace {

/// `first`, `next`: of what is kept, and of the topic's next publication.
Recovery recovery_of(const ReplayWish& wish, const std::string& epoch, std::uint64_t first, std::uint64_t next) {
  Recovery recovery;
  recovery.epoch = epoch;
  recovery.live_offset = next;
  recovery.first_offset = next;
  switch (wish.from) {
    case ReplayWish::From::live:
      break;
    case ReplayWish::From::last:
      recovery.first_offset = std::max(first, next - std::min<std::uint64_t>(next, wish.last));
      break;
    case ReplayWish::From::beginning:
    case ReplayWish::From::since: {
      recovery.asked = true;
      const bool is_beginning = wish.from == ReplayWish::From::beginning;
      const bool is_known = is_beginning || (wish.epoch == epoch && wish.offset <= next);
      const std::uint64_t wanted = is_beginning ? 0 : wish.offset;
      recovery.first_offset = is_known ? std::max(wanted, first) : first;
      recovery.skipped = is_known ? std::optional(recovery.first_offset - wanted) : std::nullopt;
      recovery.whole = recovery.skipped == 0u;
    }
  }
  return recovery;
}

void copy_run(const History& history, std::uint64_t from, std::uint64_t to, KeptRun& into) {
  into.first_offset = from;
  for (std::uint64_t offset = from; offset < to; ++offset) into.kept.push_back(history.at(offset));
}

}  // namespace

void Topic::keep(KeptRef kept, std::uint64_t offset, std::uint32_t now_ms, std::vector<KeptRef>& garbage) {
  if (!kept) return history_->pass_over(offset, garbage);
  history_->use();
  history_->append(std::move(kept), offset, now_ms, garbage);
}

bool Topic::has_kept() {
  std::lock_guard guard(lock_);
  return history_ && !history_->empty();
}

std::size_t Topic::evict_history(std::size_t bytes, std::vector<KeptRef>& garbage, std::vector<SegmentRef>& segments) {
  std::lock_guard guard(lock_);
  CHECK(history_ != nullptr);
  const std::size_t evicted = history_->evict(bytes, garbage);
  if (history_->empty() && replays_) {
    for (ReplayChain& chain : *replays_) chain.move_to(segments);
    replays_.reset();
  }
  return evicted;
}

void Topic::expire_history(std::uint32_t now_ms, std::vector<KeptRef>& garbage, std::vector<SegmentRef>& segments) {
  std::lock_guard guard(lock_);
  CHECK(history_ != nullptr);
  history_->expire(now_ms, garbage);
  if (!replays_) return;
  bool any = false;
  for (ReplayChain& chain : *replays_) {
    if (base::age_ms(chain.made_ms, now_ms) >= replay_reuse_ms) chain.move_to(segments);
    any = any || !chain.segments.empty();
  }
  if (!any) replays_.reset();
}

bool Topic::unlist_history() {
  std::lock_guard guard(lock_);
  CHECK(history_ != nullptr);
  if (!history_->empty() || replays_) return false;
  history_->unlist();
  return true;
}

HistoryPage Topic::read_history(const ReplayWish& wish, std::size_t messages_max, std::size_t bytes_max, std::uint32_t now_ms) {
  std::vector<KeptRef> garbage;
  HistoryPage page;
  std::lock_guard guard(lock_);
  if (history_) history_->expire(now_ms, garbage);
  page.oldest_offset = history_ ? history_->first_offset() : next_offset_;
  page.recovery = recovery_of(wish, epoch_, page.oldest_offset, next_offset_);
  page.keeps = history_ != nullptr;
  if (!history_) return page;
  history_->use();
  std::size_t bytes = 0;
  for (std::uint64_t offset = page.recovery.first_offset; offset < next_offset_ && page.kept.size() < messages_max; ++offset) {
    const KeptRef& kept = history_->at(offset);
    bytes += kept->held_bytes();
    if (bytes > bytes_max && !page.kept.empty()) break;
    page.kept.push_back(kept);
  }
  return page;
}

ReplayPlan Topic::plan_replay(codec::EncodingId encoding, unsigned shard, const ReplayWish& wish, const ReplayBounds& bounds, LogWindow& window,
                              std::vector<SegmentRef>& garbage) {
  std::vector<KeptRef> expired;  // freed outside the lock
  ReplayPlan plan;
  std::lock_guard guard(lock_);
  record_interest(encoding, shard);
  plan.live = log(encoding).head();
  if (history_) history_->expire(bounds.now_ms, expired);
  plan.recovery = recovery_of(wish, epoch_, history_ ? history_->first_offset() : next_offset_, next_offset_);
  if (plan.recovery.first_offset >= next_offset_) return plan;
  history_->use();
  plan.replays = true;
  // Joins that wait are brought in by their message, before anything behind them is read.
  const auto waiting = joins_.find({encoding, shard});
  const bool all = waiting == joins_.end();
  window.take(log(encoding), shard, all ? plan.live : waiting->second.front().begin, garbage);
  plan.low = window.low();
  // Of those that the encoding cannot say the log may not know.
  if (all && window.empty()) plan.low.offset = next_offset_;
  const std::uint64_t from = plan.recovery.first_offset;
  if (from >= plan.low.offset) return plan;
  std::uint64_t tail_from = from;
  if (replays_) {
    const ReplayChain& known = (*replays_)[static_cast<std::size_t>(encoding)];
    if (known.is_usable(bounds.now_ms)) {
      for (const SegmentRef& segment : known.segments) {
        const bool is_of_use = segment->first_offset() + segment->frames() > from && segment->base() < plan.low.position;
        if (is_of_use && segment->end() <= window.head_position()) plan.chain.segments.push_back(segment);
      }
      plan.chain.made_ms = known.made_ms;
    }
  }
  if (!plan.chain.segments.empty()) {
    copy_run(*history_, from, std::max(from, plan.chain.first_offset()), plan.front);
    tail_from = plan.chain.next_offset();
  }
  if (tail_from < plan.low.offset) copy_run(*history_, tail_from, plan.low.offset, plan.tail);
  return plan;
}

void Topic::offer_replay(codec::EncodingId encoding, const std::vector<SegmentRef>& segments, std::uint32_t made_ms, std::vector<SegmentRef>& garbage) {
  std::lock_guard guard(lock_);
  if (history_->empty()) return;  // it is not listed any more: nobody would come to let go of them
  if (!replays_) replays_ = std::make_unique<std::array<ReplayChain, codec::encoding_count>>();
  ReplayChain& known = (*replays_)[static_cast<std::size_t>(encoding)];
  ReplayChain offered{segments, made_ms};
  const bool is_older = base::is_before(made_ms, known.made_ms);
  if (is_older && known.bytes() >= offered.bytes()) return;
  if (known.made_ms == made_ms) offered.adopt(known);  // it was made of it
  known.move_to(garbage);
  known = std::move(offered);
}

}  // namespace topic
