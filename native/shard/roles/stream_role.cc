// How a connection of streams opens, is read, and what all of them keep together. (What streams ask: stream_role_calls.cc; how they end:
// stream_role_ends.cc.)
#include "native/shard/roles/stream_role.h"

#include <algorithm>
#include <utility>

#include "native/base/wrapping_time.h"
#include "native/shard/roles/auth_door.h"

namespace shard {

using codec::Ending;
using conn::Connection;
using conn::State;
using metrics::Metric;

namespace {

bool waits_for_peer(const Connection& connection) {
  const codec::StreamWaits waits = connection.stream_codec().waits();
  return waits.request_since_ms || waits.answer_since_ms || waits.greeting_since_ms;
}

bool is_over(const std::optional<std::uint32_t>& since_ms, std::uint32_t most_ms, std::uint32_t now_ms) {
  return since_ms && base::age_ms(*since_ms, now_ms) >= most_ms;
}

}  // namespace

/// There is no handshake: what the peer has to say first is its codec's affair, within `handshake_ms` (StreamWaits).
void StreamRole::begin(Connection& connection) {
  connection.over_rate = connection.over_rate || !host_.admit_client(connection, {});
  host_.open(connection, {});
  if (connection.over_rate && !connection.over_limit) return metrics().add(Metric::handshakes_refused);
  if (!connection.over_limit) return metrics().add(Metric::handshakes_completed);
  metrics().add(Metric::handshakes_refused);
  connection.stream_codec().give_up("too many connections");
  host_.begin_close(connection, Ending::overloaded, "too many connections");
}

void StreamRole::opened(Connection& connection) {
  CHECK(connection.streams == nullptr);
  connection.frame_by_streams();
  connection.stream_codec().set_now(host_.now_ms());
  if (!asks(host_, connection)) return;
  connection.authorization = std::make_unique<conn::Authorization>();
  const auto fields = host_.engine().asked_fields();
  connection.stream_codec().ask_first({fields, &fields->all}, options().http.head_bytes_max);
}

/// What the codec says before its peer has said anything: behind the first read, which usually brings a request whose answer goes with it.
void StreamRole::on_first_read(Connection& connection) {
  if (connection.state == State::open && !connection.stream_codec().replies().empty()) fan_out().flush_private(connection);
}

/// Subscribers' streams need what their peer says of its windows: beside them publishers wait for credit instead (withhold_credit).
bool StreamRole::must_wait(const Connection& connection, Resume resume) const {
  if (connection.authorization && !is_beginning(connection) && connection.stream_codec().is_held_back()) return true;
  const bool only_publishes = connection.publishes_to != nullptr && connection.subscriptions.size() == 0;
  return !is_beginning(connection) && only_publishes && waits_for_room(connection, resume);
}

Metric StreamRole::why_it_waits(const Connection& connection) const {
  const bool is_undecided = connection.authorization && connection.stream_codec().is_held_back();
  return is_undecided ? Metric::auth_held_back : Metric::publishers_paused;
}

void StreamRole::on_bytes(Connection& connection, base::MutableBytes bytes) {
  CHECK(connection.state == State::open && decoding_ == nullptr);
  codec::StreamCodec& codec = connection.stream_codec();
  codec.set_now(host_.now_ms());
  decoding_ = &connection;
  const codec::Decoded decoded = codec.decode(bytes, *this);
  decoding_ = nullptr;
  if (decoded.status == codec::DecodeStatus::failed) metrics().add(Metric::protocol_errors);
  on_streams_written(connection);
  if (decoded.status != codec::DecodeStatus::open) return host_.begin_close(connection, decoded.ending, decoded.reason);
  fan_out().flush_private(connection);
  if (connection.state != State::open) return;
  if (keeps_too_much(connection)) return give_up(connection, "the server is out of buffers");
  if (decoded.left > 0) host_.wait_with(connection, bytes.last(decoded.left));
  conn::Streams& streams = *connection.streams;
  const bool begins = waits_for_peer(connection) && !streams.waits_watched;
  streams.waits_watched = waits_for_peer(connection);
  const std::optional<std::uint32_t> deadline_ms = codec.waits().deadline_ms;
  const bool is_sooner = deadline_ms && (!streams.deadline_ms || base::is_before(*deadline_ms, *streams.deadline_ms));
  if (begins || is_sooner) host_.arm(connection);
}

// What all connections with streams have and keep together.

/// Over the limit who has its part already gets no more; else a few could keep everybody else out. So there may be twice as many.
bool StreamRole::admits_stream() {
  CHECK(decoding_ != nullptr && decoding_->streams != nullptr);
  EngineContext& engine = host_.engine();
  conn::StreamAccount& account = decoding_->streams->account;
  const std::size_t streams_max = engine.options.streams_max;
  const std::size_t connections = std::max<std::size_t>(1, engine.connections.load(std::memory_order_relaxed));
  if (engine.streams.load(std::memory_order_relaxed) >= streams_max && account.streams >= streams_max / connections) {
    metrics().add(Metric::streams_refused);
    return false;
  }
  ++account.streams;
  engine.streams.fetch_add(1, std::memory_order_relaxed);
  metrics().add(Metric::streams_now);
  return true;
}

void StreamRole::on_streams_written(Connection& connection) {
  const codec::StreamCodec& codec = connection.stream_codec();
  settle_account(connection, {codec.open_streams(), codec.buffered_bytes()});
}

void StreamRole::give_back(Connection& connection) {
  if (connection.streams) settle_account(connection, {});
}

void StreamRole::settle_account(Connection& connection, const conn::StreamAccount& now) {
  CHECK(connection.streams != nullptr);
  EngineContext& engine = host_.engine();
  conn::StreamAccount& account = connection.streams->account;
  if (now.streams != account.streams) {
    metrics().add(Metric::streams_now, static_cast<std::int64_t>(now.streams) - static_cast<std::int64_t>(account.streams));
    const std::size_t all = engine.streams.fetch_add(now.streams - account.streams, std::memory_order_relaxed);
    CHECK(all >= account.streams);  // the sum has this part in it
  }
  if (now.bytes != account.bytes) engine.stream_bytes.fetch_add(now.bytes - account.bytes, std::memory_order_relaxed);
  account = now;
}

/// While they keep too much together, who makes it more and has more than the average ends.
bool StreamRole::keeps_too_much(const Connection& connection) const {
  const EngineContext& engine = host_.engine();
  const std::size_t bytes = engine.stream_bytes.load(std::memory_order_relaxed);
  if (bytes <= engine.options.stream_bytes_max) return false;
  const std::size_t connections = std::max<std::size_t>(1, engine.connections.load(std::memory_order_relaxed));
  return connection.streams->account.bytes > engine.options.stream_bytes_max / connections;
}

// Backpressure: while the logs are full, publishers come to rest within the connection's receive window; subscribers of the same
// connection go on, and so empty the logs. A connection that only publishes is not read at all (must_wait). Many connections of
// both kinds could still overfill them: then publishers are refused.

void StreamRole::withhold_credit(Connection& connection) {
  if (connection.withholding) return;
  connection.withholding = true;
  connection.stream_codec().set_credit(codec::Credit::withheld);
  host_.await_room(connection, Metric::publishers_paused);
}

void StreamRole::on_room(Connection& connection) {
  CHECK(connection.withholding);
  connection.withholding = false;
  if (connection.state != State::open) return;  // our direction may be shut
  connection.stream_codec().set_credit(codec::Credit::granted);
  fan_out().flush_soon(connection);
}

// Deadlines.

bool StreamRole::on_blocked(Connection& connection) {
  if (std::exchange(connection.streams->age_watched, true)) return false;
  connection.streams->judge_ms = host_.now_ms() + judge_again_ms;
  return true;
}

std::uint32_t StreamRole::due_ms(Connection& connection) const {
  std::uint32_t due_ms = silence_due_ms(connection);
  const std::uint32_t most_ms = options().handshake_ms;
  if (connection.over_rate) due_ms = base::sooner_ms(due_ms, connection.since_ms + most_ms);
  const codec::StreamWaits waits = connection.stream_codec().waits();
  if (waits.request_since_ms) due_ms = base::sooner_ms(due_ms, *waits.request_since_ms + most_ms);
  if (waits.answer_since_ms) due_ms = base::sooner_ms(due_ms, *waits.answer_since_ms + most_ms);
  if (waits.greeting_since_ms) due_ms = base::sooner_ms(due_ms, *waits.greeting_since_ms + most_ms);
  if (connection.streams->age_watched) due_ms = base::sooner_ms(due_ms, connection.streams->judge_ms);
  connection.streams->deadline_ms = waits.deadline_ms;
  if (waits.deadline_ms) due_ms = base::sooner_ms(due_ms, *waits.deadline_ms);
  if (!connection.authorization) return due_ms;
  if (const auto question_ms = question_due_ms(connection)) due_ms = base::sooner_ms(due_ms, *question_ms);
  return base::sooner_ms(due_ms, end_due_ms(host_, connection.authorization->ends_ms()));
}

void StreamRole::on_timer(Connection& connection) {
  const codec::StreamWaits waits = connection.stream_codec().waits();
  const std::uint32_t most_ms = options().handshake_ms;
  const std::uint32_t now_ms = host_.now_ms();
  if (connection.over_rate && base::age_ms(connection.since_ms, now_ms) >= most_ms) return give_up(connection, too_many_connections);
  // While it is paused it is we who do not listen.
  if (!connection.paused && is_over(waits.request_since_ms, most_ms, now_ms)) return give_up(connection, "a request took too long");
  if (!connection.paused && is_over(waits.answer_since_ms, most_ms, now_ms)) return give_up(connection, "an answer was not read");
  if (!connection.paused && is_over(waits.greeting_since_ms, most_ms, now_ms)) end_overdue_greetings(connection);
  if (waits.deadline_ms && base::is_due(*waits.deadline_ms, now_ms)) end_overdue_calls(connection);
  if (connection.authorization) {
    end_overdue_questions(connection);
    end_outdated(connection);
  }
  connection.streams->waits_watched = waits_for_peer(connection);
  judge_streams(connection);
  if (connection.state == State::open) mind_silence(connection);
  if (connection.state == State::open) host_.arm(connection);
}

}  // namespace shard
