#include "native/shard/roles/http_handshake.h"

#include <utility>

#include "native/codec/http1/health_check.h"
#include "native/shard/recovery_headers.h"
#include "native/shard/roles/auth_door.h"
#include "native/shard/roles/http_handover.h"
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

bool leaves_http(const codec::Manners& manners, const codec::HttpRequest& request) { return manners.leaves_http && manners.is_asked_for(request); }

bool keeps_request(const Connection& connection) { return codec::protocol(connection.protocol).manners.write_accepted == nullptr; }

/// An answer that is meant to open nothing.
bool is_success(const HttpRefusal& answer) { return answer.status < 300; }
/// Its request waits for a verdict.
bool is_parked(const Connection& connection) { return connection.authorization && connection.authorization->asked != 0; }

bool is_decided(const Connection& connection) { return connection.authorization && connection.authorization->access; }

/// Who decided has seen the topics, too; what is enforced is here.
bool permits(const Connection& connection, std::string_view topic) {
  if (!connection.authorization) return true;
  return is_decided(connection) && connection.authorization->access->grants->permits(use_of(connection.role), topic);
}
}  // namespace

void HttpHandshake::on_bytes(Connection& connection, base::MutableBytes bytes) {
  CHECK(connection.state == State::handshake && connection.codec == nullptr);
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
    if (const auto other = other_asked_for(connection, parsed.request)) return host_.go_on_as(connection, *other, bytes);
    on_request_head(connection, parsed, bytes);
    if (connection.unread) return;  // it is held, or parked
    if (connection.state == State::open && keeps_request(connection)) break;
    bytes = bytes.subspan(parsed.consumed);
    scanned = 0;
  }
  const bool is_ours = connection.codec != nullptr;  // else it was handed over, with all that came
  if (connection.state == State::open && is_ours && !bytes.empty()) user_.on_first_bytes(connection, bytes);
}

/// The rest of a request head is still to come. `bytes`: what there is of it, the last of `earlier` when that is there.
void HttpHandshake::keep_head(Connection& connection, std::unique_ptr<conn::Unread> earlier, base::Bytes bytes, std::size_t scanned) {
  CHECK(connection.unread == nullptr);
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

/// Which protocol of its listener a request asks for, if that is another one than its connection's. What none is asked for is answered by
/// the listener's own.
std::optional<codec::ProtocolId> HttpHandshake::other_asked_for(const Connection& connection, const codec::HttpRequest& request) const {
  const codec::ProtocolId own = host_.engine().options.listeners[connection.listener].protocol;
  codec::ProtocolId asked = own;
  while (!codec::protocol(asked).manners.is_asked_for(request)) {
    const codec::ProtocolId beside = codec::protocol(asked).beside;
    if (beside == asked) {
      asked = own;
      break;
    }
    asked = beside;
  }
  if (asked == connection.protocol) return std::nullopt;
  return asked;
}

void HttpHandshake::await_request(Connection& connection) {
  connection.since_ms = host_.now_ms();
  host_.arm(connection);
}

void HttpHandshake::await_next_request(Connection& connection) {
  ++connection.requests_refused;
  if (connection.authorization) connection.authorization->access.reset();  // that of the request behind it
  await_request(connection);
  host_.fan_out().flush_private(connection);
}

/// `bytes` begins with the head and ends with all that was read.
void HttpHandshake::on_request_head(Connection& connection, const codec::HttpParsed& parsed, base::Bytes bytes) {
  const DrainPhase drain = host_.drain_phase();
  const codec::Protocol& protocol = codec::protocol(connection.protocol);
  const bool upgrades = protocol.manners.is_asked_for(parsed.request);
  const bool down = connection.over_limit || drain != DrainPhase::none;
  auto health = upgrades ? std::nullopt : codec::answer_health_check(parsed.request, down ? codec::Health::down : codec::Health::up);
  if (health) return answer_health(connection, parsed.request, *health);
  const bool shares_port = protocol.shares_port_with_http && !connection.returned;
  if (shares_port && !connection.over_limit && !connection.over_rate && !upgrades) return hand_over(host_, connection, bytes);
  // Behind a request that asks for less the connection may go on with another client's.
  if (connection.from_proxy && upgrades && !host_.find_client(connection, parsed.request)) return;
  if (user_.answers_late() && drain == DrainPhase::closing && !connection.over_limit) return hold(connection, bytes);
  if (auto refusal = open(connection, parsed.request, bytes)) refuse_request(connection, parsed.request, std::move(*refusal));
}

void HttpHandshake::refuse_request(Connection& connection, const codec::HttpRequest& request, HttpRefusal&& refusal) {
  if (!may_stay(connection, request)) return refuse(connection, refusal);
  refusal.closes = false;
  answer_refused(connection, refusal);
  await_next_request(connection);
}

/// Proxies send requests of many clients over one connection: one that was refused must not cost the next one, an upgrade perhaps, its
/// connection (RFC 9110 §7.8, RFC 9112 §9.3). Behind a refused upgrade, though, there may be what is no HTTP.
bool HttpHandshake::may_stay(const Connection& connection, const codec::HttpRequest& request) const {
  const bool fits = !connection.over_limit && !connection.over_rate && connection.requests_refused < requests_refused_max;
  return fits && host_.drain_phase() == DrainPhase::none && !connection.returned && codec::keeps_connection(request) &&
         !leaves_http(codec::protocol(connection.protocol).manners, request);
}

void HttpHandshake::on_timer(Connection& connection) {
  if (awaits_nothing(connection)) return host_.doom(connection, codec::Ending::normal, "");
  if (connection.unread && connection.unread->held) return answer_held(connection);
  if (!is_parked(connection)) return refuse(connection, {408, "the handshake took too long"});
  host_.metrics().add(Metric::auth_refused);
  refuse(connection, {503, std::string(not_decided)});
}

// Who may do what: the request waits for the answer, whole as it came, and nothing more is read of its connection.

void HttpHandshake::park(Connection& connection, const codec::HttpRequest& request, const std::vector<std::string>& topics, base::Bytes bytes) {
  AuthQuestion question = question_of(host_, connection, request, topics);
  connection.unread = std::make_unique<conn::Unread>();
  connection.unread->bytes.assign(bytes.begin(), bytes.end());
  connection.paused = true;
  const std::uint32_t number = ask(host_, connection, std::move(question));
  connection.authorization->asked = number;
}

void HttpHandshake::forget_question(Connection& connection) {
  if (!is_parked(connection)) return;
  connection.authorization->asked = 0;
  connection.unread.reset();
  connection.paused = false;
}

void HttpHandshake::on_verdict(Connection& connection, AuthVerdict&& verdict) {
  if (connection.state != State::handshake || !is_parked(connection) || connection.authorization->asked != verdict.number) return;
  const std::unique_ptr<conn::Unread> parked = std::move(connection.unread);
  forget_question(connection);
  const codec::HttpParsed parsed = codec::parse_http_request(parked->bytes, 0, host_.engine().options.http);
  CHECK(parsed.status == codec::HttpParseStatus::complete);
  std::optional<HttpRefusal> refusal;
  if (verdict.allows) {
    connection.authorization->answers_bearer = verdict.answers_bearer;
    connection.authorization->access = access_of(host_, std::move(verdict));
    connection.authorization->find_end();
    refusal = open(connection, parsed.request, parked->bytes);
  } else {
    host_.metrics().add(Metric::auth_refused);
    refusal = refusal_of(verdict, parsed.request);
  }
  if (refusal) refuse_request(connection, parsed.request, std::move(*refusal));
  const bool is_kept = connection.state == State::open && keeps_request(connection);
  const base::MutableBytes rest = base::MutableBytes(parked->bytes).subspan(is_kept ? 0 : parsed.consumed);
  if (connection.state == State::handshake && !rest.empty()) on_bytes(connection, rest);
  else if (connection.state == State::open && !rest.empty()) user_.on_first_bytes(connection, rest);
  host_.mind_unfinished(connection);
  host_.read(connection);  // what has come meanwhile was told once
}

// While a drain is under way.

/// Its request is whole. Neither answered nor read further: a client waits for the answer to its handshake for longer than this takes.
void HttpHandshake::hold(Connection& connection, base::Bytes request) {
  CHECK(connection.unread == nullptr && !connection.paused);
  connection.unread = std::make_unique<conn::Unread>();
  connection.unread->bytes.assign(request.begin(), request.end());
  connection.unread->held = true;
  connection.paused = true;
}

/// Lets it in to tell it what all others were told.
void HttpHandshake::answer_held(Connection& connection) {
  CHECK(connection.unread != nullptr && connection.unread->held);
  const std::unique_ptr<conn::Unread> held = std::move(connection.unread);
  connection.paused = false;
  const codec::HttpParsed parsed = codec::parse_http_request(held->bytes, 0, host_.engine().options.http);
  CHECK(parsed.status == codec::HttpParseStatus::complete);
  if (const auto refusal = open(connection, parsed.request, held->bytes)) refuse(connection, *refusal);
  host_.mind_unfinished(connection);
}

void HttpHandshake::end(Connection& connection) {
  if (connection.unread && connection.unread->held) return answer_held(connection);
  if (awaits_nothing(connection)) return host_.doom(connection, codec::Ending::normal, "");
  host_.read(connection);
  if (is_beginning(connection)) refuse(connection, {503, std::string(shutting_down)});
}

// Upgrades.

std::optional<HttpRefusal> HttpHandshake::open(Connection& connection, const codec::HttpRequest& request, base::Bytes bytes) {
  if (connection.over_limit) return HttpRefusal{503, "too many connections", request.method != "HEAD"};
  if (host_.drain_phase() != DrainPhase::none && !user_.answers_late()) return HttpRefusal{503, std::string(shutting_down), request.method != "HEAD"};
  const codec::Protocol& protocol = codec::protocol(connection.protocol);
  codec::Upgrade upgrade = protocol.manners.accept(request);
  if (!upgrade.accepted && !is_success(upgrade.refusal)) return upgrade.refusal;
  const EngineOptions& options = host_.engine().options;
  const ListenerOptions& listener = options.listeners[connection.listener];
  codec::TopicsParsed parsed;
  if (protocol.parse_target != nullptr) {
    // Where nobody says which pages may, those that bring a credential: who decides about that knows of them.
    const bool decided_later = listener.asks && !listener.web.origins;
    if (!decided_later) {
      if (const auto page = codec::check_web(request, listener.web)) return page;
    }
    if (protocol.manners.answers_as_http) {
      upgrade.origin_headers = codec::origin_headers(request, listener.web);
      upgrade.unix_seconds = host_.kernel().unix_seconds();
    }
    if (!upgrade.accepted) return answer_of(upgrade);
    codec::TopicLimits limits = options.topics;
    limits.token_in_query = listener.asks;
    parsed = protocol.parse_target(request.target, limits);
    if (parsed.ok && protocol.manners.read_wishes != nullptr) protocol.manners.read_wishes(request, parsed);
    if (!parsed.ok) return parsed.refusal;
  }
  if (connection.over_rate && !user_.answers_late()) return too_many(request);
  if (listener.asks && !is_decided(connection)) {
    park(connection, request, parsed.topics, bytes);
    return std::nullopt;
  }
  if (!admit(connection)) return too_many(request);
  if (protocol.parse_target != nullptr) {
    if (auto refusal = open_topics(connection, parsed, upgrade.headers)) return refusal;
  }
  if (listener.asks && connection.authorization->answers_bearer) upgrade.subprotocol = "bearer";
  host_.open(connection, parsed.topics);
  host_.metrics().add(Metric::handshakes_completed);
  if (!keeps_request(connection)) {
    const std::string answer = protocol.manners.write_accepted(upgrade, codec::role_name(protocol.role));
    connection.outbound_for_writing().append(base::bytes_of(answer));
    host_.fan_out().flush_private(connection);
  }
  user_.on_upgraded(connection, request);
  return std::nullopt;
}

/// To a request that opens nothing, such as HEAD, or OPTIONS of a page's.
HttpRefusal HttpHandshake::answer_of(const codec::Upgrade& upgrade) {
  HttpRefusal answer = upgrade.refusal;
  answer.headers.append(upgrade.origin_headers);
  return answer;
}

/// False when its client has too many. Where a client is told by messages it is let in for that: it would not see a status.
bool HttpHandshake::admit(Connection& connection) {
  const bool known = connection.authorization && connection.authorization->access;
  const std::string_view subject = known ? std::string_view(connection.authorization->access->subject) : std::string_view();
  connection.over_rate = connection.over_rate || !host_.admit_client(connection, subject);
  return !connection.over_rate || user_.answers_late();
}

HttpRefusal HttpHandshake::too_many(const codec::HttpRequest& request) {
  return HttpRefusal{429, std::string(too_many_connections), request.method != "HEAD"};
}

std::optional<HttpRefusal> HttpHandshake::open_topics(Connection& connection, const codec::TopicsParsed& asked, std::string& told) {
  EngineContext& engine = host_.engine();
  // A replay takes memory of the logs, as what is published does; a subscriber that asks for none needs nothing.
  if (asked.wants_replay() && engine.memory.over_limit(topic::Demand::much)) return HttpRefusal{503, "the logs are full"};
  std::vector<topic::TopicRef> topics;
  for (const std::string& name : asked.topics) {
    if (engine.is_reserved(name)) return HttpRefusal{403, std::string(reserved_reason)};
    if (!permits(connection, name)) {
      note_refused(host_, connection, use_of(connection.role), name);
      HttpRefusal refusal{403, std::string(not_for_topic)};
      refusal.logged = true;
      return refusal;
    }
    topic::TopicRef topic = engine.topics.open(name);
    if (!topic) return HttpRefusal{503, "too many topics"};
    topics.push_back(std::move(topic));
  }
  told = recovery_headers(user_.on_topics(connection, std::move(topics), asked));
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
  if (is_success(refusal) && refusal.replaces_headers) return answer_text(connection, refusal);
  host_.metrics().add(Metric::handshakes_refused);
  if (!refusal.logged) {
    host_.warn("handshake-refused", "refused a handshake from " + connection.peer.text() + ": " + std::to_string(refusal.status) + " " + refusal.reason);
  }
  answer_text(connection, refusal);
}

void HttpHandshake::refuse(Connection& connection, const HttpRefusal& refusal) {
  CHECK(refusal.closes && is_beginning(connection));
  forget_question(connection);
  answer_refused(connection, refusal);
  end_answered(connection);
}

void HttpHandshake::answer_text(Connection& connection, const HttpRefusal& text) {
  const std::string answer = codec::write_http_refusal(text, host_.kernel().unix_seconds(), codec::role_name(connection.role));
  connection.outbound_for_writing().append(base::bytes_of(answer));
}

void HttpHandshake::end_answered(Connection& connection) {
  CHECK(is_beginning(connection));
  connection.state = State::closing;
  connection.linger_after = true;
  connection.since_ms = host_.now_ms();
  host_.arm(connection);
  host_.fan_out().flush_private(connection);
}

}  // namespace shard
