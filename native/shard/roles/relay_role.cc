#include "native/shard/roles/relay_role.h"

#include <string>

#include "native/codec/http1/http1.h"
#include "native/shard/roles/http_handover.h"

namespace shard {

using codec::Ending;
using conn::Connection;
using conn::State;
using metrics::Metric;

namespace {
constexpr std::size_t answer_bytes = 64 * 1024;
/// Of one answer in one go; others come first then.
constexpr int reads_per_turn = 4;
/// Who is silent for too long is the HTTP server's affair.
constexpr std::uint32_t look_again_ms = 3'600'000;
}  // namespace

void RelayRole::begin(Connection& connection) {
  if (!connection.over_limit) return hand_over(host_, connection, {});
  metrics().add(Metric::handshakes_refused);
  const std::string answer = codec::write_http_refusal({503, "too many connections"}, host_.kernel().unix_seconds(), {});
  connection.outbound_for_writing().append(base::bytes_of(answer));
  connection.state = State::closing;
  connection.linger_after = true;
  connection.since_ms = host_.now_ms();
  host_.arm(connection);
  fan_out().flush_private(connection);
}

void RelayRole::on_handed_over(Connection& connection, int fd) {
  servers_[connection.slot].fd = fd;
  connection.tells_drained = true;
  if (!host_.watch_beside(connection, fd)) return host_.doom(connection, Ending::overloaded, "no descriptors");
  host_.arm(connection);
}

RelayRole::Server* RelayRole::server_of(const Connection& connection) {
  const auto found = servers_.find(connection.slot);
  return found == servers_.end() ? nullptr : &found->second;
}

// From the client to the server.

bool RelayRole::takes_reads(Connection& connection) {
  const Server* const server = server_of(connection);
  return server == nullptr || (server->unsent.empty() && !server->client_ended);
}

void RelayRole::on_bytes(Connection& connection, base::MutableBytes bytes) {
  Server* const server = server_of(connection);
  if (server == nullptr || server->gone) return;
  CHECK(server->unsent.empty());
  server->unsent.assign(bytes.begin(), bytes.end());
  send_unsent(connection, *server);
}

void RelayRole::send_unsent(Connection&, Server& server) {
  base::Bytes left = server.unsent;
  while (!left.empty()) {
    const os::IoResult result = host_.kernel().send(server.fd, left);
    if (result.outcome == os::IoOutcome::would_block) break;
    server.gone = server.gone || result.outcome != os::IoOutcome::ok;  // what it has said still comes
    left = server.gone ? base::Bytes() : left.subspan(result.bytes);
  }
  std::vector<std::uint8_t>(left.begin(), left.end()).swap(server.unsent);
  if (server.unsent.empty() && server.client_ended && !server.gone) host_.kernel().shutdown_send(server.fd);
}

/// The answer may still be on its way.
bool RelayRole::outlives_end(Connection& connection) {
  Server* const server = server_of(connection);
  if (server == nullptr || connection.state != State::open || server->client_ended) return false;
  if (!host_.transports().failure(connection.transport, connection.fd).empty()) return false;  // it can be told nothing any more
  server->client_ended = true;
  connection.peer_closed = true;
  send_unsent(connection, *server);
  return true;
}

// From the server to the client.

void RelayRole::on_beside_ready(Connection& connection, const os::Ready& ready) {
  Server& server = *server_of(connection);
  if (ready.writable && !server.unsent.empty()) {
    send_unsent(connection, server);
    if (server.unsent.empty() && !server.client_ended) host_.read_later(connection);
  }
  if (ready.readable || ready.hang_up) read_answer(connection, server);
}

void RelayRole::read_answer(Connection& connection, Server& server) {
  if (server.reading) return;
  server.reading = true;
  answer_.resize(answer_bytes);
  int reads = 0;
  while (connection.state == State::open && !connection.has_outbound() && !host_.transports().wants_write(connection.transport, connection.fd)) {
    if (reads++ == reads_per_turn) {
      fan_out().flush_soon(connection);  // on_sent_all follows
      break;
    }
    const os::IoResult result = host_.kernel().receive(server.fd, answer_);
    if (result.outcome == os::IoOutcome::would_block) break;
    if (result.outcome != os::IoOutcome::ok) {
      host_.begin_close(connection, Ending::normal, "");
      break;
    }
    connection.outbound_for_writing().append(base::Bytes(answer_).first(result.bytes));
    fan_out().flush_private(connection);
  }
  server.reading = false;
}

void RelayRole::on_sent_all(Connection& connection) {
  Server* const server = server_of(connection);
  if (server != nullptr && connection.state == State::open) read_answer(connection, *server);
}

// It ends.

void RelayRole::say_goodbye(Connection& connection, std::uint16_t, std::string_view) { connection.linger_after = true; }

bool RelayRole::has_unfinished(Connection& connection) {
  const Server* const server = server_of(connection);
  return connection.has_outbound() || (server != nullptr && !server->unsent.empty());
}

void RelayRole::give_back(Connection& connection) {
  const auto found = servers_.find(connection.slot);
  if (found == servers_.end()) return;
  host_.kernel().close(found->second.fd);
  servers_.erase(found);
}

std::uint32_t RelayRole::silence_ms(const Connection&) const { return look_again_ms; }

void RelayRole::on_silence(Connection& connection) { connection.heard_ms = host_.now_ms(); }

}  // namespace shard
