#include "native/topic/topic.h"

namespace topic {

namespace {
unsigned digits_of(std::uint64_t number) {
  unsigned digits = 1;
  for (; number >= 10; number /= 10) ++digits;
  return digits;
}
}  // namespace

Topic::Topic(std::string name, std::string epoch, std::unique_ptr<History> history)
    : name_(std::move(name)), epoch_(std::move(epoch)), history_(std::move(history)) {
  if (!history_) return;
  next_offset_ = history_->next_offset();
  published_.store(next_offset_, std::memory_order_relaxed);
  for (Log& log : logs_) log.begin_at(replay_room);
}

Published Topic::publish(const codec::Publication& given, std::uint32_t now_ms, LogMemory& memory, std::shared_ptr<LastValue> last, KeptRef kept) {
  codec::Publication publication = given;
  publication.topic = name_;
  publication.epoch = epoch_;
  publication.offset = published();  // a guess
  FrameBytes bytes;
  bytes.fill(not_measured);
  const auto measure = [&](std::size_t i) {
    bytes[i] = codec::encoding(static_cast<codec::EncodingId>(i)).encoded_bytes(publication);
  };
  const std::uint32_t in_use = encodings_in_use_.load(std::memory_order_relaxed);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if ((in_use >> i & 1) != 0) measure(i);
  }
  Spares spares;
  LastValueRef before;           // both freed outside the lock
  std::vector<KeptRef> garbage;
  for (;;) {
    Missing missing;
    {
      std::lock_guard guard(lock_);
      if (publication.offset != next_offset_) {
        // A frame may say its offset: it is measured again when others have published meanwhile and that has a digit more.
        if (digits_of(publication.offset) != digits_of(next_offset_)) bytes.fill(not_measured);
        publication.offset = next_offset_;
      }
      missing = find_missing(bytes, spares);
      if (missing.what == Missing::What::nothing) {
        const Published published = append_everywhere(publication, bytes, spares, now_ms);
        if (last) last->offset = published.offset;
        before = std::exchange(last_, std::move(last));
        if (history_) keep(std::move(kept), published.offset, now_ms, garbage);
        return published;
      }
    }
    // Outside the lock: this may call the system. By the next round others may have published; then it is looked at anew, and
    // a spare that nobody needs any more is given back with the others at the end.
    switch (missing.what) {
      case Missing::What::frame_bytes: measure(missing.log); break;
      case Missing::What::pages: memory.populate(missing.pages); break;
      case Missing::What::segment: {
        SegmentRef& spare = spares[missing.log] = memory.acquire(missing.bytes, missing.backing);
        if (!spare->has_pages(bytes[missing.log])) memory.populate(spare->next_pages(bytes[missing.log]));
        break;
      }
      case Missing::What::nothing: CHECK(false);
    }
  }
}

/// Changes no log: until there is a segment for every log, none gets its own. (One that stood empty in its log while the lock was
/// left for the next would have the place of whatever is published meanwhile.)
Topic::Missing Topic::find_missing(const FrameBytes& bytes, const Spares& spares) {
  for (std::size_t i = 0; i < logs_.size(); ++i) {
    const Log& log = logs_[i];
    if (!log.has_interest()) continue;
    if (bytes[i] == not_measured) return {Missing::What::frame_bytes, i, 0, Backing::heap, {}, {}};
    if (bytes[i] == 0) continue;
    if (!log.has_room(bytes[i])) {
      if (spares[i] && spares[i]->has_room(bytes[i])) continue;
      return {Missing::What::segment, i, log.next_segment_bytes(bytes[i]), log.next_segment_backing(), {}, {}};
    }
    if (!log.open()->has_pages(bytes[i])) return {Missing::What::pages, i, 0, Backing::heap, log.open(), log.open()->next_pages(bytes[i])};
  }
  return {};
}

Published Topic::append_everywhere(const codec::Publication& publication, const FrameBytes& bytes, Spares& spares, std::uint32_t now_ms) {
  Published published;
  published.offset = next_offset_++;
  published_.store(next_offset_, std::memory_order_relaxed);
  for (std::size_t i = 0; i < logs_.size(); ++i) {
    Log& log = logs_[i];
    if (!log.has_interest()) continue;
    if (bytes[i] == 0) {
      log.pass_over(published.offset);
      ++published.passed_over;
      continue;
    }
    const base::MutableBytes room = log.append(bytes[i], published.offset, now_ms, publication.excluded, spares[i]);
    codec::encoding(static_cast<codec::EncodingId>(i)).encode(publication, room);
    published.notify[i] = log.take_unnotified();
    ++published.encodes;
  }
  return published;
}

LastValueRef Topic::last() {
  std::lock_guard guard(lock_);
  return last_;
}

void Topic::forget(const LastValueRef& last) {
  LastValueRef before;  // freed outside the lock
  std::lock_guard guard(lock_);
  if (last_ == last) before = std::move(last_);
}

void Topic::record_interest(codec::EncodingId encoding, unsigned shard) {
  log(encoding).add_interest(shard, next_offset_);
  encodings_in_use_.fetch_or(1u << static_cast<unsigned>(encoding), std::memory_order_relaxed);
}

Interest Topic::add_interest(codec::EncodingId encoding, unsigned shard) {
  std::lock_guard guard(lock_);
  record_interest(encoding, shard);
  return {log(encoding).head(), last_, next_offset_};
}

bool Topic::remove_interest(codec::EncodingId encoding, unsigned shard, std::vector<SegmentRef>& garbage) {
  std::lock_guard guard(lock_);
  if (joins_.contains({encoding, shard})) return false;
  log(encoding).remove_interest(shard, garbage);
  if (log(encoding).has_interest()) return true;
  encodings_in_use_.fetch_and(~(1u << static_cast<unsigned>(encoding)), std::memory_order_relaxed);
  // What is published from here on has no place in this log: what stood before it no longer ends where the next replay does.
  if (replays_) (*replays_)[static_cast<std::size_t>(encoding)].move_to(garbage);
  return true;
}

std::uint64_t Topic::join(codec::EncodingId encoding, unsigned shard, Join join) {
  std::lock_guard guard(lock_);
  record_interest(encoding, shard);
  join.begin = log(encoding).head();
  join.number = next_join_++;
  joins_[{encoding, shard}].push_back(std::move(join));
  return next_join_ - 1;
}

bool Topic::has_joins(codec::EncodingId encoding, unsigned shard, std::uint64_t number) {
  std::lock_guard guard(lock_);
  const auto waiting = joins_.find({encoding, shard});
  return waiting != joins_.end() && waiting->second.front().number <= number;
}

bool Topic::take_joins(codec::EncodingId encoding, unsigned shard, std::uint64_t number, LogWindow& window, std::vector<Join>& into,
                       std::vector<SegmentRef>& garbage) {
  std::lock_guard guard(lock_);
  const auto found = joins_.find({encoding, shard});
  CHECK(found != joins_.end());
  std::deque<Join>& waiting = found->second;
  for (; !waiting.empty() && waiting.front().number <= number; waiting.pop_front()) into.push_back(std::move(waiting.front()));
  const bool all = waiting.empty();
  window.take(log(encoding), shard, all ? log(encoding).head() : waiting.front().begin, garbage);
  if (all) joins_.erase(found);
  return all;
}

bool Topic::take(codec::EncodingId encoding, unsigned shard, LogWindow& window, std::vector<SegmentRef>& garbage) {
  std::lock_guard guard(lock_);
  if (joins_.contains({encoding, shard})) return false;
  window.take(log(encoding), shard, log(encoding).head(), garbage);
  return true;
}

void Topic::settled(codec::EncodingId encoding, unsigned shard, std::uint64_t position, std::vector<SegmentRef>& garbage) {
  std::lock_guard guard(lock_);
  log(encoding).settled(shard, position, garbage);
}

}  // namespace topic
