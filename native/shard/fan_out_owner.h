// What fan out and its parts leave to the shard that owns them.
// Owner: the shard implements it. Thread: that shard.
#pragma once

#include <cstdint>

#include "native/conn/connection.h"
#include "native/conn/slow_policy.h"
#include "native/topic/topic.h"

namespace shard {

/// What a policy was applied to, for the record.
struct SlowReport {
  conn::Connection& connection;
  const topic::Topic& topic;
  codec::StreamKey stream;  // on connections with streams: the one that is slow
  conn::SlowPolicyId policy{};
  std::uint64_t bytes_behind = 0;
  std::uint32_t age_ms = 0;
  std::uint64_t skipped = 0;
  std::uint64_t first_offset = 0;   // the skipped ones, where its connection goes on behind them: from here
  std::uint64_t resume_offset = 0;  // to before this
};

/// Called only from the turn functions of `FanOut`, `Audience` and `SlowWatch`, never within a pass.
class FanOutOwner {
 public:
  /// Whether a connection whose join was recorded still is one that joins topics: it may have left meanwhile.
  virtual bool may_join(const conn::Connection& connection) const = 0;
  /// A connection has joined a topic, perhaps again: its greeting is to be queued (fan out sends it). False when it must end instead.
  virtual bool on_joined(conn::Connection& connection, const topic::TopicRef& topic, topic::Join& join) = 0;
  virtual void on_write_failed(conn::Connection& connection) = 0;
  /// The logs are full, and it does not read the rest of one frame: it must be doomed. What is lost by it has been told of.
  virtual void on_rest_unread(conn::Connection& connection) = 0;
  /// The kernel refuses its bytes, or the peer has no window for a stream of it.
  virtual void on_blocked(conn::Connection& connection) = 0;
  /// Everything that was pending for a connection that is not simply open, or that `tells_drained`, has left.
  virtual void on_drained(conn::Connection& connection) = 0;
  /// The kernel was offered what a connection with streams has to send.
  virtual void on_streams_written(conn::Connection& connection) = 0;
  virtual void on_slow(const SlowReport& report, conn::SlowAction action) = 0;
  /// It is about to end with this unsent (on_rest_unread).
  virtual void on_unsent(const SlowReport& report) = 0;
  /// What an ear has heard waits to be taken; told once until it is.
  virtual void on_heard(std::uint64_t ear) = 0;

 protected:
  ~FanOutOwner() = default;
};

}  // namespace shard
