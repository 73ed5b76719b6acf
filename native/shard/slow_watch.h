// Slow watch: who is held (the kernel refuses its bytes, or its peer has no window for them), how far behind that leaves it, and what its
// topics' rules make of it; and when the logs are full, who is let go of for them.
// Owner: a shard's FanOut. Thread: that shard.
#pragma once

#include <cstdint>
#include <vector>

#include "native/conn/slot_set.h"
#include "native/metrics/metrics.h"
#include "native/shard/fan_out_owner.h"
#include "native/shard/lanes.h"
#include "native/topic/log_memory.h"

namespace shard {

/// A relief of full logs that is under way: first a walk to find the worst, then another to let go of those.
struct Relief {
  enum class Walk : std::uint8_t { none, measuring, letting_go };
  Walk walk = Walk::none;
  std::size_t left = 0;             // places still to be visited in this walk, from the back
  std::uint64_t lag_max = 0;        // in bytes
  std::uint32_t unread_ms_max = 0;  // for which somebody has not read the rest of a frame
};

class SlowWatch {
 public:
  SlowWatch(const topic::LogMemory& memory, conn::ConnectionTable& connections, metrics::Block& metrics, Lanes& lanes, FanOutOwner& owner)
      : memory_(memory), connections_(connections), metrics_(metrics), lanes_(lanes), owner_(owner) {}

  /// What time it is, for everything until the next call.
  void set_now(std::uint32_t now_ms) { now_ms_ = now_ms; }
  /// True when the next `judge_noted` or `relieve_some` has something to do.
  bool has_work() const { return !over_limit_.empty() || relief_.walk != Relief::Walk::none; }

  // What fan out finds as it writes.
  /// Whether the kernel refuses its bytes, or its peer has no window for them.
  static bool is_held(const conn::Connection& connection, const conn::Subscriber& subscriber) {
    return connection.blocked || connection.stalled || subscriber.lane == conn::Lane::blocked;
  }
  /// The kernel has refused its bytes.
  void on_refused(conn::Connection& connection) {
    if (!connection.blocked) connection.refused_since_ms = now_ms_;
    connection.blocked = true;
    held_.add(connection.slot);
  }
  /// Its peer has no window, for one stream or for all.
  void on_stalled(const conn::Connection& connection) { held_.add(connection.slot); }
  /// A refusal may come after the last publication for a long time: its lag is judged now, not when the next one comes. (That of
  /// streams, of which there may be thousands, a little later: Shard::judge_streams.)
  void look_at_lag(conn::Connection& connection);
  /// It is over the limit of a topic: `judge_noted` acts on it. Streams of one connection that are over it often stand together.
  void note_over_limit(const conn::Connection& connection) {
    const std::uint64_t token = conn::ConnectionTable::token(connection);
    if (over_limit_.empty() || over_limit_.back() != token) over_limit_.push_back(token);
  }
  void judge_noted();

  // What the shard asks.
  /// True when the connection has topic bytes to be sent.
  static bool is_behind(conn::Connection& connection);
  /// When the oldest unsent publication of a blocked connection (or stream) passes its age limit at the earliest: milliseconds
  /// from now, 0 when it has. What is published from now on counts too, so that who is refused already is looked at in time;
  /// `TimerWheel::no_deadline_ms` when nothing is subscribed that is blocked.
  std::uint32_t age_due_in_ms(conn::Connection& connection) const;
  /// Applies the policy of each topic in which the blocked connection (or a blocked stream of it) is over a limit.
  void judge(conn::Connection& connection);
  /// The logs are full: applies the policies as if bytes_behind_max were half of the largest lag of a blocked subscriber, and
  /// disconnects where skipping would free nothing. Spares whoever was refused only for a moment.
  /// Begun here, unless it is under way, and done by `relieve_some`, a bounded step a turn.
  void begin_relief();
  void relieve_some();

 private:
  struct Behind {
    std::uint64_t bytes = 0;
    std::uint32_t age_ms = 0;
  };
  Behind measure(const conn::TopicSlice& slice, const conn::Subscriber& subscriber) const;
  bool judge_one(conn::Connection& connection, std::size_t subscription, const conn::SlowRule& rule);
  void count_skipped(topic::Topic& topic, conn::SlowPolicyId policy, std::uint64_t publications);

  // slow_watch_relief.cc
  bool go_on_relieving();
  std::uint32_t measure_held(std::size_t place);
  std::uint32_t let_go_of_held(std::size_t place);
  std::uint32_t refused_ms(const conn::Connection& connection) const;
  std::uint32_t cut(conn::Connection& connection);
  std::uint32_t tell_all_unsent(conn::Connection& connection);
  void tell_unsent(conn::Connection& connection, topic::Topic& topic, codec::StreamKey stream, const Behind& behind, std::uint64_t publications);
  std::uint64_t relievable_lag(const conn::TopicSlice& slice, const conn::Subscriber& subscriber) const;

  const topic::LogMemory& memory_;
  conn::ConnectionTable& connections_;
  metrics::Block& metrics_;
  Lanes& lanes_;
  FanOutOwner& owner_;
  std::uint32_t now_ms_ = 0;

  /// Connection tokens: found within a pass, acted on after it.
  std::vector<std::uint64_t> over_limit_;
  /// Who may be held, by the kernel or by windows: whoever is, and some who are no more, until the next relief.
  conn::SlotSet held_;
  Relief relief_;
};

}  // namespace shard
