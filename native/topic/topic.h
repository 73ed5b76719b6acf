// A topic: one total order of publications, a log for each encoding in use, and the exact counts that outlive connections.
// Owner: the registry and whoever holds a TopicRef. Thread: any; one short lock, never held across a system call.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "native/codec/encoding.h"
#include "native/topic/ear.h"
#include "native/topic/history.h"
#include "native/topic/last_value.h"
#include "native/topic/log.h"
#include "native/topic/log_memory.h"
#include "native/topic/log_window.h"
#include "native/topic/replay.h"

namespace topic {

/// How many kinds of skipping are counted apart; the slow-consumer policies use their row as the index.
inline constexpr std::size_t skip_kinds_max = 8;

/// What a publication set in motion.
struct Published {
  std::uint64_t offset = 0;
  /// By encoding: the shards to tell that the log has a new head.
  std::array<ShardMask, codec::encoding_count> notify{};
  unsigned encodes = 0;
  unsigned passed_over = 0;  // encodings in use that have no way to say it
};

/// A shard's interest, and what a subscriber of now starts with.
struct Interest {
  Head begin;         // everything published from here on will be seen
  LastValueRef last;  // the last publication before it; null when it is not retained
  std::uint64_t next_offset = 0;  // of the first that will be seen
};

/// A connection, or an ear, on its way into the topic's subscribers. From `begin` on everything is for it.
struct Join {
  std::uint64_t connection = 0;
  EarRef ear;  // null: it is the connection
  std::uint64_t number = 0;  // joins of a topic count up
  Head begin;
  std::string greeting;  // bytes that it is sent first
  bool publishes = false;
  std::string user_id;
};

class Topic {
 public:
  explicit Topic(std::string name, std::string epoch = "00000000", std::unique_ptr<History> history = nullptr);

  const std::string& name() const { return name_; }
  /// 8 to 32 characters of [0-9A-Za-z]. A topic that was forgotten, and whose offsets begin anew, has another one.
  const std::string& epoch() const { return epoch_; }

  /// Gives the publication its offset and encodes it once into the log of every encoding with subscribers. The caller
  /// passes `notify` on. Never fails: bounds are checked before bytes are accepted (LogMemory::over_limit).
  /// `last` is retained as its copy, and given its offset; null: nothing is retained any more. `kept`: the copy for its history, if it has one.
  Published publish(const codec::Publication& publication, std::uint32_t now_ms, LogMemory& memory, std::shared_ptr<LastValue> last = nullptr,
                    KeptRef kept = {});
  /// What is retained: of the newest publication, or nothing.
  LastValueRef last();
  /// Retains it no longer; nothing happens when another one has followed it.
  void forget(const LastValueRef& last);

  /// Records a shard's interest: everything published after this call will be seen, and nothing of it is in `last`.
  Interest add_interest(codec::EncodingId encoding, unsigned shard);
  /// Records from any thread that a connection of `shard` is to join: everything published after this call will be for it.
  /// Returns the join's number: the caller posts it to the shard, which then takes the joins up to it, and none behind it. So a
  /// connection's joins keep their place among what else is asked of the shard (ADR 0008).
  std::uint64_t join(codec::EncodingId encoding, unsigned shard, Join join);
  /// True when joins of that shard up to `number` wait.
  bool has_joins(codec::EncodingId encoding, unsigned shard, std::uint64_t number);
  /// Moves them to `into`, oldest first, and takes the log as `take` does, but only up to where the next waiting join begins.
  /// Returns false when there is one.
  bool take_joins(codec::EncodingId encoding, unsigned shard, std::uint64_t number, LogWindow& window, std::vector<Join>& into,
                  std::vector<SegmentRef>& garbage);
  /// These three move the segments that nobody needs any more to `garbage`, for the caller to drop: dropping may call the
  /// system, and a caller's own vector keeps its room, so that a publication allocates nothing.
  /// False, and nothing is done, while joins of that shard wait.
  bool remove_interest(codec::EncodingId encoding, unsigned shard, std::vector<SegmentRef>& garbage);
  /// See Log::take. False, and nothing is done, while joins of that shard wait: it must not read past the place where they begin.
  bool take(codec::EncodingId encoding, unsigned shard, LogWindow& window, std::vector<SegmentRef>& garbage);
  /// See Log::settled.
  void settled(codec::EncodingId encoding, unsigned shard, std::uint64_t position, std::vector<SegmentRef>& garbage);

  // Its history (histories.h), and replays of it.
  /// Null when it has none. Without the lock: see History.
  History* history() const { return history_.get(); }
  bool has_kept();
  /// History::evict; where nothing is left, what was encoded for replays goes too.
  std::size_t evict_history(std::size_t bytes, std::vector<KeptRef>& garbage, std::vector<SegmentRef>& segments);
  /// Drops what is too old, and lets go of what was encoded for replays that are over.
  void expire_history(std::uint32_t now_ms, std::vector<KeptRef>& garbage, std::vector<SegmentRef>& segments);
  /// History::unlist, unless something is kept, or was encoded for replays: then false.
  bool unlist_history();
  /// As much of what is kept as the reader wants and `bytes_max` allows; oldest first.
  HistoryPage read_history(const codec::ReplayWish& wish, std::size_t messages_max, std::size_t bytes_max, std::uint32_t now_ms);
  /// Records a shard's interest as `add_interest` does, and brings its window to the place where that begins. `start_replay` makes a start of
  /// the plan, and then offers what it has encoded to whoever comes next.
  ReplayPlan plan_replay(codec::EncodingId encoding, unsigned shard, const codec::ReplayWish& wish, const ReplayBounds& bounds, LogWindow& window,
                         std::vector<SegmentRef>& garbage);
  void offer_replay(codec::EncodingId encoding, const std::vector<SegmentRef>& chain, std::uint32_t now_ms, std::vector<SegmentRef>& garbage);

  std::uint64_t published() const { return published_.load(std::memory_order_relaxed); }
  void count_skipped(std::size_t kind, std::uint64_t publications) {
    CHECK(kind < skip_kinds_max);
    skipped_[kind].fetch_add(publications, std::memory_order_relaxed);
  }
  std::uint64_t skipped(std::size_t kind) const { return skipped_[kind].load(std::memory_order_relaxed); }
  /// Of subscribers that take what they get, in one shard's log of one encoding, some are far behind its head (conn::ahead_bytes_max).
  void count_logs_behind(int change) { logs_behind_.fetch_add(change, std::memory_order_relaxed); }
  bool is_behind() const { return logs_behind_.load(std::memory_order_relaxed) > 0; }
  /// Of subscribers that are refused, in one shard's log of one encoding, some hold what they have not got.
  void count_logs_held(int change) { logs_held_.fetch_add(change, std::memory_order_relaxed); }
  bool is_held() const { return logs_held_.load(std::memory_order_relaxed) > 0; }
  void count_subscribers(std::int64_t change) { subscribers_.fetch_add(change, std::memory_order_relaxed); }
  std::int64_t subscribers() const { return subscribers_.load(std::memory_order_relaxed); }

 private:
  Log& log(codec::EncodingId encoding) { return logs_[static_cast<std::size_t>(encoding)]; }

  /// By encoding; 0: it has no frame.
  using FrameBytes = std::array<std::size_t, codec::encoding_count>;
  static constexpr std::size_t not_measured = SIZE_MAX;  // because nobody needed it so far
  /// What a publication lacks: the size of its frame in a log, a segment with room for it, or memory there.
  struct Missing {
    enum class What : std::uint8_t { nothing, frame_bytes, segment, pages };
    What what = What::nothing;
    std::size_t log = 0;
    std::size_t bytes = 0;  // of the segment
    Backing backing = Backing::heap;
    SegmentRef holder;         // keeps `pages` mapped
    base::MutableBytes pages;
  };
  using Spares = std::array<SegmentRef, codec::encoding_count>;
  // Under lock_:
  void record_interest(codec::EncodingId encoding, unsigned shard);
  void keep(KeptRef kept, std::uint64_t offset, std::uint32_t now_ms, std::vector<KeptRef>& garbage);
  Missing find_missing(const FrameBytes& bytes, const Spares& spares);
  Published append_everywhere(const codec::Publication& publication, const FrameBytes& bytes, Spares& spares, std::uint32_t now_ms);

  const std::string name_;
  const std::string epoch_;
  std::mutex lock_;  // guards logs_, joins_, next_join_, next_offset_, last_, what history_ points to and replays_
  std::uint64_t next_offset_ = 0;
  std::array<Log, codec::encoding_count> logs_;
  std::map<std::pair<codec::EncodingId, unsigned>, std::deque<Join>> joins_;  // by shard, where any wait; oldest first
  std::uint64_t next_join_ = 0;
  LastValueRef last_;
  const std::unique_ptr<History> history_;
  /// What was encoded for replays a moment ago, by encoding; of topics with a history.
  std::unique_ptr<std::array<ReplayChain, codec::encoding_count>> replays_;
  /// One bit an encoding. Relaxed: a guess at what a publication will need, made before the lock and checked under it.
  std::atomic<std::uint32_t> encodings_in_use_{0};
  std::atomic<std::uint64_t> published_{0};
  std::atomic<std::int64_t> subscribers_{0};
  /// Relaxed, both: hints for reading that carry nothing else.
  std::atomic<int> logs_behind_{0};
  std::atomic<int> logs_held_{0};
  std::array<std::atomic<std::uint64_t>, skip_kinds_max> skipped_{};
};

using TopicRef = std::shared_ptr<Topic>;

}  // namespace topic
