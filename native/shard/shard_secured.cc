// The shard's part of transports that have a handshake of their own: until it is over a connection is nothing to its role.
#include <string>

#include "native/shard/shard.h"

namespace shard {

using conn::Connection;
using conn::State;
using metrics::Metric;

/// The connection has its listener's transport from here on, unless what it has is behind that already. False without memory for it.
bool Shard::begin_transport(Connection& connection, bool is_plain) {
  const ListenerOptions& listener = listener_of(connection);
  if (is_plain || listener.transport == transport::TransportId::plain) return true;
  connection.transport = listener.transport;
  if (!transports_.begin(connection.transport, connection.fd, {listener.tls_context, codec::protocol(listener.protocol).manners.alpn})) return false;
  if (!transports_.is_ready(connection.transport, connection.fd)) connection.state = State::securing;
  return true;
}

/// What it says now is for its role, which also has the time of a handshake for it.
void Shard::on_secured(Connection& connection) {
  connection.state = State::handshake;
  Role& role = role_of(connection);
  role.begin(connection);
  if (connection.state != State::doomed) role.on_first_read(connection);
}

/// Within its transport's handshake nobody can be told anything.
void Shard::refuse_beginning(Connection& connection, codec::Ending ending, std::string_view reason) {
  if (connection.state != State::securing) return role_of(connection).refuse(connection, ending, reason);
  metrics_.add(Metric::handshakes_refused);
  warn("handshake-refused", "refused a connection from " + connection.peer.text() + ": " + std::string(reason));
  doom(connection, codec::Ending::lost, reason);
}

void Shard::on_receive_failed(Connection& connection) {
  const std::string_view failure = transports_.failure(connection.transport, connection.fd);
  if (failure.empty()) return doom(connection, codec::Ending::lost, "connection lost");
  const std::string reason = "TLS: " + std::string(failure);
  connection.state == State::securing ? refuse_beginning(connection, codec::Ending::violation, reason) : doom(connection, codec::Ending::lost, reason);
}

void Shard::dispatch_beside(const os::Ready& ready) {
  Connection* const connection = connections_.find(ready.token & ~beside_bit);
  if (connection != nullptr && connection->state != State::doomed) role_of(*connection).on_beside_ready(*connection, ready);
}

bool Shard::watch_beside(const Connection& connection, int fd) {
  return kernel_.watch(poller_, fd, conn::ConnectionTable::token(connection) | beside_bit, os::Watch::edge_in_out);
}

}  // namespace shard
