// The shard's part of what a connection speaks: its listener's protocol, or one that stands beside that.
#include "native/shard/shard.h"

namespace shard {

using conn::Connection;
using conn::State;

void Shard::speak(Connection& connection, codec::ProtocolId id) {
  const codec::Protocol& protocol = codec::protocol(id);
  connection.protocol = id;
  connection.role = protocol.role;
  connection.encoding = protocol.encoding;
}

void Shard::go_on_as(Connection& connection, codec::ProtocolId protocol, base::MutableBytes bytes) {
  CHECK(connection.state == State::handshake && connection.codec == nullptr && !connection.unread);
  speak(connection, protocol);
  role_of(connection).on_bytes(connection, bytes);
}

void Shard::begin_again(Connection& connection, base::MutableBytes bytes) {
  CHECK(connection.state == State::open && connection.subscriptions.size() == 0 && !connection.unread);
  tell_disconnected(connection);
  connection.codec.reset();
  if (connection.authorization) connection.authorization->access.reset();  // that of the requests before
  connection.publishes_to.reset();
  connection.within_message = false;
  connection.awaiting_pong = false;
  connection.tells_drained = false;
  speak(connection, listener_of(connection).protocol);
  connection.state = State::handshake;
  connection.since_ms = now_ms_;
  arm(connection);
  role_of(connection).on_bytes(connection, bytes);
}

/// Nothing where it never was open.
void Shard::tell_disconnected(const Connection& connection) {
  if (!connection.codec || connection.over_limit || connection.over_rate || !engine_.connection_events.load(std::memory_order_relaxed)) return;
  post_event(Disconnected{connection.id, connection.protocol, connection.peer.text(), connection.close_code, connection.reason()});
}

}  // namespace shard
