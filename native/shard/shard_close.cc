// The shard's closing half: close handshakes, deadlines, slow consumers, drain.
#include <algorithm>
#include <array>
#include <random>
#include <utility>

#include "native/base/wrapping_time.h"
#include "native/codec/websocket_text.h"
#include "native/shard/shard.h"

namespace shard {

using conn::Connection;
using conn::ConnectionTable;
using conn::State;
using metrics::Metric;

namespace {
constexpr auto abnormal = static_cast<std::uint16_t>(codec::CloseCode::abnormal);
constexpr auto normal = static_cast<std::uint16_t>(codec::CloseCode::normal);
constexpr std::string_view no_answer_reason = "no answer to a ping";
/// While draining, at least one connection is closed in this time, so that a few connections need not wait for the window.
constexpr std::uint32_t drain_step_ms_max = 5;
/// Peers get this long to answer a close frame even when the whole drain is to be shorter.
constexpr std::uint32_t drain_answer_ms_min = 1000;
/// The least time between a refusal, or a look at the age of a blocked connection's oldest publication, and the next look: who
/// reads uses it to catch up, also after the whole process was stopped for longer than `age_max_ms`, or than a pong may take.
constexpr std::uint32_t judge_again_ms = 200;
/// Of connections whose silence has no bound.
constexpr std::uint32_t look_again_ms = 3'600'000;

/// Spreads the pings of connections that came together: up to an eighth later, by slot.
std::uint32_t ping_after_ms(const Connection& connection, std::uint32_t interval_ms) {
  return interval_ms + static_cast<std::uint32_t>(std::uint64_t{connection.slot * 2654435761u} * (interval_ms / 8) >> 32);
}

/// Kept open behind a refused request, and the next one has not begun: nobody waits for an answer.
bool awaits_nothing(const Connection& connection) {
  return connection.state == State::handshake && connection.requests_refused > 0 && !connection.unread;
}

void append_ping_frame(Connection& connection) {
  std::array<std::uint8_t, 2> frame;
  codec::write_ping_frame({}, frame);
  connection.outbound_for_writing().append(frame);
}

/// Whether the protocol asks by a message of its own, perhaps too seldom for what stands between: then ping frames go beside it.
bool pings_beside(const Connection& connection) {
  return !codec::protocol(connection.protocol).manners.ping_text.empty() && !connection.awaiting_pong;
}
}  // namespace

void Shard::begin_close(Connection& connection, codec::CloseCode code, std::string_view reason) {
  if (connection.state != State::open) return;
  if (connection.close_code == 0) remember_reason(connection, static_cast<std::uint16_t>(code), reason);
  // Its rules are over here and now: whoever shares a channel with it is not to wait until it has answered our close frame.
  if (connection.session) end_session(connection);
  fan_out_.unsubscribe_all(connection);
  if (connection.streams) {
    codec::StreamCodec& codec = connection.stream_codec();
    codec.refuse_streams();
    codec.finish_some(UINT32_MAX, codec::GrpcStatus::unavailable, reason);
    connection.linger_after = true;
  } else if (connection.role == codec::Role::respond) {
    connection.linger_after = true;  // there is no close frame: the end of our stream, behind the replies, says it all
  } else {
    std::array<std::uint8_t, 127> frame;
    const std::size_t length = codec::write_close_frame(static_cast<std::uint16_t>(code), reason, frame);
    connection.outbound_for_writing().append(base::Bytes(frame).first(length));
  }
  connection.state = State::closing;
  connection.since_ms = now_ms_;
  arm(connection);
  fan_out_.flush_private(connection);
}

void Shard::doom(Connection& connection, std::uint16_t code, std::string_view reason) {
  if (connection.state == State::doomed) return;
  if (connection.close_code == 0) remember_reason(connection, code, reason);
  connection.state = State::doomed;
  fan_out_.unsubscribe_all(connection);
  doomed_.push_back(ConnectionTable::token(connection));
}

void Shard::remember_reason(Connection& connection, std::uint16_t code, std::string_view reason) {
  connection.close_code = code;
  connection.close_reason = reason.empty() ? nullptr : std::make_unique<std::string>(reason);
}

// FanOutOwner.

void Shard::on_write_failed(Connection& connection) { doom(connection, abnormal, "connection lost"); }

void Shard::on_rest_unread(Connection& connection) {
  if (connection.state == State::open) metrics_.add(Metric::connections_closed_slow);
  doom(connection, abnormal, "slow consumer: a frame was not read to its end while the logs were full");
}

void Shard::on_blocked(Connection& connection) {
  if (connection.state != State::open) return;
  if (connection.streams) {
    if (std::exchange(connection.streams->age_watched, true)) return;
    connection.streams->judge_ms = now_ms_ + judge_again_ms;
  }
  arm(connection);
}

void Shard::on_drained(Connection& connection) {
  if (connection.role == codec::Role::respond) read_later(connection);  // it was not read meanwhile
  if (connection.state != State::closing) return;
  if (connection.peer_closed) {
    doom(connection, abnormal, "");
  } else if (connection.linger_after) {
    kernel_.shutdown_send(connection.fd);
    connection.state = State::lingering;
    connection.since_ms = now_ms_;
    arm(connection);
  }
}

void Shard::on_unsent(const SlowReport& report) {
  Event event = connection_event(report.connection, EventKind::slow);
  event.topics = {report.topic.name()};
  event.policy = report.policy;
  event.bytes_behind = report.bytes_behind;
  event.age_ms = report.age_ms;
  event.skipped = report.skipped;
  post_event(std::move(event));
}

void Shard::on_slow(const SlowReport& report, conn::SlowAction action) {
  on_unsent(report);
  if (action == conn::SlowAction::resume_at) return arm(report.connection);
  const std::string reason = "slow consumer: " + std::to_string(report.bytes_behind) + " bytes behind";
  if (report.connection.streams) return close_slow_stream(report, reason);
  metrics_.add(Metric::connections_closed_slow);
  begin_close(report.connection, static_cast<codec::CloseCode>(codec::protocol(report.connection.protocol).manners.slow), reason);
}

// Timers: one deadline a connection. Hearing from it moves the deadline only when a ping was unanswered; else it is looked at
// anew when the deadline comes.

void Shard::arm(Connection& connection) {
  const EngineOptions& options = engine_.options;
  std::uint32_t due_ms = now_ms_;
  switch (connection.state) {
    case State::proxy_header:
    case State::handshake:
      due_ms = connection.since_ms + (awaits_nothing(connection) ? options.keep_alive_ms : options.handshake_ms);
      break;
    case State::open: {
      due_ms = connection.awaiting_pong ? connection.since_ms + patience_of(connection).pong_ms
                                        : connection.heard_ms + silence_ms(connection);
      if (connection.streams) {
        due_ms = streams_due_ms(connection, due_ms);
        break;
      }
      if (pings_beside(connection)) due_ms = base::sooner_ms(due_ms, ping_beside_due_ms(connection));
      if (connection.within_message) due_ms = base::sooner_ms(due_ms, connection.message_ms + options.message_ms);
      const std::uint32_t age_due_in_ms =
          connection.blocked ? fan_out_.age_due_in_ms(connection) : TimerWheel::no_deadline_ms;
      if (age_due_in_ms != TimerWheel::no_deadline_ms) {
        // A frame that is only partly on the wire stays overdue whatever the policy does: do not look at it in every tick.
        due_ms = base::sooner_ms(due_ms, now_ms_ + std::max(age_due_in_ms, judge_again_ms));
      }
      break;
    }
    case State::closing:
    case State::lingering:
      due_ms = connection.since_ms + options.close_ms;
      break;
    case State::doomed:
      return;
    case State::free:
      CHECK(false);
  }
  timers_.set(connection.slot, due_ms, now_ms_);
}

void Shard::on_timer(Connection& connection) {
  switch (connection.state) {
    case State::proxy_header:
      refuse_proxy_header(connection, {408, "the PROXY header took too long"});
      return;
    case State::handshake:
      if (awaits_nothing(connection)) return doom(connection, normal, "");
      refuse(connection, {408, "the handshake took too long"});
      return;
    case State::open:
      if (connection.streams) return on_streams_timer(connection);
      if (connection.blocked && fan_out_.age_due_in_ms(connection) == 0) fan_out_.judge(connection);
      if (connection.state == State::open && is_overdue(connection)) end_overdue(connection);
      if (connection.state == State::open) on_idle(connection);
      if (connection.state == State::open) arm(connection);
      return;
    case State::closing:
      doom(connection, abnormal, "the close handshake took too long");
      return;
    case State::lingering:
      doom(connection, abnormal, "");
      return;
    case State::doomed:
      return;
    case State::free:
      CHECK(false);
  }
}

const Patience& Shard::patience_of(const Connection& connection) const {
  return connection.role == codec::Role::session ? engine_.options.sessions : engine_.options.idle;
}

/// Silence that is borne before a peer is asked whether it lives; a responder's cannot be asked and is let go.
std::uint32_t Shard::silence_ms(const Connection& connection) const {
  if (connection.role != codec::Role::respond) return ping_after_ms(connection, patience_of(connection).ping_interval_ms);
  const std::uint32_t idle_ms = engine_.options.responder.idle_ms;
  return idle_ms > 0 ? idle_ms : look_again_ms;
}

void Shard::on_idle(Connection& connection) {
  const Patience& patience = patience_of(connection);
  const codec::Manners& manners = codec::protocol(connection.protocol).manners;
  if (connection.paused) {  // it is we who do not listen: neither silence nor a missing pong says anything
    connection.heard_ms = now_ms_;
    connection.awaiting_pong = false;
  }
  if (connection.awaiting_pong) {
    const std::uint32_t asked_ms = base::age_ms(connection.since_ms, now_ms_);
    if (asked_ms < patience.pong_ms) return;
    // We look much later than we wanted to: the ping may have been kept here all the time, behind what has only now been read.
    if (asked_ms >= patience.pong_ms + judge_again_ms) {
      connection.since_ms = now_ms_ - patience.pong_ms + judge_again_ms;
      return;
    }
    if (manners.no_answer == 0) return doom(connection, abnormal, no_answer_reason);
    return begin_close(connection, static_cast<codec::CloseCode>(manners.no_answer), no_answer_reason);
  }
  if (base::age_ms(connection.heard_ms, now_ms_) < silence_ms(connection)) return ping_beside(connection);
  if (connection.role == codec::Role::respond) {
    if (engine_.options.responder.idle_ms > 0) return begin_close(connection, codec::CloseCode::normal, "idle for too long");
    connection.heard_ms = now_ms_;  // its silence has no bound: it is looked at again as if it had just spoken
    return;
  }
  connection.awaiting_pong = true;
  connection.since_ms = now_ms_;
  // Also behind what it has not read yet: it may read it in time, and then has to be asked to say so.
  if (connection.streams) {
    connection.stream_codec().ping();
  } else if (manners.ping_text.empty()) {
    append_ping_frame(connection);
  } else {
    connection.outbound_for_writing().append(base::bytes_of(codec::write_text_frame(manners.ping_text)));
  }
  metrics_.add(Metric::pings_sent);
  fan_out_.flush_private(connection);
}

/// Proxies cut what is silent for a minute. No answer is waited for: what the protocol asks by itself decides whether the peer lives.
void Shard::ping_beside(Connection& connection) {
  if (!pings_beside(connection) || !base::is_due(ping_beside_due_ms(connection), now_ms_)) return;
  connection.since_ms = now_ms_;
  append_ping_frame(connection);
  metrics_.add(Metric::pings_sent);
  fan_out_.flush_private(connection);
}

/// Since it was heard, or since the last of these pings.
std::uint32_t Shard::ping_beside_due_ms(const Connection& connection) const {
  const bool asked = base::is_before(connection.heard_ms, connection.since_ms);
  return (asked ? connection.since_ms : connection.heard_ms) + ping_after_ms(connection, engine_.options.idle.ping_interval_ms);
}

// Drain: publishers first, on all shards, so that what they sent still finds its subscribers; then the subscribers. Each list in
// random order, paced.

void Shard::begin_drain(std::uint32_t drain_ms) {
  if (drain_.active) return;
  acceptor_.stop();
  for (std::uint32_t slot = 0; slot < connections_.slots(); ++slot) {
    Connection& connection = connections_.at(slot);
    if (awaits_nothing(connection)) doom(connection, normal, "");
    if (connection.state == State::proxy_header) refuse_proxy_header(connection, {503, "shutting down"});
    if (connection.state == State::handshake) refuse(connection, {503, "shutting down"});
    if (connection.state != State::open) continue;
    if (connection.streams) {
      connection.stream_codec().drain();
      fan_out_.flush_soon(connection);
    }
    const bool only_publishes = connection.role == codec::Role::publish || (connection.publishes_to && connection.subscriptions.size() == 0);
    auto& list = only_publishes ? drain_.publishers : drain_.subscribers;
    list.push_back(ConnectionTable::token(connection));
  }
  std::minstd_rand random(now_ms_);
  std::shuffle(drain_.publishers.begin(), drain_.publishers.end(), random);
  std::shuffle(drain_.subscribers.begin(), drain_.subscribers.end(), random);
  drain_.active = true;
  drain_.started_ms = now_ms_;
  drain_.within_ms = drain_ms;
  drain_.total = drain_.publishers.size() + drain_.subscribers.size();
}

void Shard::go_on_draining() {
  if (!drain_.active || drain_.reported) return;
  const std::uint32_t elapsed_ms = base::age_ms(drain_.started_ms, now_ms_);
  // The last quarter is for the answers to the last close frames.
  const std::uint32_t close_within_ms = drain_.within_ms / 4 * 3;
  const bool time_is_up = elapsed_ms >= close_within_ms;
  const std::size_t due = time_is_up ? drain_.total
                                     : std::max<std::size_t>(drain_.total * elapsed_ms / close_within_ms,
                                                             elapsed_ms / drain_step_ms_max + 1);
  drain_some(drain_.publishers, due, time_is_up);
  if (drain_.publishers.empty() && !std::exchange(drain_.publishers_closed, true)) {
    engine_.shards_without_publishers.fetch_add(1, std::memory_order_relaxed);
  }
  // Publishers of other shards get half of the time at most: one that is stuck must not keep the subscribers from an orderly end.
  const bool heard_all = engine_.shards_without_publishers.load(std::memory_order_relaxed) == engine_.shards.size();
  if (heard_all || elapsed_ms >= close_within_ms / 2) drain_some(drain_.subscribers, due, time_is_up);
  if (elapsed_ms >= std::max(drain_.within_ms, std::min(engine_.options.close_ms, drain_answer_ms_min))) cut_the_rest();
  if (connections_.size() > 0) return;
  drain_.reported = true;
  if (engine_.shards_drained.fetch_add(1, std::memory_order_relaxed) + 1 < engine_.shards.size()) return;
  Event event;
  event.kind = EventKind::drained;
  event.cut = engine_.drain_cut.load(std::memory_order_relaxed);
  post_event(std::move(event));
}

void Shard::cut_the_rest() {
  for (std::uint32_t slot = 0; slot < connections_.slots(); ++slot) {
    Connection& connection = connections_.at(slot);
    if (connection.state == State::free || connection.state == State::doomed) continue;
    if (connection.codec) engine_.drain_cut.fetch_add(1, std::memory_order_relaxed);
    doom(connection, abnormal, "cut at the end of the drain");
  }
}

/// Closes connections of `list` until `due` of all are closed. Who has something unfinished comes later, while there is time.
void Shard::drain_some(std::deque<std::uint64_t>& list, std::size_t due, bool time_is_up) {
  for (std::size_t tries = list.size(); tries > 0; --tries) {
    const std::size_t left = drain_.publishers.size() + drain_.subscribers.size();
    if (drain_.total - left >= due) return;
    const std::uint64_t token = list.back();
    list.pop_back();
    Connection* const connection = connections_.find(token);
    if (connection == nullptr) continue;
    if (!time_is_up && has_unfinished(*connection)) {
      list.push_front(token);
      continue;
    }
    if (!time_is_up && connection->streams && !finish_some_streams(*connection)) {
      list.push_front(token);
      continue;
    }
    begin_close(*connection, static_cast<codec::CloseCode>(codec::protocol(connection->protocol).manners.going_away), "shutting down");
  }
}

/// Whether something that was published is still on its way from or to this connection.
bool Shard::has_unfinished(Connection& connection) {
  if (connection.state != State::open) return false;
  if (connection.role != codec::Role::publish && fan_out_.is_behind(connection)) return true;
  if (connection.role == codec::Role::subscribe) return false;
  on_readable(connection);  // what its peer has sent already
  const bool owes_replies = connection.role == codec::Role::respond && connection.has_outbound();
  return connection.state == State::open && (connection.in_read_queue || connection.paused || owes_replies);
}

}  // namespace shard
