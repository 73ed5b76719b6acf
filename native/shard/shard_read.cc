// The shard's reading half: bytes from sockets, the handshake, and the commands that codecs decode.
#include <algorithm>

#include "native/codec/http1/health_check.h"
#include "native/codec/websocket/websocket_upgrade.h"
#include "native/shard/shard.h"

namespace shard {

using conn::Connection;
using conn::ConnectionTable;
using conn::State;
using metrics::Metric;

namespace {
/// What comes after our close is read, for `close_ms`, only so that no reset overtakes our last bytes: so much of it, which is about
/// what is on its way already when a peer stops at once.
constexpr std::uint32_t after_close_bytes_max = 4 * 1024 * 1024;
/// Requests of one connection that are refused and leave it open; the answer to the next one ends it.
constexpr std::uint8_t requests_refused_max = 100;

/// A head of it is still coming in.
bool is_beginning(const Connection& connection) {
  return connection.state == State::handshake || connection.state == State::proxy_header;
}
}  // namespace

void Shard::on_readable(Connection& connection) {
  if (connection.state == State::doomed || connection.paused) return;
  if (must_wait(connection, Resume::no)) {
    pause(connection);
    return;
  }
  if (connection.role == codec::Role::respond && !takes_requests(connection)) return;
  const bool has_rest = connection.unread && (!is_beginning(connection) || (connection.state == State::handshake && connection.unread->scanned == 0));
  if (has_rest && !read_rest(connection)) return;
  const base::MutableBytes room = base::MutableBytes(read_buffer_).first(read_bytes_max(connection));
  const os::IoResult result = kernel_.receive(connection.fd, room);
  switch (result.outcome) {
    case os::IoOutcome::ok:
      break;
    case os::IoOutcome::would_block:
      return;
    case os::IoOutcome::end:
      doom(connection, codec::Ending::lost, "stream ended");
      return;
    case os::IoOutcome::failed:
      doom(connection, codec::Ending::lost, "connection lost");
      return;
  }
  metrics_.add(Metric::bytes_received, static_cast<std::int64_t>(result.bytes));
  read_left_ -= std::min(read_left_, result.bytes);
  connection.heard_ms = now_ms_;
  if (connection.awaiting_pong) {
    connection.awaiting_pong = false;
    arm(connection);  // the next ping may be due long before pong_ms is over
  }
  if (floods_after_close(connection, result.bytes)) return;
  connection.has_more = result.bytes == room.size();
  on_bytes(connection, room.first(result.bytes));
  // Edge-triggered: a full buffer or a hang-up seen earlier means that there may be more, and no new edge need come.
  if (connection.has_more || connection.ended) read_later(connection);
}

/// While the logs are nearly full, or enough was read in this turn, only so much as is little: who has more is known by it then.
std::size_t Shard::read_bytes_max(const Connection& connection) const {
  if (connection.role == codec::Role::respond) return read_buffer_.size();
  const bool only_little = read_left_ == 0 || engine_.memory.over_limit(topic::Demand::much);
  return only_little ? topic::little_bytes_max : read_quantum_bytes;
}

/// Who does not stop at our close is cut: its bytes cost us as much as those of others.
bool Shard::floods_after_close(Connection& connection, std::size_t bytes) {
  if (connection.state != State::closing && connection.state != State::lingering) return false;
  connection.after_close_bytes += static_cast<std::uint32_t>(bytes);
  if (connection.after_close_bytes <= after_close_bytes_max) return false;
  metrics_.add(Metric::connections_cut_flooding);
  doom(connection, codec::Ending::lost, "it went on sending after the close");
  return true;
}

void Shard::on_bytes(Connection& connection, base::MutableBytes bytes) {
  decode_by_state(connection, bytes);
  if (!connection.streams) mind_unfinished(connection);
}

void Shard::decode_by_state(Connection& connection, base::MutableBytes bytes) {
  switch (connection.state) {
    case State::proxy_header:
      on_proxy_header_bytes(connection, bytes);
      return;
    case State::handshake:
      on_handshake_bytes(connection, bytes);
      return;
    case State::open:
      if (connection.streams) return decode_streams(connection, bytes);
      decode(connection, bytes);
      return;
    case State::closing:
      // After a refusal or a violation nothing more is understood; else the peer's close frame is looked for.
      if (!connection.linger_after) decode(connection, bytes);
      return;
    case State::lingering:
    case State::doomed:
      return;  // read only to be thrown away
    case State::free:
      CHECK(false);
  }
}

// Handshake.

void Shard::on_handshake_bytes(Connection& connection, base::MutableBytes bytes) {
  std::unique_ptr<conn::Unread> earlier = std::move(connection.unread);
  std::size_t scanned = 0;
  if (earlier) {
    earlier->bytes.insert(earlier->bytes.end(), bytes.begin(), bytes.end());
    bytes = earlier->bytes;
    scanned = earlier->scanned;
  }
  while (connection.state == State::handshake && !bytes.empty()) {
    const codec::HttpParsed parsed = codec::parse_http_request(bytes, scanned, engine_.options.http);
    if (parsed.status == codec::HttpParseStatus::refused) return refuse(connection, parsed.refusal);
    if (parsed.status == codec::HttpParseStatus::incomplete) return keep_head(connection, std::move(earlier), bytes, parsed.scanned);
    on_request_head(connection, parsed, bytes);
    if (connection.unread) return;  // it is held
    bytes = bytes.subspan(parsed.consumed);
    scanned = 0;
  }
  if (connection.state == State::open && !bytes.empty()) decode(connection, bytes);
}

/// The rest of a request head is still to come. `bytes`: what there is of it, the last of `earlier` when that is there.
void Shard::keep_head(Connection& connection, std::unique_ptr<conn::Unread> earlier, base::Bytes bytes, std::size_t scanned) {
  const bool begins = !earlier;
  if (begins) {
    earlier = std::make_unique<conn::Unread>();
    earlier->bytes.assign(bytes.begin(), bytes.end());
  } else if (bytes.size() < earlier->bytes.size()) {
    earlier->bytes.erase(earlier->bytes.begin(), earlier->bytes.end() - static_cast<std::ptrdiff_t>(bytes.size()));
  }
  earlier->scanned = scanned;
  connection.unread = std::move(earlier);
  if (begins && connection.requests_refused > 0) await_request(connection);  // it has a time of its own, from its first byte
}

void Shard::await_request(Connection& connection) {
  connection.since_ms = now_ms_;
  arm(connection);
}

/// `bytes` begins with the head and ends with all that was read.
void Shard::on_request_head(Connection& connection, const codec::HttpParsed& parsed, base::Bytes bytes) {
  const bool down = connection.over_limit || drain_.active;
  if (auto health = codec::answer_health_check(parsed.request, down ? codec::Health::down : codec::Health::up)) return answer_health(connection, parsed.request, *health);
  const bool shares_port = codec::protocol(connection.protocol).shares_port_with_http && !connection.returned;
  if (shares_port && !connection.over_limit && !codec::asks_for_websocket(parsed.request)) return hand_over(connection, bytes);
  // Behind a request that asks for less the connection may go on with another client's.
  const bool upgrades = codec::asks_for_websocket(parsed.request);
  if (connection.from_proxy && upgrades && !find_client(connection, parsed.request)) return;
  if (is_held_back(connection)) return hold(connection, bytes);
  auto refusal = open(connection, parsed.request);
  if (!refusal) return;
  if (!may_stay(connection, parsed.request)) return refuse(connection, *refusal);
  refusal->closes = false;
  answer_refused(connection, *refusal);
  await_next_request(connection);
}

/// No refusal, but like one it leaves the connection to whoever comes next over it.
void Shard::answer_health(Connection& connection, const codec::HttpRequest& request, codec::HttpRefusal& health) {
  health.closes = !may_stay(connection, request);
  answer_text(connection, health);
  health.closes ? end_answered(connection) : await_next_request(connection);
}

void Shard::await_next_request(Connection& connection) {
  ++connection.requests_refused;
  await_request(connection);
  fan_out_.flush_private(connection);
}

/// Proxies send requests of many clients over one connection: one that was refused must not cost the next one, an upgrade perhaps, its
/// connection (RFC 9110 §7.8, RFC 9112 §9.3). Behind a refused upgrade, though, there may be what is no HTTP.
bool Shard::may_stay(const Connection& connection, const codec::HttpRequest& request) const {
  return !connection.over_limit && !drain_.active && !connection.returned && connection.requests_refused < requests_refused_max && codec::keeps_connection(request) &&
         !codec::asks_for_websocket(request);
}

std::optional<codec::HttpRefusal> Shard::open(Connection& connection, const codec::HttpRequest& request) {
  if (connection.over_limit) return codec::HttpRefusal{503, "too many connections", request.method != "HEAD"};
  const bool comes_late = drain_.active;
  if (comes_late && connection.role != codec::Role::session) return codec::HttpRefusal{503, "shutting down", request.method != "HEAD"};
  const codec::Upgrade upgrade = codec::accept_websocket_upgrade(request);
  if (!upgrade.accepted) return upgrade.refusal;
  const codec::Protocol& protocol = codec::protocol(connection.protocol);
  codec::TopicsParsed parsed;
  if (protocol.parse_target != nullptr) {
    const auto page = codec::check_web(request, engine_.options.listeners[connection.listener].web);
    if (page) return page;
    parsed = protocol.parse_target(request.target, engine_.options.topics);
    if (!parsed.ok) return parsed.refusal;
    if (auto refusal = open_topics(connection, parsed.topics)) return refusal;
  }

  connection.codec = protocol.make_codec(engine_.options.codecs);
  connection.state = State::open;
  note(TracePoint::opened, connection, static_cast<std::uint64_t>(connection.protocol));
  metrics_.add(Metric::handshakes_completed);
  if (engine_.connection_events.load(std::memory_order_relaxed)) {
    Event event = connection_event(connection, EventKind::connection);
    event.topics = parsed.topics;
    post_event(std::move(event));
  }
  const std::string answer = codec::write_upgrade_response(upgrade, codec::role_name(protocol.role));
  connection.outbound_for_writing().append(base::bytes_of(answer));
  fan_out_.flush_private(connection);
  arm(connection);
  if (connection.role != codec::Role::session) return std::nullopt;
  if (comes_late) begin_close(connection, codec::Ending::going_away, "shutting down");
  else open_session(connection, request);
  return std::nullopt;
}

/// Interest is recorded here, before the 101 is written: what is published from now on will be seen.
std::optional<codec::HttpRefusal> Shard::open_topics(Connection& connection, const std::vector<std::string>& names) {
  std::vector<topic::TopicRef> topics;
  for (const std::string& name : names) {
    if (engine_.is_reserved(name)) return codec::HttpRefusal{403, std::string(reserved_reason)};
    topic::TopicRef topic = engine_.topics.open(name);
    if (!topic) return codec::HttpRefusal{503, "too many topics"};
    topics.push_back(std::move(topic));
  }
  for (topic::TopicRef& topic : topics) {
    if (connection.role == codec::Role::subscribe) {
      fan_out_.subscribe(connection, topic, codec::protocol(connection.protocol).encoding);
    } else {
      connection.publishes_to = std::move(topic);
    }
  }
  return std::nullopt;
}

void Shard::answer_refused(Connection& connection, const codec::HttpRefusal& refusal) {
  metrics_.add(Metric::handshakes_refused);
  const bool told = engine_.warn("handshake-refused", "refused a handshake from " + connection.peer.text() + ": " +
                                                          std::to_string(refusal.status) + " " + refusal.reason);
  if (!told) metrics_.add(Metric::events_dropped);
  answer_text(connection, refusal);
}

/// The last answer on a connection.
void Shard::refuse(Connection& connection, const codec::HttpRefusal& refusal) {
  CHECK(refusal.closes);
  answer_refused(connection, refusal);
  end_answered(connection);
}

void Shard::answer_text(Connection& connection, const codec::HttpRefusal& text) {
  const std::string answer = codec::write_http_refusal(text, kernel_.unix_seconds(), codec::role_name(connection.role));
  connection.outbound_for_writing().append(base::bytes_of(answer));
}

void Shard::end_answered(Connection& connection) {
  connection.state = State::closing;
  connection.linger_after = true;
  connection.since_ms = now_ms_;
  arm(connection);
  fan_out_.flush_private(connection);
}

// Commands.

codec::Decoded Shard::decode_as(Connection& connection, base::MutableBytes bytes) {
  codec::Codec& codec = *connection.codec;
  if (connection.role == codec::Role::session) return static_cast<codec::SessionCodec&>(codec).decode(bytes, *this);
  if (connection.role == codec::Role::respond) return static_cast<codec::RequestCodec&>(codec).decode(bytes, *this);
  return static_cast<codec::MessageCodec&>(codec).decode(bytes, *this);
}

void Shard::decode(Connection& connection, base::MutableBytes bytes) {
  decoding_ = &connection;
  const codec::Decoded decoded = decode_as(connection, bytes);
  decoding_ = nullptr;
  if (!replies_.empty()) send_replies(connection);
  if (decoded.left > 0) wait_with(connection, bytes.last(decoded.left));
  if (decoded.status != codec::DecodeStatus::failed) return;
  metrics_.add(Metric::protocol_errors);
  if (connection.state == State::open) {
    connection.linger_after = true;
    begin_close(connection, decoded.ending, decoded.reason);
  } else {
    doom(connection, codec::Ending::lost, decoded.reason);
  }
}

codec::Flow Shard::on_message(codec::PayloadKind kind, base::Bytes payload) {
  Connection& connection = *decoding_;
  if (connection.state != State::open) return codec::Flow::go_on;  // it came behind our close frame
  const topic::TopicRef& topic = connection.publishes_to;
  CHECK(topic != nullptr);
  codec::Publication publication;
  publication.kind = kind;
  publication.payload = payload;
  publish(topic, publication);
  return codec::Flow::go_on;
}

void Shard::publish(const topic::TopicRef& topic, const codec::Publication& publication) {
  metrics_.add(Metric::messages_received);
  publishing_.publish(topic, publication, now_ms_);
}

/// A publisher that took the wrong port would wait for ever for an error: whoever runs this is told once a connection.
void Shard::on_ignored_message() {
  metrics_.add(Metric::messages_ignored);
  Connection& connection = *decoding_;
  if (connection.told_ignored || connection.subscriptions.size() == 0) return;
  connection.told_ignored = true;
  const std::string& topic = connection.subscriptions[0].slice->topic->name();
  const bool told = engine_.warn("message-ignored", "a message for " + topic + " came to a subscribe port and was ignored; publishers connect to the publish port");
  if (!told) metrics_.add(Metric::events_dropped);
}

void Shard::on_ping(base::Bytes payload) {
  Connection& connection = *decoding_;
  metrics_.add(Metric::pings_received);
  if (connection.state != State::open || !takes_control_frame(connection)) return;
  std::array<std::uint8_t, codec::control_frame_bytes_max> frame;
  const std::size_t length = codec::protocol(connection.protocol).manners.write_pong(payload, frame);
  connection.outbound_for_writing().append_pong(base::Bytes(frame).first(length));
  fan_out_.flush_private(connection);
}

void Shard::on_pong(base::Bytes) {
  if (decoding_->state == State::open) takes_control_frame(*decoding_);
}

/// Counts a control frame against its bound a second; over it the connection is closed with 1008.
bool Shard::takes_control_frame(Connection& connection) {
  const std::uint32_t second = now_ms_ / 1000;
  if (connection.control_second != second) {
    connection.control_second = second;
    connection.control_frames = 0;
  }
  if (++connection.control_frames <= engine_.options.control_frames_per_second_max) return true;
  metrics_.add(Metric::protocol_errors);
  connection.linger_after = true;
  begin_close(connection, codec::Ending::policy_violation, "too many control frames");
  return false;
}

void Shard::on_close(std::uint16_t code, std::string_view reason) {
  Connection& connection = *decoding_;
  connection.peer_closed = true;
  if (connection.state == State::open) {
    remember_reason(connection, code, reason);
    begin_close_as(connection, code, "");
  } else if (connection.state == State::closing && !connection.has_outbound()) {
    if (connection.close_code == 0) remember_reason(connection, code, reason);
    doom(connection, codec::Ending::lost, reason);
  }
}

// Backpressure: a publisher is not read while the logs are full, and one that says much while only their last eighth is free; a session also
// while the control plane has enough to do, from everybody or from this one. Its own TCP window stops it. A session's handshake waits
// likewise, as sessions that come and go, and HTTP requests, are news too.
//
// So who says little, to a topic of which no subscriber is refused, waits for room only while what others like it say is being
// delivered, or their subscribers, just found to be refused, are judged (fan_out_relief.cc).

/// Once it waits it goes on only when there is clearly room again. What a connection says that is being closed is told to nobody.
bool Shard::must_wait(const Connection& connection, Resume resume) const {
  if (connection.state != State::open && !is_beginning(connection)) return false;
  const bool session = connection.role == codec::Role::session;
  if (session && engine_.events.congested()) return true;
  if (connection.session && connection.session->over_share(engine_.events.batch())) return true;
  // Subscribers' streams need what their peer says of its windows: beside them publishers wait for credit instead (withhold_credit).
  const bool only_publishes = connection.publishes_to != nullptr && connection.subscriptions.size() == 0;
  const bool publishes = connection.role == codec::Role::streams ? only_publishes : connection.role == codec::Role::publish;
  if (is_beginning(connection) || (!session && !publishes)) return false;
  if (is_ahead(connection)) return true;
  const topic::Demand demand = demand_of(connection);
  return resume == Resume::yes ? !engine_.memory.below_resume(demand) : engine_.memory.over_limit(demand);
}

/// What is said to a topic that is held up counts as much: it stays in the logs.
topic::Demand Shard::demand_of(const Connection& connection) {
  const bool held = connection.publishes_to != nullptr && connection.publishes_to->is_held();
  return connection.has_more || held ? topic::Demand::much : topic::Demand::little;
}

/// It says more than its topic's subscribers get. Whoever says little is read all the same, to whatever topic.
bool Shard::is_ahead(const Connection& connection) const {
  return connection.role == codec::Role::publish && connection.has_more && connection.publishes_to->is_behind();
}

void Shard::pause(Connection& connection) {
  note(TracePoint::paused, connection);
  connection.paused = true;
  await_room(connection, is_ahead(connection) ? Metric::publishers_held_back : Metric::publishers_paused);
}

void Shard::await_room(Connection& connection, Metric why) {
  metrics_.add(why);
  if (connection.awaits_room) return;
  connection.awaits_room = true;
  auto& waiting = demand_of(connection) == topic::Demand::little ? paused_little_ : paused_much_;
  waiting.push_back(ConnectionTable::token(connection));
}

/// False when it still waits.
bool Shard::resume(Connection& connection) {
  const bool withholds = connection.withholding && !engine_.memory.below_resume(demand_of(connection));
  const bool waits = connection.paused && ((connection.has_more && read_left_ == 0) || must_wait(connection, Resume::yes));
  connection.awaits_room = withholds || waits;
  const bool still = connection.awaits_room;
  if (connection.withholding && !withholds) grant_credit(connection);
  if (!connection.paused || waits) return !still;
  connection.paused = false;
  note(TracePoint::resumed, connection);
  connection.message_ms = now_ms_;  // what has come in part could not go on
  on_readable(connection);          // it may wait again by it, behind all others
  return !still;
}

/// Who still waits comes before those that have just been read. True when one of them does for room.
bool Shard::resume_from(std::vector<std::uint64_t>& waiting) {
  if (waiting.empty()) return false;
  paused_turn_.swap(waiting);
  std::size_t left = 0;
  bool wants_room = false;
  for (const std::uint64_t token : paused_turn_) {
    Connection* const connection = connections_.find(token);
    if (connection == nullptr || resume(*connection)) continue;
    paused_turn_[left++] = token;
    wants_room = wants_room || !engine_.memory.below_resume(demand_of(*connection));
  }
  paused_turn_.resize(left);
  waiting.insert(waiting.begin(), paused_turn_.begin(), paused_turn_.end());
  paused_turn_.clear();
  return wants_room;
}

void Shard::resume_paused() {
  const bool little_wants = resume_from(paused_little_);
  const bool much_wants = resume_from(paused_much_);
  if (little_wants || much_wants) engine_.ask_for_relief(now_ms_);
}

}  // namespace shard
