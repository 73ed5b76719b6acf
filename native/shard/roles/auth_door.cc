#include "native/shard/roles/auth_door.h"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "native/codec/http1/http_host.h"
#include "native/codec/http1/http_text.h"

namespace shard {

using conn::Connection;
using metrics::Metric;

namespace {

/// An access that ends later is looked at again then: the shard's clock of 32 bits could not tell years.
constexpr std::int64_t look_again_ms = 3'600'000;
/// Longer than any connection lives, and short of where the clock's sums would overflow: 100 years.
constexpr std::uint64_t ends_in_ms_max = std::uint64_t{100} * 366 * 86'400'000;

const codec::WebRules& web_of(const RoleHost& host, const Connection& connection) {
  return host.engine().options.listeners[connection.listener].web;
}

bool is_forwarding(std::string_view name) {
  return std::find(codec::forwarding_headers.begin(), codec::forwarding_headers.end(), name) != codec::forwarding_headers.end();
}

/// Several fields of one name are one list (RFC 9110 §5.3).
void join(std::optional<std::string>& text, std::string_view value) {
  if (text) text->append(", ").append(value);
  else text.emplace(value);
}

void join_header(AuthQuestion& question, std::string_view name, std::string_view value) {
  const auto known = std::find_if(question.headers.begin(), question.headers.end(), [&](const auto& each) { return each.first == name; });
  if (known != question.headers.end()) known->second.append(", ").append(value);
  else question.headers.emplace_back(name, value);
}

}  // namespace

bool asks(const RoleHost& host, const Connection& connection) { return host.engine().options.listeners[connection.listener].asks; }

topic::Use use_of(codec::Role role) {
  return role == codec::Role::publish || role == codec::Role::posts ? topic::Use::publish : topic::Use::subscribe;
}

std::uint32_t ask(RoleHost& host, Connection& connection, AuthQuestion question) {
  if (!connection.authorization) connection.authorization = std::make_unique<conn::Authorization>();
  const std::uint32_t number = connection.authorization->next_number();
  question.number = number;
  question.listener = connection.listener;
  question.protocol = connection.protocol;
  question.peer = connection.peer.host();
  question.certificate = host.transports().identity(connection.transport, connection.fd);
  host.metrics().add(Metric::auth_questions);
  host.post_event(AuthAsked{connection.id, std::make_shared<const AuthQuestion>(std::move(question))});
  return number;
}

AuthQuestion question_of(RoleHost& host, const Connection& connection, const codec::HttpRequest& request, const std::vector<std::string>& topics) {
  AuthQuestion question;
  question.use = use_of(connection.role);
  // A page elsewhere may have made its own name point here, and may not say so (docs/security.md).
  question.proxied = connection.proxied || codec::is_forwarded(request) || !codec::names_this_server(request, web_of(host, connection));
  question.origin = codec::joined_header(request, "Origin");
  question.topics = topics;
  question.credential = codec::credential_of(request);
  for (const std::string& name : host.engine().asked_fields()->wanted) {
    if (auto value = codec::joined_header(request, name)) question.headers.emplace_back(name, std::move(*value));
  }
  return question;
}

AuthQuestion question_of(RoleHost& host, const Connection& connection, topic::Use use, std::string_view fields) {
  const auto asked = host.engine().asked_fields();
  AuthQuestion question;
  question.use = use;
  question.proxied = connection.proxied;
  codec::for_each_part(fields, '\n', [&](std::string_view line) {
    const std::size_t colon = line.find(": ");
    if (colon == std::string_view::npos) return true;
    const std::string_view name = line.substr(0, colon);
    const std::string_view value = line.substr(colon + 2);
    if (name == "authorization") join(question.metadata, value);
    if (name == "origin") join(question.origin, value);
    if (is_forwarding(name)) question.proxied = true;
    if (std::find(asked->wanted.begin(), asked->wanted.end(), name) != asked->wanted.end()) join_header(question, name, value);
    return true;
  });
  return question;
}

conn::AccessRef access_of(const RoleHost& host, AuthVerdict&& verdict) {
  CHECK(verdict.allows && verdict.grants != nullptr);
  auto access = std::make_shared<conn::Access>();
  access->grants = std::move(verdict.grants);
  access->subject = std::move(verdict.subject);
  access->standing = verdict.standing;
  if (verdict.ends_in_ms) access->ends_ms = clock_ms(host) + static_cast<std::int64_t>(std::min(*verdict.ends_in_ms, ends_in_ms_max));
  return access;
}

codec::HttpRefusal refusal_of(const AuthVerdict& verdict, const codec::HttpRequest& request) {
  codec::HttpRefusal refusal{verdict.status, verdict.told, request.method != "HEAD"};
  refusal.logged = true;
  if (!verdict.challenge.empty()) refusal.headers.append("WWW-Authenticate: ").append(verdict.challenge).append("\r\n");
  if (verdict.retry_after_s > 0) {
    refusal.replaces_headers = true;  // 429 and 503 say a second by themselves
    refusal.headers.append("Retry-After: ").append(std::to_string(verdict.retry_after_s)).append("\r\n");
  }
  return refusal;
}

codec::Ending ending_of(const AuthVerdict& verdict) {
  switch (verdict.status) {
    case 401: return codec::Ending::unauthenticated;
    case 403: return codec::Ending::forbidden;
    case 429: return codec::Ending::overloaded;
    default: return codec::Ending::unavailable;
  }
}

void note_refused(RoleHost& host, const Connection& connection, topic::Use use, std::string_view topic) {
  host.metrics().add(Metric::auth_topics_refused);
  const std::string_view what = use == topic::Use::publish ? "to publish to " : "to subscribe to ";
  host.warn("auth-refused", "refused " + connection.peer.text() + ' ' + std::string(what).append(topic) + ": " + std::string(not_for_topic));
}

std::int64_t clock_ms(const RoleHost& host) { return host.kernel().now_ns() / 1'000'000; }

std::uint32_t end_due_ms(const RoleHost& host, std::int64_t ends_ms) {
  const std::int64_t left_ms = ends_ms - clock_ms(host);
  return host.now_ms() + static_cast<std::uint32_t>(std::clamp<std::int64_t>(left_ms, 0, look_again_ms));
}

bool has_ended(const RoleHost& host, const Connection& connection) {
  return connection.authorization && connection.authorization->ends_ms() <= clock_ms(host);
}

}  // namespace shard
