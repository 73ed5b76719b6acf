#include "native/shard/roles/http_handshake.h"

#include <utility>

#include "native/codec/http1/health_check.h"
#include "native/codec/http1/upgrade.h"
#include "native/shard/roles/role.h"

namespace shard {

using codec::HttpRefusal;
using conn::Connection;
using conn::State;
using metrics::Metric;

namespace {
/// Requests of one connection that are refused and leave it open; the answer to the next one ends it.
constexpr std::uint8_t requests_refused_max = 100;
constexpr std::string_view shutting_down = "shutting down";
}  // namespace

void HttpHandshake::on_bytes(Connection& connection, base::MutableBytes bytes) {
  std::unique_ptr<conn::Unread> earlier = std::move(connection.unread);
  std::size_t scanned = 0;
  if (earlier) {
    earlier->bytes.insert(earlier->bytes.end(), bytes.begin(), bytes.end());
    bytes = earlier->bytes;
    scanned = earlier->scanned;
  }
  while (connection.state == State::handshake && !bytes.empty()) {
    const codec::HttpParsed parsed = codec::parse_http_request(bytes, scanned, host_.engine().options.http);
    if (parsed.status == codec::HttpParseStatus::refused) return refuse(connection, parsed.refusal);
    if (parsed.status == codec::HttpParseStatus::incomplete) return keep_head(connection, std::move(earlier), bytes, parsed.scanned);
    on_request_head(connection, parsed, bytes);
    if (connection.unread) return;  // it is held
    bytes = bytes.subspan(parsed.consumed);
    scanned = 0;
  }
  if (connection.state == State::open && !bytes.empty()) user_.on_first_bytes(connection, bytes);
}

/// The rest of a request head is still to come. `bytes`: what there is of it, the last of `earlier` when that is there.
void HttpHandshake::keep_head(Connection& connection, std::unique_ptr<conn::Unread> earlier, base::Bytes bytes, std::size_t scanned) {
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

void HttpHandshake::await_request(Connection& connection) {
  connection.since_ms = host_.now_ms();
  host_.arm(connection);
}

void HttpHandshake::await_next_request(Connection& connection) {
  ++connection.requests_refused;
  await_request(connection);
  host_.fan_out().flush_private(connection);
}

/// `bytes` begins with the head and ends with all that was read.
void HttpHandshake::on_request_head(Connection& connection, const codec::HttpParsed& parsed, base::Bytes bytes) {
  const DrainPhase drain = host_.drain_phase();
  const bool down = connection.over_limit || drain != DrainPhase::none;
  auto health = codec::answer_health_check(parsed.request, down ? codec::Health::down : codec::Health::up);
  if (health) return answer_health(connection, parsed.request, *health);
  const codec::Protocol& protocol = codec::protocol(connection.protocol);
  const bool upgrades = protocol.manners.is_asked_for(parsed.request);
  const bool shares_port = protocol.shares_port_with_http && !connection.returned;
  if (shares_port && !connection.over_limit && !connection.over_rate && !upgrades) return hand_over(connection, bytes);
  // Behind a request that asks for less the connection may go on with another client's.
  if (connection.from_proxy && upgrades && !host_.find_client(connection, parsed.request)) return;
  if (user_.answers_late() && drain == DrainPhase::closing && !connection.over_limit) return hold(connection, bytes);
  auto refusal = open(connection, parsed.request);
  if (!refusal) return;
  if (!may_stay(connection, parsed.request)) return refuse(connection, *refusal);
  refusal->closes = false;
  answer_refused(connection, *refusal);
  await_next_request(connection);
}

/// Proxies send requests of many clients over one connection: one that was refused must not cost the next one, an upgrade perhaps, its
/// connection (RFC 9110 §7.8, RFC 9112 §9.3). Behind a refused upgrade, though, there may be what is no HTTP.
bool HttpHandshake::may_stay(const Connection& connection, const codec::HttpRequest& request) const {
  return !connection.over_limit && !connection.over_rate && host_.drain_phase() == DrainPhase::none && !connection.returned && connection.requests_refused < requests_refused_max &&
         codec::keeps_connection(request) && !codec::protocol(connection.protocol).manners.is_asked_for(request);
}

void HttpHandshake::on_timer(Connection& connection) {
  if (awaits_nothing(connection)) return host_.doom(connection, codec::Ending::normal, "");
  if (connection.unread && connection.unread->held) return answer_held(connection);
  refuse(connection, {408, "the handshake took too long"});
}

// While a drain is under way.

/// Its request is whole. Neither answered nor read further: a client waits for the answer to its handshake for longer than this takes.
void HttpHandshake::hold(Connection& connection, base::Bytes request) {
  connection.unread = std::make_unique<conn::Unread>();
  connection.unread->bytes.assign(request.begin(), request.end());
  connection.unread->held = true;
  connection.paused = true;
}

/// Lets it in to tell it what all others were told.
void HttpHandshake::answer_held(Connection& connection) {
  const std::unique_ptr<conn::Unread> held = std::move(connection.unread);
  connection.paused = false;
  const codec::HttpParsed parsed = codec::parse_http_request(held->bytes, 0, host_.engine().options.http);
  CHECK(parsed.status == codec::HttpParseStatus::complete);
  if (const auto refusal = open(connection, parsed.request)) refuse(connection, *refusal);
  host_.mind_unfinished(connection);
}

void HttpHandshake::end(Connection& connection) {
  if (connection.unread && connection.unread->held) return answer_held(connection);
  if (awaits_nothing(connection)) return host_.doom(connection, codec::Ending::normal, "");
  host_.read(connection);
  if (is_beginning(connection)) refuse(connection, {503, std::string(shutting_down)});
}

// Upgrades.

std::optional<HttpRefusal> HttpHandshake::open(Connection& connection, const codec::HttpRequest& request) {
  if (connection.over_limit) return HttpRefusal{503, "too many connections", request.method != "HEAD"};
  if (host_.drain_phase() != DrainPhase::none && !user_.answers_late()) return HttpRefusal{503, std::string(shutting_down), request.method != "HEAD"};
  const codec::Protocol& protocol = codec::protocol(connection.protocol);
  const codec::Upgrade upgrade = protocol.manners.accept(request);
  if (!upgrade.accepted) return upgrade.refusal;
  const EngineOptions& options = host_.engine().options;
  codec::TopicsParsed parsed;
  if (protocol.parse_target != nullptr) {
    if (const auto page = codec::check_web(request, options.listeners[connection.listener].web)) return page;
    parsed = protocol.parse_target(request.target, options.topics);
    if (!parsed.ok) return parsed.refusal;
  }
  if (auto refusal = admit(connection, request)) return refusal;
  if (protocol.parse_target != nullptr) {
    if (auto refusal = open_topics(connection, parsed.topics)) return refusal;
  }
  host_.open(connection, parsed.topics);
  host_.metrics().add(Metric::handshakes_completed);
  const std::string answer = protocol.manners.write_accepted(upgrade, codec::role_name(protocol.role));
  connection.outbound_for_writing().append(base::bytes_of(answer));
  host_.fan_out().flush_private(connection);
  user_.on_upgraded(connection, request);
  return std::nullopt;
}

/// Where a client is told by messages it is let in for that: it would not see a status.
std::optional<HttpRefusal> HttpHandshake::admit(Connection& connection, const codec::HttpRequest& request) {
  connection.over_rate = connection.over_rate || !host_.admit_client(connection, {});
  if (!connection.over_rate || user_.answers_late()) return std::nullopt;
  return HttpRefusal{429, std::string(too_many_connections), request.method != "HEAD"};
}

std::optional<HttpRefusal> HttpHandshake::open_topics(Connection& connection, const std::vector<std::string>& names) {
  EngineContext& engine = host_.engine();
  std::vector<topic::TopicRef> topics;
  for (const std::string& name : names) {
    if (engine.is_reserved(name)) return HttpRefusal{403, std::string(reserved_reason)};
    topic::TopicRef topic = engine.topics.open(name);
    if (!topic) return HttpRefusal{503, "too many topics"};
    topics.push_back(std::move(topic));
  }
  user_.on_topics(connection, std::move(topics));
  return std::nullopt;
}

// Answers.

/// No refusal, but like one it leaves the connection to whoever comes next over it.
void HttpHandshake::answer_health(Connection& connection, const codec::HttpRequest& request, HttpRefusal& health) {
  health.closes = !may_stay(connection, request);
  answer_text(connection, health);
  health.closes ? end_answered(connection) : await_next_request(connection);
}

void HttpHandshake::answer_refused(Connection& connection, const HttpRefusal& refusal) {
  host_.metrics().add(Metric::handshakes_refused);
  host_.warn("handshake-refused", "refused a handshake from " + connection.peer.text() + ": " + std::to_string(refusal.status) + " " + refusal.reason);
  answer_text(connection, refusal);
}

void HttpHandshake::refuse(Connection& connection, const HttpRefusal& refusal) {
  CHECK(refusal.closes && is_beginning(connection));
  answer_refused(connection, refusal);
  end_answered(connection);
}

void HttpHandshake::answer_text(Connection& connection, const HttpRefusal& text) {
  const std::string answer = codec::write_http_refusal(text, host_.kernel().unix_seconds(), codec::role_name(connection.role));
  connection.outbound_for_writing().append(base::bytes_of(answer));
}

void HttpHandshake::end_answered(Connection& connection) {
  connection.state = State::closing;
  connection.linger_after = true;
  connection.since_ms = host_.now_ms();
  host_.arm(connection);
  host_.fan_out().flush_private(connection);
}

/// A plain HTTP request on a port that it shares: the socket is the control plane's from here on.
void HttpHandshake::hand_over(Connection& connection, base::Bytes head) {
  host_.unwatch(connection);
  HttpConnection event{connection.protocol, connection.fd, connection.listener, connection.peer.text(), std::string(base::text_of(head))};
  connection.handed_over = host_.engine().events.post(std::move(event));
  if (!connection.handed_over) host_.metrics().add(Metric::events_dropped);
  host_.metrics().add(Metric::http_connections);
  host_.doom(connection, codec::Ending::normal, "");
}

}  // namespace shard
