// The shard's closing half: close handshakes, deadlines, slow consumers. (The drain: shard_drain.cc.)
#include <algorithm>
#include <array>
#include <utility>

#include "native/base/wrapping_time.h"
#include "native/shard/shard.h"

namespace shard {

using conn::Connection;
using conn::ConnectionTable;
using conn::State;
using metrics::Metric;

namespace {
constexpr std::string_view no_answer_reason = "no answer to a ping";
/// The least time between a refusal, or a look at the age of a blocked connection's oldest publication, and the next look: who
/// reads uses it to catch up, also after the whole process was stopped for longer than `age_max_ms`, or than a pong may take.
constexpr std::uint32_t judge_again_ms = 200;
/// Of connections whose silence has no bound.
constexpr std::uint32_t look_again_ms = 3'600'000;

/// Spreads the pings of connections that came together: up to an eighth later, by slot.
std::uint32_t ping_after_ms(const Connection& connection, std::uint32_t interval_ms) {
  return interval_ms + static_cast<std::uint32_t>(std::uint64_t{connection.slot * 2654435761u} * (interval_ms / 8) >> 32);
}

void append_ping_frame(Connection& connection) {
  std::array<std::uint8_t, codec::control_frame_bytes_max> frame;
  const std::size_t length = codec::protocol(connection.protocol).manners.write_ping({}, frame);
  connection.outbound_for_writing().append(base::Bytes(frame).first(length));
}

/// Whether the protocol asks by a message of its own, perhaps too seldom for what stands between: then ping frames go beside it.
bool pings_beside(const Connection& connection) {
  return !codec::protocol(connection.protocol).manners.ping_text.empty() && !connection.awaiting_pong;
}
}  // namespace

/// Kept open behind a refused request, and the next one has not begun: nobody waits for an answer.
bool Shard::awaits_nothing(const Connection& connection) {
  return connection.state == State::handshake && connection.requests_refused > 0 && !connection.unread;
}

/// What a drain closes sessions with is configured: their clients come back at once, or after a while.
std::uint16_t Shard::code_of(const Connection& connection, codec::Ending ending) const {
  const bool drains = ending == codec::Ending::going_away && connection.role == codec::Role::session;
  return drains ? engine_.options.session_drain_code : codec::protocol(connection.protocol).manners.code_of(ending);
}

void Shard::begin_close(Connection& connection, codec::Ending ending, std::string_view reason) {
  begin_close_as(connection, code_of(connection, ending), reason);
}

void Shard::begin_close_as(Connection& connection, std::uint16_t code, std::string_view reason) {
  if (connection.state != State::open) return;
  if (connection.close_code == 0) remember_reason(connection, code, reason);
  note(TracePoint::close_begun, connection, connection.close_code);
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
    std::array<std::uint8_t, codec::control_frame_bytes_max> frame;
    const std::size_t length = codec::protocol(connection.protocol).manners.write_close(code, reason, frame);
    connection.outbound_for_writing().append(base::Bytes(frame).first(length));
  }
  connection.state = State::closing;
  connection.since_ms = now_ms_;
  arm(connection);
  fan_out_.flush_private(connection);
}

void Shard::begin_failed_close(Connection& connection, codec::Ending ending, std::string_view reason) {
  const codec::Manners& manners = codec::protocol(connection.protocol).manners;
  if (connection.state == State::open && manners.write_error != nullptr) {
    fan_out_.unsubscribe_all(connection);  // the frame that it stands in comes before
    connection.outbound_for_writing().append(base::bytes_of(manners.write_text(manners.write_error(manners.code_of(ending), reason))));
  }
  begin_close(connection, ending, reason);
}

void Shard::doom(Connection& connection, codec::Ending ending, std::string_view reason) {
  if (connection.state == State::doomed) return;
  if (connection.close_code == 0) remember_reason(connection, code_of(connection, ending), reason);
  note(TracePoint::doomed, connection, connection.close_code);
  connection.state = State::doomed;
  fan_out_.unsubscribe_all(connection);
  doomed_.push_back(ConnectionTable::token(connection));
}

void Shard::remember_reason(Connection& connection, std::uint16_t code, std::string_view reason) {
  connection.close_code = code;
  connection.close_reason = reason.empty() ? nullptr : std::make_unique<std::string>(reason);
}

// FanOutOwner.

void Shard::on_write_failed(Connection& connection) { doom(connection, codec::Ending::lost, "connection lost"); }

void Shard::on_rest_unread(Connection& connection) {
  if (connection.state == State::open) metrics_.add(Metric::connections_closed_slow);
  doom(connection, codec::Ending::lost, "slow consumer: a frame was not read to its end while the logs were full");
}

void Shard::on_blocked(Connection& connection) {
  if (connection.state != State::open) return;
  if (connection.streams) {
    if (std::exchange(connection.streams->age_watched, true)) return;
    connection.streams->judge_ms = now_ms_ + judge_again_ms;
  }
  note(TracePoint::blocked, connection);
  arm(connection);
}

void Shard::on_drained(Connection& connection) {
  if (connection.role == codec::Role::respond) read_later(connection);  // it was not read meanwhile
  if (connection.state != State::closing) return;
  if (connection.peer_closed) {
    doom(connection, codec::Ending::lost, "");
  } else if (connection.linger_after) {
    kernel_.shutdown_send(connection.fd);
    connection.state = State::lingering;
    connection.since_ms = now_ms_;
    arm(connection);
  }
}

void Shard::on_unsent(const SlowReport& report) {
  note(TracePoint::slow_judged, report.connection, report.bytes_behind);
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
  begin_failed_close(report.connection, codec::Ending::slow, reason);
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
      if (awaits_nothing(connection)) return doom(connection, codec::Ending::normal, "");
      if (connection.unread && connection.unread->held) return answer_held(connection);
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
      doom(connection, codec::Ending::lost, "the close handshake took too long");
      return;
    case State::lingering:
      doom(connection, codec::Ending::lost, "");
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
    if (!manners.tells_unanswered) return doom(connection, codec::Ending::lost, no_answer_reason);
    return begin_failed_close(connection, codec::Ending::no_answer, no_answer_reason);
  }
  if (base::age_ms(connection.heard_ms, now_ms_) < silence_ms(connection)) return ping_beside(connection);
  if (connection.role == codec::Role::respond) {
    if (engine_.options.responder.idle_ms > 0) return begin_close(connection, codec::Ending::normal, "idle for too long");
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
    connection.outbound_for_writing().append(base::bytes_of(manners.write_text(manners.ping_text)));
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

}  // namespace shard
