// How streams end, and the connections that carry them.
#include <algorithm>
#include <utility>

#include "native/base/wrapping_time.h"
#include "native/shard/roles/stream_role.h"
#include "native/shard/timer_wheel.h"

namespace shard {

using codec::Ending;
using codec::Ending;
using codec::StreamKey;
using conn::Connection;
using metrics::Metric;

namespace {
/// Finished in one step of a drain, of one connection: some 10 KiB of trailers.
constexpr std::size_t finished_at_once = 100;
}  // namespace

// Who is slow.

void StreamRole::judge_streams(Connection& connection) {
  conn::Streams& streams = *connection.streams;
  const std::uint32_t now_ms = host_.now_ms();
  if (!streams.age_watched || !base::is_due(streams.judge_ms, now_ms)) return;
  // While its windows are not listened to, that none opens is nobody's fault.
  if (!connection.paused || connection.blocked) fan_out().slow_watch().judge(connection);
  if (reads_too_late(connection)) return give_up(connection, "answers are not read");
  std::uint32_t due_in_ms = fan_out().slow_watch().age_due_in_ms(connection);
  if (streams.unread_since_ms != 0) due_in_ms = judge_again_ms;
  streams.age_watched = due_in_ms != TimerWheel::no_deadline_ms;
  if (streams.age_watched) streams.judge_ms = now_ms + std::max(due_in_ms, judge_again_ms);
}

/// Topics' bytes have their slow-consumer rules. What the codec says itself has no other bound in time: who never reads it, and never
/// falls silent either, would keep it for ever.
bool StreamRole::reads_too_late(Connection& connection) {
  conn::Streams& streams = *connection.streams;
  const std::uint32_t now_ms = host_.now_ms();
  const bool moved = std::exchange(streams.written_bytes, 0) > 0;
  const bool waits = connection.blocked && !connection.stream_codec().replies().empty();
  if (!waits) {
    streams.unread_since_ms = 0;
    return false;
  }
  if (moved || streams.unread_since_ms == 0) streams.unread_since_ms = std::max(now_ms, 1u);
  return base::age_ms(streams.unread_since_ms, now_ms) >= options().handshake_ms;
}

/// Calls are told why; the connection alone could only say that it ends.
void StreamRole::end_over_rate(Connection& connection, std::string_view reason) {
  connection.stream_codec().refuse_streams();
  connection.stream_codec().finish_some(UINT32_MAX, Ending::over_rate, reason);
  host_.begin_close(connection, Ending::over_rate, reason);
}

/// The connection and its other streams go on.
void StreamRole::end_slow(const SlowReport& report, std::string_view reason) {
  metrics().add(Metric::streams_closed_slow);
  report.connection.stream_codec().finish(report.stream, Ending::slow, reason);
  fan_out().audience().unsubscribe_stream(report.connection, report.stream);
  fan_out().flush_soon(report.connection);
}

/// What a topic retained is in no log, so no rule for slow consumers sees that a subscriber does not take it.
void StreamRole::end_overdue_greetings(Connection& connection) {
  connection.stream_codec().set_now(host_.now_ms());
  for (const StreamKey stream : connection.stream_codec().overdue_greetings(options().handshake_ms)) {
    metrics().add(Metric::streams_closed_slow);
    connection.stream_codec().finish(stream, Ending::slow, "slow consumer: its first message was not read");
    fan_out().audience().unsubscribe_stream(connection, stream);
  }
  on_streams_written(connection);
  fan_out().flush_soon(connection);
}

void StreamRole::end_overdue_calls(Connection& connection) {
  connection.stream_codec().set_now(host_.now_ms());
  for (const StreamKey stream : connection.stream_codec().overdue_deadlines()) {
    metrics().add(Metric::streams_overdue);
    connection.stream_codec().finish(stream, Ending::deadline, "the deadline is over");
    fan_out().audience().unsubscribe_stream(connection, stream);
  }
  on_streams_written(connection);
  fan_out().flush_soon(connection);
}

// The connection.

void StreamRole::give_up(Connection& connection, std::string_view reason) {
  metrics().add(Metric::protocol_errors);
  connection.stream_codec().give_up(reason);
  host_.begin_close(connection, Ending::policy_violation, reason);
}

/// A last frame of the connection, and a status for each stream that is left.
void StreamRole::say_goodbye(Connection& connection, std::uint16_t, std::string_view reason) {
  codec::StreamCodec& codec = connection.stream_codec();
  codec.refuse_streams();
  codec.finish_some(UINT32_MAX, Ending::going_away, reason);
  connection.linger_after = true;
}

void StreamRole::on_drain(Connection& connection) {
  connection.stream_codec().drain();
  fan_out().flush_soon(connection);
}

bool StreamRole::finish_some(Connection& connection) {
  codec::StreamCodec& codec = connection.stream_codec();
  constexpr std::string_view reason = "shutting down";
  std::size_t left = finished_at_once;
  for (; left > 0 && connection.subscriptions.size() > 0; --left) {
    const StreamKey stream = connection.streams->key_of(connection.subscriptions.size() - 1);
    codec.finish(stream, Ending::going_away, reason);
    fan_out().audience().unsubscribe_stream(connection, stream);
  }
  const bool all = connection.subscriptions.size() == 0 && codec.finish_some(static_cast<std::uint32_t>(left), Ending::going_away, reason) == 0;
  fan_out().flush_soon(connection);
  return all;
}

}  // namespace shard
