// The shard's closing half: close handshakes, deadlines, slow consumers. (The drain: shard_drain.cc.)
#include "native/base/wrapping_time.h"
#include "native/shard/shard.h"

namespace shard {

using conn::Connection;
using conn::ConnectionTable;
using conn::State;
using metrics::Metric;

void Shard::begin_close(Connection& connection, codec::Ending ending, std::string_view reason) {
  begin_close_as(connection, role_of(connection).code_of(connection, ending), reason);
}

void Shard::begin_close_as(Connection& connection, std::uint16_t code, std::string_view reason) {
  CHECK(connection.state != State::free);
  if (connection.state != State::open) return;
  if (connection.close_code == 0) remember_reason(connection, code, reason);
  note(TracePoint::close_begun, connection, connection.close_code);
  fan_out_.audience().unsubscribe_all(connection);
  role_of(connection).say_goodbye(connection, code, reason);
  CHECK(connection.state == State::open && connection.subscriptions.size() == 0);
  connection.state = State::closing;
  stop_resting(connection);
  connection.since_ms = now_ms_;
  arm(connection);
  fan_out_.flush_private(connection);
}

void Shard::begin_failed_close(Connection& connection, codec::Ending ending, std::string_view reason) {
  const codec::Manners& manners = codec::protocol(connection.protocol).manners;
  if (connection.state == State::open && manners.write_error != nullptr) {
    fan_out_.audience().unsubscribe_all(connection);  // the frame that it stands in comes before
    connection.outbound_for_writing().append(base::bytes_of(manners.write_text(manners.write_error(manners.code_of(ending), reason))));
  }
  begin_close(connection, ending, reason);
}

void Shard::doom(Connection& connection, codec::Ending ending, std::string_view reason) {
  CHECK(connection.state != State::free);
  if (connection.state == State::doomed) return;
  if (connection.close_code == 0) remember_reason(connection, role_of(connection).code_of(connection, ending), reason);
  note(TracePoint::doomed, connection, connection.close_code);
  connection.state = State::doomed;
  fan_out_.audience().unsubscribe_all(connection);
  CHECK(connection.subscriptions.size() == 0);
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
  if (connection.state != State::open || !role_of(connection).on_blocked(connection)) return;
  note(TracePoint::blocked, connection);
  arm(connection);
}

void Shard::on_drained(Connection& connection) {
  role_of(connection).on_sent_all(connection);
  if (connection.state != State::closing) return;
  if (connection.peer_closed) {
    doom(connection, codec::Ending::lost, "");
  } else if (connection.linger_after) {
    transports_.shutdown_send(connection.transport, connection.fd);
    connection.state = State::lingering;
    connection.since_ms = now_ms_;
    arm(connection);
  }
}

void Shard::on_streams_written(Connection& connection) { role_of(connection).on_streams_written(connection); }

bool Shard::may_join(const Connection& connection) const { return role_of(connection).may_join(connection); }

bool Shard::on_joined(Connection& connection, const topic::TopicRef& topic, topic::Join& join) {
  return role_of(connection).on_joined(connection, topic, join);
}

void Shard::on_unsent(const SlowReport& report) {
  note(TracePoint::slow_judged, report.connection, report.bytes_behind);
  const Connection& connection = report.connection;
  post_event(Slow{connection.id, connection.peer.text(), report.topic.name(), report.policy, report.bytes_behind, report.age_ms, report.skipped});
}

void Shard::on_slow(const SlowReport& report, conn::SlowAction action) {
  on_unsent(report);
  if (action == conn::SlowAction::resume_at) {
    if (report.skipped > 0) role_of(report.connection).on_skipped(report);
    return arm(report.connection);
  }
  role_of(report.connection).end_slow(report, "slow consumer: " + std::to_string(report.bytes_behind) + " bytes behind");
}

// Timers: one deadline a connection; while it is open, its role's.

void Shard::arm(Connection& connection) {
  const EngineOptions& options = engine_.options;
  std::uint32_t due_ms = now_ms_;
  switch (connection.state) {
    case State::proxy_header:
    case State::securing:
    case State::handshake:
      due_ms = connection.since_ms + (awaits_nothing(connection) ? options.keep_alive_ms : options.handshake_ms);
      break;
    case State::open:
      due_ms = role_of(connection).due_ms(connection);
      if (connection.account && connection.account->throttled) due_ms = base::sooner_ms(due_ms, connection.account->resume_ms);
      break;
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
      role_of(connection).refuse(connection, codec::Ending::deadline, "the PROXY header took too long");
      return;
    case State::securing:
      refuse_beginning(connection, codec::Ending::deadline, "the TLS handshake took too long");
      return;
    case State::handshake:
      role_of(connection).on_handshake_timer(connection);
      return;
    case State::open:
      end_rest(connection);
      if (connection.state == State::open) role_of(connection).on_timer(connection);
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

}  // namespace shard
