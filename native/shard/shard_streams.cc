// The shard's part of protocols with streams: what their codec commands, and how such a connection opens, waits and ends.
#include <algorithm>
#include <utility>

#include "native/base/wrapping_time.h"
#include "native/shard/shard.h"

namespace shard {

using codec::GrpcStatus;
using codec::StreamKey;
using conn::Connection;
using conn::ConnectionTable;
using conn::State;
using metrics::Metric;

namespace {
/// The least time between looks at the age of what waits for a window: see shard_close.cc.
constexpr std::uint32_t judge_again_ms = 200;
/// Finished in one step of a drain, of one connection: some 10 KiB of trailers.
constexpr std::size_t finished_at_once = 100;

bool waits_for_peer(const Connection& connection) {
  const codec::StreamWaits waits = connection.stream_codec().waits();
  return waits.request_since_ms || waits.answer_since_ms || waits.greeting_since_ms;
}

bool is_over(const std::optional<std::uint32_t>& since_ms, std::uint32_t most_ms, std::uint32_t now_ms) {
  return since_ms && base::age_ms(*since_ms, now_ms) >= most_ms;
}
}  // namespace

/// There is no handshake: what the peer has to say first is its codec's affair, within `handshake_ms` (StreamWaits).
void Shard::open_streams(Connection& connection) {
  connection.codec = codec::protocol(connection.protocol).make_codec(engine_.options.codecs);
  connection.streams = std::make_unique<conn::Streams>();
  connection.state = State::open;
  note(TracePoint::opened, connection, static_cast<std::uint64_t>(connection.protocol));
  codec::StreamCodec& codec = connection.stream_codec();
  codec.set_now(now_ms_);
  if (connection.over_limit) {
    metrics_.add(Metric::handshakes_refused);
    codec.give_up("too many connections");
    return begin_close(connection, codec::Ending::overloaded, "too many connections");
  }
  metrics_.add(Metric::handshakes_completed);
  if (engine_.connection_events.load(std::memory_order_relaxed)) post_event(connection_event(connection, EventKind::connection));
  arm(connection);
}

/// What the codec says before its peer has said anything: behind the first read, which usually brings a request whose answer goes with it.
void Shard::say_first(Connection& connection) {
  if (connection.state == State::open && !connection.stream_codec().replies().empty()) fan_out_.flush_private(connection);
}

void Shard::decode_streams(Connection& connection, base::MutableBytes bytes) {
  codec::StreamCodec& codec = connection.stream_codec();
  codec.set_now(now_ms_);
  decoding_ = &connection;
  const codec::Decoded decoded = codec.decode(bytes, *this);
  decoding_ = nullptr;
  if (decoded.status == codec::DecodeStatus::failed) metrics_.add(Metric::protocol_errors);
  on_streams_written(connection);
  if (decoded.status != codec::DecodeStatus::open) return begin_close(connection, decoded.ending, decoded.reason);
  fan_out_.flush_private(connection);
  if (connection.state != State::open) return;
  if (keeps_too_much(connection)) return give_up(connection, "the server is out of buffers");
  conn::Streams& streams = *connection.streams;
  const bool begins = waits_for_peer(connection) && !streams.waits_watched;
  streams.waits_watched = waits_for_peer(connection);
  const std::optional<std::uint32_t> deadline_ms = codec.waits().deadline_ms;
  const bool is_sooner = deadline_ms && (!streams.deadline_ms || base::is_before(*deadline_ms, *streams.deadline_ms));
  if (begins || is_sooner) arm(connection);
}

// What all connections with streams have and keep together.

/// Over the limit who has its part already gets no more; else a few could keep everybody else out. So there may be twice as many.
bool Shard::admits_stream() {
  conn::StreamAccount& account = decoding_->streams->account;
  const std::size_t streams_max = engine_.options.streams_max;
  const std::size_t connections = std::max<std::size_t>(1, engine_.connections.load(std::memory_order_relaxed));
  if (engine_.streams.load(std::memory_order_relaxed) >= streams_max && account.streams >= streams_max / connections) {
    metrics_.add(Metric::streams_refused);
    return false;
  }
  ++account.streams;
  engine_.streams.fetch_add(1, std::memory_order_relaxed);
  metrics_.add(Metric::streams_now);
  return true;
}

void Shard::on_streams_written(Connection& connection) {
  const codec::StreamCodec& codec = connection.stream_codec();
  settle_account(connection, {codec.open_streams(), codec.buffered_bytes()});
}

void Shard::settle_account(Connection& connection, const conn::StreamAccount& now) {
  conn::StreamAccount& account = connection.streams->account;
  if (now.streams != account.streams) {
    metrics_.add(Metric::streams_now, static_cast<std::int64_t>(now.streams) - static_cast<std::int64_t>(account.streams));
    engine_.streams.fetch_add(now.streams - account.streams, std::memory_order_relaxed);
  }
  if (now.bytes != account.bytes) engine_.stream_bytes.fetch_add(now.bytes - account.bytes, std::memory_order_relaxed);
  account = now;
}

/// While they keep too much together, who makes it more and has more than the average ends.
bool Shard::keeps_too_much(const Connection& connection) const {
  const std::size_t bytes = engine_.stream_bytes.load(std::memory_order_relaxed);
  if (bytes <= engine_.options.stream_bytes_max) return false;
  const std::size_t connections = std::max<std::size_t>(1, engine_.connections.load(std::memory_order_relaxed));
  return connection.streams->account.bytes > engine_.options.stream_bytes_max / connections;
}

// codec::StreamSink.

void Shard::on_stream_subscribe(StreamKey stream, const codec::StreamSubscription& subscription) {
  Connection& connection = *decoding_;
  if (refuses_reserved(stream, subscription.topic)) return;
  const topic::TopicRef topic = engine_.topics.open(subscription.topic);
  if (!topic) return connection.stream_codec().finish(stream, GrpcStatus::resource_exhausted, "too many topics");
  const topic::LastValueRef last = fan_out_.subscribe_stream(connection, stream, topic, codec::protocol(connection.protocol).encoding);
  const bool wants_last = subscription.last > 0 || (last && subscription.since && last->offset >= *subscription.since);
  if (!last || !wants_last) return;
  const base::Bytes message = encode_last(connection, *last);
  if (!message.empty()) connection.stream_codec().greet(stream, message, last->offset);
}

/// Empty when the protocol has no way to say it. Valid until the next call.
base::Bytes Shard::encode_last(const Connection& connection, const topic::LastValue& last) {
  codec::Publication publication;
  publication.kind = last.kind;
  publication.payload = last.payload;
  const codec::Encoding& encoding = codec::encoding(codec::protocol(connection.protocol).encoding);
  const std::size_t bytes = encoding.encoded_bytes(publication);
  if (scratch_.size() < bytes) scratch_.resize(bytes);
  const base::MutableBytes message = base::MutableBytes(scratch_).first(bytes);
  if (bytes > 0) encoding.encode(publication, message);
  return message;
}

/// Protocols whose payload is opaque get it as JSON of the shared schema.
void Shard::on_stream_message(StreamKey stream, const codec::StreamMessage& given) {
  Connection& connection = *decoding_;
  if (refuses_reserved(stream, given.topic)) return;
  const topic::TopicRef topic = topic_of(connection, given.topic);
  if (!topic) return connection.stream_codec().finish(stream, GrpcStatus::resource_exhausted, "too many topics");
  if (engine_.memory.is_exhausted()) return connection.stream_codec().finish(stream, GrpcStatus::unavailable, "the logs are full");
  const codec::Message message{given.author, given.data};
  const std::size_t bytes = codec::json_message_bytes(message);
  if (scratch_.size() < bytes) scratch_.resize(bytes);
  codec::write_json_message(message, scratch_);
  codec::Publication publication;
  publication.kind = codec::PayloadKind::text;
  publication.payload = base::Bytes(scratch_).first(bytes);
  publication.message = &message;
  publish(topic, publication);
  if (engine_.memory.over_limit(demand_of(connection))) withhold_credit(connection);
}

void Shard::on_stream_publish_end(StreamKey) {}

void Shard::on_stream_last(StreamKey stream, std::string_view topic) {
  Connection& connection = *decoding_;
  if (refuses_reserved(stream, topic)) return;
  const topic::LastValueRef last = engine_.retained.find(topic);
  const base::Bytes message = last ? encode_last(connection, *last) : base::Bytes();
  if (message.empty()) return connection.stream_codec().finish(stream, GrpcStatus::not_found, "nothing is retained");
  connection.stream_codec().answer(stream, message, last->offset);
}

void Shard::on_stream_gone(StreamKey stream) {
  metrics_.add(Metric::streams_cancelled);
  fan_out_.unsubscribe_stream(*decoding_, stream);
}

void Shard::on_stream_window(StreamKey stream) { fan_out_.on_stream_window(*decoding_, stream); }

bool Shard::refuses_reserved(StreamKey stream, std::string_view topic) {
  if (!engine_.is_reserved(topic)) return false;
  decoding_->stream_codec().finish(stream, GrpcStatus::permission_denied, reserved_reason);
  return true;
}

/// A publisher usually stays with its topic. Null when there are too many.
topic::TopicRef Shard::topic_of(Connection& connection, std::string_view name) {
  if (!connection.publishes_to || connection.publishes_to->name() != name) connection.publishes_to = engine_.topics.open(name);
  return connection.publishes_to;
}

// Backpressure: while the logs are full, publishers come to rest within the connection's receive window; subscribers of the same
// connection go on, and so empty the logs. A connection that only publishes is not read at all (must_wait). Many connections of
// both kinds could still overfill them: then publishers are refused.

void Shard::withhold_credit(Connection& connection) {
  if (connection.withholding) return;
  connection.withholding = true;
  connection.stream_codec().set_credit(codec::Credit::withheld);
  await_room(connection, Metric::publishers_paused);
}

void Shard::grant_credit(Connection& connection) {
  connection.withholding = false;
  if (connection.state != State::open) return;  // our direction may be shut
  connection.stream_codec().set_credit(codec::Credit::granted);
  fan_out_.flush_soon(connection);
}

// Deadlines.

std::uint32_t Shard::streams_due_ms(Connection& connection, std::uint32_t due_ms) const {
  const std::uint32_t most_ms = engine_.options.handshake_ms;
  const codec::StreamWaits waits = connection.stream_codec().waits();
  if (waits.request_since_ms) due_ms = base::sooner_ms(due_ms, *waits.request_since_ms + most_ms);
  if (waits.answer_since_ms) due_ms = base::sooner_ms(due_ms, *waits.answer_since_ms + most_ms);
  if (waits.greeting_since_ms) due_ms = base::sooner_ms(due_ms, *waits.greeting_since_ms + most_ms);
  if (connection.streams->age_watched) due_ms = base::sooner_ms(due_ms, connection.streams->judge_ms);
  connection.streams->deadline_ms = waits.deadline_ms;
  if (waits.deadline_ms) due_ms = base::sooner_ms(due_ms, *waits.deadline_ms);
  return due_ms;
}

void Shard::on_streams_timer(Connection& connection) {
  const codec::StreamWaits waits = connection.stream_codec().waits();
  const std::uint32_t most_ms = engine_.options.handshake_ms;
  // While it is paused it is we who do not listen.
  if (!connection.paused && is_over(waits.request_since_ms, most_ms, now_ms_)) return give_up(connection, "a request took too long");
  if (!connection.paused && is_over(waits.answer_since_ms, most_ms, now_ms_)) return give_up(connection, "an answer was not read");
  if (!connection.paused && is_over(waits.greeting_since_ms, most_ms, now_ms_)) end_overdue_greetings(connection);
  if (waits.deadline_ms && base::is_due(*waits.deadline_ms, now_ms_)) end_overdue_calls(connection);
  connection.streams->waits_watched = waits_for_peer(connection);
  judge_streams(connection);
  if (connection.state == State::open) on_idle(connection);
  if (connection.state == State::open) arm(connection);
}

void Shard::judge_streams(Connection& connection) {
  conn::Streams& streams = *connection.streams;
  if (!streams.age_watched || !base::is_due(streams.judge_ms, now_ms_)) return;
  fan_out_.judge(connection);
  if (reads_too_late(connection)) return give_up(connection, "answers are not read");
  std::uint32_t due_in_ms = fan_out_.age_due_in_ms(connection);
  if (streams.unread_since_ms != 0) due_in_ms = judge_again_ms;
  streams.age_watched = due_in_ms != TimerWheel::no_deadline_ms;
  if (streams.age_watched) streams.judge_ms = now_ms_ + std::max(due_in_ms, judge_again_ms);
}

/// Topics' bytes have their slow-consumer rules. What the codec says itself has no other bound in time: who never reads it, and never
/// falls silent either, would keep it for ever.
bool Shard::reads_too_late(Connection& connection) {
  conn::Streams& streams = *connection.streams;
  const bool moved = std::exchange(streams.written_bytes, 0) > 0;
  const bool waits = connection.blocked && !connection.stream_codec().replies().empty();
  if (!waits) {
    streams.unread_since_ms = 0;
    return false;
  }
  if (moved || streams.unread_since_ms == 0) streams.unread_since_ms = std::max(now_ms_, 1u);
  return base::age_ms(streams.unread_since_ms, now_ms_) >= engine_.options.handshake_ms;
}

// Ends.

void Shard::give_up(Connection& connection, std::string_view reason) {
  metrics_.add(Metric::protocol_errors);
  connection.stream_codec().give_up(reason);
  begin_close(connection, codec::Ending::policy_violation, reason);
}

/// The connection and its other streams go on.
void Shard::close_slow_stream(const SlowReport& report, std::string_view reason) {
  metrics_.add(Metric::streams_closed_slow);
  report.connection.stream_codec().finish(report.stream, GrpcStatus::resource_exhausted, reason);
  fan_out_.unsubscribe_stream(report.connection, report.stream);
  fan_out_.flush_soon(report.connection);
}

/// What a topic retained is in no log, so no rule for slow consumers sees that a subscriber does not take it.
void Shard::end_overdue_greetings(Connection& connection) {
  connection.stream_codec().set_now(now_ms_);
  for (const StreamKey stream : connection.stream_codec().overdue_greetings(engine_.options.handshake_ms)) {
    metrics_.add(Metric::streams_closed_slow);
    connection.stream_codec().finish(stream, GrpcStatus::resource_exhausted, "slow consumer: its first message was not read");
    fan_out_.unsubscribe_stream(connection, stream);
  }
  on_streams_written(connection);
  fan_out_.flush_soon(connection);
}

void Shard::end_overdue_calls(Connection& connection) {
  connection.stream_codec().set_now(now_ms_);
  for (const StreamKey stream : connection.stream_codec().overdue_deadlines()) {
    metrics_.add(Metric::streams_overdue);
    connection.stream_codec().finish(stream, GrpcStatus::deadline_exceeded, "the deadline is over");
    fan_out_.unsubscribe_stream(connection, stream);
  }
  on_streams_written(connection);
  fan_out_.flush_soon(connection);
}

/// While draining: false as long as some streams are left.
bool Shard::finish_some_streams(Connection& connection) {
  codec::StreamCodec& codec = connection.stream_codec();
  constexpr std::string_view reason = "shutting down";
  std::size_t left = finished_at_once;
  for (; left > 0 && connection.subscriptions.size() > 0; --left) {
    const StreamKey stream = connection.streams->key_of(connection.subscriptions.size() - 1);
    codec.finish(stream, GrpcStatus::unavailable, reason);
    fan_out_.unsubscribe_stream(connection, stream);
  }
  const bool all = connection.subscriptions.size() == 0 && codec.finish_some(static_cast<std::uint32_t>(left), GrpcStatus::unavailable, reason) == 0;
  fan_out_.flush_soon(connection);
  return all;
}

}  // namespace shard
