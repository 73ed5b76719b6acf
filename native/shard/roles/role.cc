// What most roles do.
#include "native/shard/roles/role.h"

#include <algorithm>
#include <string>

#include "native/base/wrapping_time.h"
#include "native/shard/roles/auth_door.h"
#include "native/shard/timer_wheel.h"

namespace shard {

using codec::Ending;
using conn::Connection;
using conn::State;
using metrics::Metric;

namespace {
constexpr std::string_view no_answer_reason = "no answer to a ping";
}  // namespace

topic::Demand demand_of(const Connection& connection) {
  const bool held = connection.publishes_to != nullptr && connection.publishes_to->is_held();
  return connection.has_more || held ? topic::Demand::much : topic::Demand::little;
}

std::uint32_t ping_after_ms(const Connection& connection, std::uint32_t interval_ms) {
  return interval_ms + static_cast<std::uint32_t>(std::uint64_t{connection.slot * 2654435761u} * (interval_ms / 8) >> 32);
}

// It begins.

os::Watch Role::watch_for(const Connection&) const { return os::Watch::edge_in_out; }

/// Nothing is known of it yet that an answer could be written in.
void Role::refuse(Connection& connection, Ending, std::string_view reason) {
  metrics().add(Metric::handshakes_refused);
  host_.warn("handshake-refused", "refused a connection from " + connection.peer.text() + ": " + std::string(reason));
  host_.doom(connection, Ending::lost, reason);
}

void Role::on_handshake_timer(Connection& connection) { refuse(connection, Ending::deadline, "the handshake took too long"); }

void Role::end_handshake(Connection& connection) { refuse(connection, Ending::going_away, "shutting down"); }

// Bytes come.

void Role::act_on(Connection& connection, const codec::Decoded& decoded, base::Bytes bytes) {
  if (decoded.left > 0) host_.wait_with(connection, bytes.last(decoded.left));
  if (decoded.status != codec::DecodeStatus::failed) return;
  metrics().add(Metric::protocol_errors);
  if (connection.state == State::open) {
    connection.linger_after = true;
    host_.begin_close(connection, decoded.ending, decoded.reason);
  } else {
    host_.doom(connection, Ending::lost, decoded.reason);
  }
}

bool Role::waits_for_room(const Connection& connection, Resume resume) const {
  const topic::LogMemory& memory = host_.engine().memory;
  const topic::Demand demand = demand_of(connection);
  return resume == Resume::yes ? !memory.below_resume(demand) : memory.over_limit(demand);
}

// Bytes leave.

std::vector<topic::Recovery> Role::subscribe(Connection& connection, const std::vector<topic::TopicRef>& topics, const codec::TopicsParsed& asked) {
  std::vector<topic::ReplayStart> starts;
  for (std::size_t i = 0; i < topics.size(); ++i) {
    starts.push_back(fan_out().audience().subscribe(connection, topics[i], connection.encoding, asked.wish(i)));
  }
  announce(connection, starts);
  std::vector<topic::Recovery> recoveries;
  for (topic::ReplayStart& start : starts) recoveries.push_back(std::move(start.recovery));
  return recoveries;
}

void Role::announce(Connection& connection, const std::vector<topic::ReplayStart>& starts) {
  const codec::Encoding& encoding = codec::encoding(connection.encoding);
  CHECK(connection.subscriptions.size() == starts.size());
  for (std::size_t i = 0; i < starts.size(); ++i) {
    const topic::Recovery& recovery = starts[i].recovery;
    const std::string& topic = connection.subscriptions[i].slice->topic->name();
    const auto gap = recovery.gap(topic);
    const std::string missed = gap ? encoding.gap(*gap) : std::string();
    std::string live = encoding.live(topic, recovery.epoch, recovery.live_offset);
    const bool waits = starts.size() > 1 && starts[i].cursor < starts[i].live;
    if (!missed.empty()) fan_out().audience().asides_of(connection).add_seam({i, starts[i].cursor, missed});
    if (!live.empty() || waits) fan_out().audience().asides_of(connection).add_seam({i, starts[i].live, std::move(live)});
  }
}

void Role::on_skipped(const SlowReport& report) {
  Connection& connection = report.connection;
  const bool says_gaps = connection.framing == conn::Framing::shared && !codec::encoding(connection.encoding).gap({}).empty();
  if (!says_gaps) return;
  std::size_t at = 0;
  while (at < connection.subscriptions.size() && connection.subscriptions[at].slice->topic.get() != &report.topic) ++at;
  CHECK(at < connection.subscriptions.size());
  fan_out().audience().asides_of(connection).add_gap(at, report.first_offset, report.resume_offset, report.skipped);
  fan_out().flush_soon(connection);
}

void Role::end_slow(const SlowReport& report, std::string_view reason) {
  metrics().add(Metric::connections_closed_slow);
  host_.begin_failed_close(report.connection, Ending::slow, reason);
}

void Role::end_over_rate(Connection& connection, std::string_view reason) {
  connection.linger_after = true;  // it is not done with what it says
  host_.begin_failed_close(connection, Ending::over_rate, reason);
}

bool Role::on_joined(Connection&, const topic::TopicRef&, topic::Join&) {
  CHECK(!"a connection has joined a topic that has no session");
  return false;
}

// Time passes. One deadline a connection. Hearing from it moves the deadline only when a ping was unanswered; else it is looked at
// anew when the deadline comes.

std::uint32_t Role::due_ms(Connection& connection) const {
  std::uint32_t due_ms = silence_due_ms(connection);
  if (connection.within_message) due_ms = base::sooner_ms(due_ms, connection.message_ms + options().message_ms);
  if (connection.authorization) due_ms = base::sooner_ms(due_ms, end_due_ms(host_, connection.authorization->ends_ms()));
  const std::uint32_t age_due_in_ms = connection.blocked ? fan_out().slow_watch().age_due_in_ms(connection) : TimerWheel::no_deadline_ms;
  if (age_due_in_ms == TimerWheel::no_deadline_ms) return due_ms;
  // A frame that is only partly on the wire stays overdue whatever the policy does: do not look at it in every tick.
  return base::sooner_ms(due_ms, host_.now_ms() + std::max(age_due_in_ms, judge_again_ms));
}

void Role::on_timer(Connection& connection) {
  if (has_ended(host_, connection)) {
    metrics().add(Metric::auth_ended);
    return host_.begin_close(connection, Ending::unauthenticated, access_ended);
  }
  if (connection.blocked && fan_out().slow_watch().age_due_in_ms(connection) == 0) fan_out().slow_watch().judge(connection);
  if (connection.state == State::open) host_.end_overdue(connection);
  if (connection.state == State::open) mind_silence(connection);
  if (connection.state == State::open) host_.arm(connection);
}

std::uint32_t Role::silence_ms(const Connection& connection) const { return ping_after_ms(connection, patience().ping_interval_ms); }

std::uint32_t Role::silence_due_ms(const Connection& connection) const {
  return connection.awaiting_pong ? connection.since_ms + patience().pong_ms : connection.heard_ms + silence_ms(connection);
}

void Role::mind_silence(Connection& connection) {
  const std::uint32_t now_ms = host_.now_ms();
  if (connection.paused) {  // it is we who do not listen: neither silence nor a missing pong says anything
    connection.heard_ms = now_ms;
    connection.awaiting_pong = false;
  }
  if (!connection.awaiting_pong) {
    return base::age_ms(connection.heard_ms, now_ms) < silence_ms(connection) ? on_quiet(connection) : on_silence(connection);
  }
  const std::uint32_t pong_ms = patience().pong_ms;
  const std::uint32_t asked_ms = base::age_ms(connection.since_ms, now_ms);
  if (asked_ms < pong_ms) return;
  // We look much later than we wanted to: the ping may have been kept here all the time, behind what has only now been read.
  if (asked_ms >= pong_ms + judge_again_ms) {
    connection.since_ms = now_ms - pong_ms + judge_again_ms;
    return;
  }
  if (!manners(connection).tells_unanswered) return host_.doom(connection, Ending::lost, no_answer_reason);
  host_.begin_failed_close(connection, Ending::no_answer, no_answer_reason);
}

/// Also behind what it has not read yet: it may read it in time, and then has to be asked to say so.
void Role::on_silence(Connection& connection) {
  connection.awaiting_pong = true;
  connection.since_ms = host_.now_ms();
  ask_alive(connection);
  metrics().add(Metric::pings_sent);
  fan_out().flush_private(connection);
}

// It ends.

std::uint16_t Role::code_of(const Connection& connection, Ending ending) const { return manners(connection).code_of(ending); }

DrainTurn Role::drain_turn(const Connection& connection) const {
  const bool only_publishes = connection.publishes_to != nullptr && connection.subscriptions.size() == 0;
  return only_publishes ? DrainTurn::publishers : DrainTurn::subscribers;
}

bool Role::has_unfinished(Connection& connection) {
  CHECK(connection.state == State::open);
  if (fan_out().slow_watch().is_behind(connection)) return true;
  host_.read(connection);  // what its peer has sent already
  return connection.state == State::open && (connection.in_read_queue || connection.paused);
}

}  // namespace shard
