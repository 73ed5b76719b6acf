#include "native/shard/roles/upgraded_role.h"

#include <algorithm>
#include <array>
#include <string>

#include "native/base/wrapping_time.h"
#include "native/shard/roles/auth_door.h"

namespace shard {

using codec::Ending;
using conn::Connection;
using conn::State;
using metrics::Metric;

namespace {

/// Whether the protocol asks by a message of its own, perhaps too seldom for what stands between: then ping frames go beside it.
bool pings_beside(const Connection& connection) {
  return !codec::protocol(connection.protocol).manners.ping_text.empty() && !connection.awaiting_pong;
}

void append_ping_frame(Connection& connection) {
  std::array<std::uint8_t, codec::control_frame_bytes_max> frame;
  const std::size_t length = codec::protocol(connection.protocol).manners.write_ping({}, frame);
  connection.outbound_for_writing().append(base::Bytes(frame).first(length));
}

}  // namespace

void UpgradedRole::on_open_bytes(Connection& connection, base::MutableBytes bytes) {
  CHECK(connection.codec != nullptr && decoding_ == nullptr);
  decoding_ = &connection;
  const codec::Decoded decoded = decode(connection, bytes);
  decoding_ = nullptr;
  act_on(connection, decoded, bytes);
}

// Control frames.

void UpgradedRole::answer_ping(base::Bytes payload) {
  Connection& connection = decoding();
  metrics().add(Metric::pings_received);
  if (connection.state != State::open || !takes_control_frame(connection)) return;
  std::array<std::uint8_t, codec::control_frame_bytes_max> frame;
  const std::size_t length = manners(connection).write_pong(payload, frame);
  connection.outbound_for_writing().append_latest(base::Bytes(frame).first(length));
  fan_out().flush_private(connection);
}

void UpgradedRole::take_pong() {
  if (decoding().state == State::open) takes_control_frame(decoding());
}

void UpgradedRole::take_close(std::uint16_t code, std::string_view reason) {
  Connection& connection = decoding();
  connection.peer_closed = true;
  if (connection.state == State::open) {
    host_.remember_reason(connection, code, reason);
    host_.begin_close_as(connection, code, "");
  } else if (connection.state == State::closing && !connection.has_outbound()) {
    if (connection.close_code == 0) host_.remember_reason(connection, code, reason);
    host_.doom(connection, Ending::lost, reason);
  }
}

bool UpgradedRole::takes_control_frame(Connection& connection) {
  const std::uint32_t second = host_.now_ms() / 1000;
  if (connection.control_second != second) {
    connection.control_second = second;
    connection.control_frames = 0;
  }
  if (++connection.control_frames <= options().control_frames_per_second_max) return true;
  metrics().add(Metric::protocol_errors);
  connection.linger_after = true;
  host_.begin_close(connection, Ending::policy_violation, "too many control frames");
  return false;
}

void UpgradedRole::say_goodbye(Connection& connection, std::uint16_t code, std::string_view reason) {
  std::array<std::uint8_t, codec::control_frame_bytes_max> frame;
  const std::size_t length = manners(connection).write_close(code, reason, frame);
  connection.outbound_for_writing().append(base::Bytes(frame).first(length));
}

// Silence.

std::uint32_t UpgradedRole::due_ms(Connection& connection) const {
  const std::uint32_t due_ms = Role::due_ms(connection);
  return pings_beside(connection) ? base::sooner_ms(due_ms, ping_beside_due_ms(connection)) : due_ms;
}

void UpgradedRole::ask_alive(Connection& connection) {
  const codec::Manners& how = manners(connection);
  if (how.ping_text.empty()) return append_ping_frame(connection);
  connection.outbound_for_writing().append(base::bytes_of(how.write_text(how.ping_text)));
}

/// Proxies cut what is silent for a minute. No answer is waited for: what the protocol asks by itself decides whether the peer lives.
void UpgradedRole::on_quiet(Connection& connection) {
  if (!pings_beside(connection) || !base::is_due(ping_beside_due_ms(connection), host_.now_ms())) return;
  connection.since_ms = host_.now_ms();
  append_ping_frame(connection);
  metrics().add(Metric::pings_sent);
  fan_out().flush_private(connection);
}

/// Since it was heard, or since the last of these pings.
std::uint32_t UpgradedRole::ping_beside_due_ms(const Connection& connection) const {
  const bool asked = base::is_before(connection.heard_ms, connection.since_ms);
  return (asked ? connection.since_ms : connection.heard_ms) + ping_after_ms(connection, options().idle.ping_interval_ms);
}

}  // namespace shard
