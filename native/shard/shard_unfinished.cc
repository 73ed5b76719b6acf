// The shard's part of what has come in part: messages, frames and request heads whose rest a peer owes, and what a session said beyond
// its share. All of it together has a bound in bytes, each message one in time. (Codecs with streams keep an account of their own: roles/stream_role.cc.)
#include <algorithm>

#include "native/base/wrapping_time.h"
#include "native/shard/shard.h"

namespace shard {

using conn::Connection;
using conn::State;
using metrics::Metric;

namespace {
constexpr std::string_view no_room_reason = "the server is out of buffers";
}  // namespace

/// It is decoded before anything else is read.
void Shard::wait_with(Connection& connection, base::Bytes rest) {
  CHECK(connection.state == State::open && !connection.unread);
  connection.unread = std::make_unique<conn::Unread>();
  connection.unread->bytes.assign(rest.begin(), rest.end());
  pause(connection);
}

/// False when it is not to be read further now.
bool Shard::read_rest(Connection& connection) {
  CHECK(connection.unread != nullptr && !connection.paused);
  const std::unique_ptr<conn::Unread> rest = std::move(connection.unread);
  take_bytes(connection, rest->bytes);
  if (!connection.paused && must_wait(connection, Resume::no)) pause(connection);
  return !connection.paused && connection.state != State::doomed;
}

/// Behind every read: who has a message under way, since when, and what that keeps.
void Shard::mind_unfinished(Connection& connection) {
  const codec::Unfinished unfinished = connection.codec ? connection.codec->unfinished() : codec::Unfinished{};
  const std::size_t before = connection.received_bytes;
  settle_received(connection, unfinished.bytes + (connection.unread ? connection.unread->bytes.capacity() : 0));
  if (connection.received_bytes > before && holds_too_much(connection)) return refuse_rest(connection);
  if (connection.state != State::open) return;
  if (unfinished.any && (unfinished.anew || !connection.within_message)) connection.message_ms = now_ms_;
  const bool begins = unfinished.any && !connection.within_message;
  connection.within_message = unfinished.any;
  if (begins) arm(connection);  // of those that follow the deadline is looked at when this one's comes
}

void Shard::settle_received(Connection& connection, std::size_t now) {
  CHECK(now <= UINT32_MAX);
  if (now == connection.received_bytes) return;
  const std::size_t all = engine_.received_bytes.fetch_add(now - connection.received_bytes, std::memory_order_relaxed);
  CHECK(all >= connection.received_bytes);  // the sum has this part in it
  connection.received_bytes = static_cast<std::uint32_t>(now);
}

/// While all hold too much together, who makes it more and has more than the average ends.
bool Shard::holds_too_much(const Connection& connection) const {
  const std::size_t received_bytes_max = engine_.options.received_bytes_max;
  if (engine_.received_bytes.load(std::memory_order_relaxed) <= received_bytes_max) return false;
  const std::size_t connections = std::max<std::size_t>(1, engine_.connections.load(std::memory_order_relaxed));
  return connection.received_bytes > received_bytes_max / connections;
}

void Shard::refuse_rest(Connection& connection) {
  switch (connection.state) {
    case State::proxy_header:
    case State::handshake:
      role_of(connection).refuse(connection, codec::Ending::overloaded, no_room_reason);
      break;
    case State::open:
      connection.linger_after = true;
      begin_failed_close(connection, codec::Ending::slow, no_room_reason);
      break;
    case State::securing:
    case State::closing:
    case State::lingering:
    case State::doomed:
    case State::free:
      return;
  }
  metrics_.add(Metric::connections_closed_held);
  forget_rest(connection);
}

/// From its first byte on: who sends a byte now and then is never silent, and would keep the rest for ever.
void Shard::end_overdue(Connection& connection) {
  if (connection.paused) connection.message_ms = now_ms_;  // it is we who do not listen
  if (!connection.within_message || base::age_ms(connection.message_ms, now_ms_) < engine_.options.message_ms) return;
  metrics_.add(Metric::connections_closed_overdue);
  metrics_.add(Metric::protocol_errors);
  connection.linger_after = true;
  begin_close(connection, codec::Ending::policy_violation, "the message took too long");
  forget_rest(connection);
}

/// It has been refused: what else it says is not decoded.
void Shard::forget_rest(Connection& connection) {
  CHECK(connection.state != State::open && connection.state != State::handshake);
  connection.unread.reset();
  if (connection.codec) connection.codec = codec::protocol(connection.protocol).make_codec(engine_.options.codecs);
  settle_received(connection, 0);
}

}  // namespace shard
