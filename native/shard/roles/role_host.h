// What a shard does for its roles, and what they may touch of it. Everything else of the shard is its own.
// Owner: a shard, which is one. Thread: that shard's.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "native/codec/http1/http1.h"
#include "native/conn/connection.h"
#include "native/metrics/metrics.h"
#include "native/os/kernel.h"
#include "native/shard/engine_context.h"
#include "native/shard/fan_out.h"
#include "native/shard/publishing.h"
#include "native/transport/transports.h"

namespace shard {

inline constexpr std::string_view too_many_publications = "too many publications a second";
inline constexpr std::string_view too_many_connections = "too many connections of this client; try again in a second";

enum class DrainPhase : std::uint8_t {
  none,
  closing,  // whom the drain found is being told
  ending,   // they are gone, on all shards: so is whoever has come meanwhile
};

class Role;

class RoleHost {
 public:
  EngineContext& engine() const { return engine_; }
  os::Kernel& kernel() const { return engine_.kernel; }
  metrics::Block& metrics() const { return metrics_; }
  transport::Transports& transports() const { return transports_; }
  FanOut& fan_out() const { return fan_out_; }
  std::uint32_t now_ms() const { return now_ms_; }
  virtual DrainPhase drain_phase() const = 0;

  // A connection's life.
  /// Messages flow from here on: gives it its codec, tells its role, then whoever wants to know. `topics`: for the event.
  virtual void open(conn::Connection& connection, const std::vector<std::string>& topics) = 0;
  /// It has asked for another protocol of its listener: that one's role goes on with `bytes`, in the handshake.
  virtual void go_on_as(conn::Connection& connection, codec::ProtocolId protocol, base::MutableBytes bytes) = 0;
  /// It is open, subscribed to nothing, and its peer goes on with something else: `bytes`, a request head and what came behind it, are its
  /// listener's, in a handshake of its own.
  virtual void begin_again(conn::Connection& connection, base::MutableBytes bytes) = 0;
  /// Says goodbye behind what must still leave, and waits for the peer's answer at most `close_ms`.
  virtual void begin_close(conn::Connection& connection, codec::Ending ending, std::string_view reason) = 0;
  /// The same with a number that the peer or the control plane has chosen.
  virtual void begin_close_as(conn::Connection& connection, std::uint16_t code, std::string_view reason) = 0;
  /// The same for what the protocol calls an error: where those are told by a message, too, that comes first.
  virtual void begin_failed_close(conn::Connection& connection, codec::Ending ending, std::string_view reason) = 0;
  /// To be closed at the end of the turn; `ending` and `reason` are for the event unless a close has begun.
  virtual void doom(conn::Connection& connection, codec::Ending ending, std::string_view reason) = 0;
  virtual void remember_reason(conn::Connection& connection, std::uint16_t code, std::string_view reason) = 0;
  /// Its deadline is to be found anew.
  virtual void arm(conn::Connection& connection) = 0;
  /// Ends it when a message of its peer's has come in part for too long.
  virtual void end_overdue(conn::Connection& connection) = 0;

  // Reading.
  /// Now, what its socket has.
  virtual void read(conn::Connection& connection) = 0;
  /// In the next turn.
  virtual void read_later(conn::Connection& connection) = 0;
  /// As if they had just been read.
  virtual void take_bytes(conn::Connection& connection, base::MutableBytes bytes) = 0;
  /// It is not read before these were decoded, and that waits until it need not wait any more.
  virtual void wait_with(conn::Connection& connection, base::Bytes rest) = 0;
  /// Behind everything that changes what it keeps of what has come in part.
  virtual void mind_unfinished(conn::Connection& connection) = 0;
  /// It is looked at again when the logs have room.
  virtual void await_room(conn::Connection& connection, metrics::Metric why) = 0;

  /// How it lives now.
  virtual Role& role_of(const conn::Connection& connection) const = 0;

  // Its socket.
  /// A second descriptor of it, for Role::on_beside_ready. False when the system has no room for that.
  virtual bool watch_beside(const conn::Connection& connection, int fd) = 0;
  virtual void unwatch(const conn::Connection& connection) = 0;
  virtual void watch_writable(const conn::Connection& connection) = 0;
  /// Takes a proxy's word on whose request this is. False when the connection has ended by it.
  virtual bool find_client(conn::Connection& connection, const codec::HttpRequest& request) = 0;

  struct Published {
    std::uint64_t offset = 0;
    /// `wait`: the connection has said as much as it may, and is not read until it may say more. What its codec has in hand already must
    /// wait, too (wait_with).
    codec::Flow flow{};
  };
  /// A message of a client's, which is not refused any more.
  Published publish(conn::Connection& connection, const topic::TopicRef& topic, const codec::Publication& publication) {
    metrics_.add(metrics::Metric::messages_received);
    const std::uint64_t offset = publishing_.publish(topic, publication, now_ms_);
    return {offset, count_publication(connection)};
  }
  /// For a client that can be told when there is none.
  bool has_room(const topic::Topic& topic, std::size_t payload_bytes) const { return publishing_.has_room(topic, payload_bytes, now_ms_); }
  /// Asked before. False: it has published as much as it may, and who goes on ends (Role::end_over_rate, or the stream that published).
  virtual bool may_publish(const conn::Connection& connection) const = 0;
  /// Before it opens: it is that client's from here on. `subject`: of its credential; empty: it has none, and its address counts. False when
  /// the client has as many connections as it may; a connection may be asked for again.
  virtual bool admit_client(conn::Connection& connection, std::string_view subject) = 0;
  virtual void post_event(Event&& event) = 0;
  /// For whoever runs this.
  virtual void warn(const char* name, std::string message) = 0;

 protected:
  /// All of them outlive it; they may be in the making still.
  RoleHost(EngineContext& engine, metrics::Block& metrics, transport::Transports& transports, FanOut& fan_out, Publishing& publishing,
           const std::uint32_t& now_ms)
      : engine_(engine), metrics_(metrics), transports_(transports), fan_out_(fan_out), publishing_(publishing), now_ms_(now_ms) {}
  ~RoleHost() = default;
  virtual codec::Flow count_publication(conn::Connection& connection) = 0;

 private:
  EngineContext& engine_;
  metrics::Block& metrics_;
  transport::Transports& transports_;
  FanOut& fan_out_;
  Publishing& publishing_;
  const std::uint32_t& now_ms_;
};

}  // namespace shard
