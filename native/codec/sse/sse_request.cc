// See sse_request.h.
// Owner: nobody. Thread: any.
#include "native/codec/sse/sse_request.h"

#include <algorithm>
#include <optional>

#include "native/codec/http1/http_text.h"

namespace codec {
namespace {

constexpr std::string_view media_type = "text/event-stream";
constexpr std::string_view stream_headers = "Content-Type: text/event-stream\r\nCache-Control: no-store\r\nX-Accel-Buffering: no\r\n";
constexpr std::string_view sse_parameter = "sse=1";
constexpr std::string_view methods = "Allow: GET, HEAD, OPTIONS\r\n";
/// What a page may send beside what it may anyway (Fetch §3.2.3), and for how long it need not ask again.
constexpr std::string_view preflight_headers =
    "Access-Control-Allow-Methods: GET, HEAD\r\nAccess-Control-Allow-Headers: Authorization, Cache-Control, Last-Event-ID\r\nAccess-Control-Max-Age: 600\r\n";

/// RFC 9110 §12.5.1: the type itself; `*/*`, which everybody sends, asks for nothing in particular.
bool accepts_events(const HttpRequest& request) {
  return std::any_of(request.headers.begin(), request.headers.end(), [](const HttpHeader& header) {
    const auto is_another = [](std::string_view part) { return !equal_ignoring_case(trim_space(part.substr(0, part.find(';'))), media_type); };
    return header_is(header, "Accept") && !for_each_part(header.value, ',', is_another);
  });
}

bool says_sse(std::string_view target) {
  const std::size_t question = target.find('?');
  if (question == std::string_view::npos) return false;
  return !for_each_part(target.substr(question + 1), '&', [](std::string_view part) { return part != sse_parameter; });
}

bool is_preflight(const HttpRequest& request) {
  return request.method == "OPTIONS" && find_header(request, "Access-Control-Request-Method").data() != nullptr;
}

HttpRefusal answer_of(int status, std::string headers) {
  HttpRefusal answer{status, "", false};
  answer.headers = std::move(headers);
  answer.replaces_headers = true;
  return answer;
}

std::optional<HttpRefusal> answer_instead(const HttpRequest& request) {
  if (request.method == "OPTIONS") return answer_of(204, std::string(methods).append(preflight_headers));
  if (request.method != "GET" && request.method != "HEAD") {
    HttpRefusal refusal{405, "a stream of events is asked for by GET"};
    refusal.headers = methods;
    refusal.replaces_headers = true;
    return refusal;
  }
  if (announces_body(request)) return HttpRefusal{400, "a request for a stream of events has no body", request.method != "HEAD"};
  if (request.method == "HEAD") return answer_of(200, std::string(stream_headers));
  return std::nullopt;
}

}  // namespace

template <SseFraming framing>
bool asks_for_sse(const HttpRequest& request) {
  const bool chunked = request.minor_version > 0;
  if (chunked != (framing == SseFraming::chunked) || lists_token(request, "Upgrade", "websocket")) return false;
  return is_preflight(request) || accepts_events(request) || says_sse(request.target);
}

template bool asks_for_sse<SseFraming::chunked>(const HttpRequest&);
template bool asks_for_sse<SseFraming::until_close>(const HttpRequest&);

Upgrade accept_sse(const HttpRequest& request) {
  Upgrade upgrade;
  if (auto instead = answer_instead(request)) {
    upgrade.refusal = std::move(*instead);
  } else {
    upgrade.accepted = true;
  }
  return upgrade;
}

template <SseFraming framing>
std::string write_sse_head(const Upgrade& upgrade, std::string_view role) {
  std::string head = "HTTP/1.1 200 OK\r\nConnection: close\r\n";  // behind the stream nothing is read
  head.append(stream_headers).append(upgrade.origin_headers).append(upgrade.headers);
  head.append("Date: ").append(http_date(upgrade.unix_seconds)).append("\r\n");
  if (framing == SseFraming::chunked) head.append("Transfer-Encoding: chunked\r\n");
  if (!role.empty()) head.append("Broker-Role: ").append(role).append("\r\n");
  return head.append("\r\n");
}

template std::string write_sse_head<SseFraming::chunked>(const Upgrade&, std::string_view);
template std::string write_sse_head<SseFraming::until_close>(const Upgrade&, std::string_view);

TopicsParsed parse_sse_target(std::string_view target, const TopicLimits& limits) {
  const std::size_t question = target.find('?');
  if (question == std::string_view::npos) return parse_subscribe_target(target, limits);
  std::string rest(target.substr(0, question));
  for_each_part(target.substr(question + 1), '&', [&](std::string_view part) {
    if (part != sse_parameter) rest.append(rest.size() == question ? "?" : "&").append(part);
    return true;
  });
  TopicsParsed parsed = parse_subscribe_target(rest, limits);
  if (parsed.ok && parsed.envelope) {
    parsed.ok = false;
    parsed.refusal = {400, "events say their place by themselves, without envelope"};
  }
  return parsed;
}

void read_last_event_id(const HttpRequest& request, TopicsParsed& asked) {
  const std::string_view id = find_header(request, "Last-Event-ID");
  if (id.empty()) return;
  ReplayWish unknown;
  unknown.from = ReplayWish::From::since;
  asked.wishes.assign(asked.topics.size(), parse_since(id).value_or(unknown));
}

}  // namespace codec
