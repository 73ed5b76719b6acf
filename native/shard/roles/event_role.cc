#include "native/shard/roles/event_role.h"

#include <algorithm>
#include <array>

namespace shard {

using conn::Connection;
using metrics::Metric;

namespace {
/// A client that has lost its connection comes back after a second, and a part of what it is spread over.
constexpr std::uint32_t retry_ms_min = 1000;
constexpr std::uint32_t retry_spread_ms = 2000;
/// When all are sent away by a drain they come back a thousand a second, as long as that takes no longer than this.
constexpr std::uint32_t drain_spread_ms_max = 30'000;

/// Of those that were told at the same time, no two neighbours are near each other.
std::uint32_t spread(const Connection& connection, std::uint32_t now_ms, std::uint32_t over_ms) {
  const std::uint32_t mixed = (connection.slot * 2654435761u) ^ ((connection.generation + now_ms) * 2246822519u);
  return static_cast<std::uint32_t>(std::uint64_t{mixed} * (over_ms + 1) >> 32);
}
}  // namespace

std::vector<topic::Recovery> EventRole::on_topics(Connection& connection, std::vector<topic::TopicRef>&& topics, const codec::TopicsParsed& asked) {
  return subscribe(connection, topics, asked);
}

void EventRole::on_upgraded(Connection& connection, const codec::HttpRequest&) { append_retry(connection, retry_spread_ms); }

void EventRole::append_retry(Connection& connection, std::uint32_t spread_ms) {
  const std::string retry = manners(connection).write_retry(retry_ms_min + spread(connection, host_.now_ms(), spread_ms));
  connection.outbound_for_writing().append(base::bytes_of(retry));
  fan_out().flush_private(connection);
}

// Silence is ours: a comment, so that whoever stands between does not take the connection for dead.

void EventRole::on_silence(Connection& connection) {
  connection.heard_ms = host_.now_ms();
  if (connection.has_outbound()) return;  // there is something to read already
  std::array<std::uint8_t, codec::control_frame_bytes_max> frame;
  const std::size_t length = manners(connection).write_ping({}, frame);
  connection.outbound_for_writing().append(base::Bytes(frame).first(length));
  fan_out().flush_private(connection);
}

// It ends.

void EventRole::say_goodbye(Connection& connection, std::uint16_t code, std::string_view reason) {
  connection.linger_after = true;
  if (host_.drain_phase() != DrainPhase::none) {
    const std::size_t all = host_.engine().connections.load(std::memory_order_relaxed);
    append_retry(connection, static_cast<std::uint32_t>(std::clamp<std::size_t>(all, retry_spread_ms, drain_spread_ms_max)));
  }
  std::array<std::uint8_t, codec::control_frame_bytes_max> frame;
  const std::size_t length = manners(connection).write_close(code, reason, frame);
  connection.outbound_for_writing().append(base::Bytes(frame).first(length));
}

bool EventRole::has_unfinished(Connection& connection) { return fan_out().slow_watch().is_behind(connection); }

}  // namespace shard
