// See http_publish_request.h.
// Owner: nobody. Thread: any.
#include "native/codec/http_publish/http_publish_request.h"

#include <algorithm>
#include <string>

#include "native/codec/http1/http_text.h"

namespace codec {
namespace {

using Verdict = std::optional<HttpRefusal>;

constexpr std::string_view preflight_answer =
    "Allow: GET, POST, OPTIONS\r\nAccess-Control-Allow-Methods: POST\r\n"
    "Access-Control-Allow-Headers: Authorization, Content-Type, Idempotency-Key\r\nAccess-Control-Max-Age: 600\r\n";
constexpr std::string_view topics_path = "/topics/";
constexpr std::size_t key_bytes_max = 255;

std::size_t count_of(const HttpRequest& request, std::string_view name) {
  return static_cast<std::size_t>(std::count_if(request.headers.begin(), request.headers.end(), [&](const HttpHeader& each) { return header_is(each, name); }));
}

/// Digits only, as parse_http_request found; what does not fit is more than anybody may send.
std::uint64_t number_of(std::string_view digits) {
  std::uint64_t number = 0;
  for (const char digit : digits) {
    if (number > UINT64_MAX / 10 - 1) return UINT64_MAX;
    number = number * 10 + static_cast<std::uint64_t>(digit - '0');
  }
  return number;
}

/// As the HTTP API reads it; what curl says of everything may be text.
BodyKind body_kind_of(std::string_view content_type) {
  const std::string_view type = trim_space(content_type.substr(0, content_type.find(';')));
  if (equal_ignoring_case(type.substr(0, 5), "text/") || equal_ignoring_case(type, "application/json")) return BodyKind::text;
  return equal_ignoring_case(type, "application/x-www-form-urlencoded") ? BodyKind::text_if_utf8 : BodyKind::binary;
}

Verdict read_key(const HttpRequest& request, std::string& key) {
  if (count_of(request, "Idempotency-Key") == 0) return std::nullopt;
  const std::string_view value = find_header(request, "Idempotency-Key");
  const bool visible = std::all_of(value.begin(), value.end(), [](char c) { return c > ' ' && c < 0x7F; });
  if (value.empty() || value.size() > key_bytes_max || !visible) return HttpRefusal{400, "Idempotency-Key must be one header with 1 to 255 visible characters"};
  key = value;
  return std::nullopt;
}

Verdict read_length(const HttpRequest& request, std::uint64_t body_bytes_max, PostBody& body) {
  body.chunked = count_of(request, "Transfer-Encoding") > 0;
  // RFC 9112 §6.1: whoever forwarded it may have read the end of the message elsewhere.
  if (body.chunked && request.minor_version == 0) return HttpRefusal{400, "HTTP/1.0 has no Transfer-Encoding"};
  body.bytes = body.chunked ? 0 : number_of(find_header(request, "Content-Length"));
  if (body.bytes > body_bytes_max) return HttpRefusal{413, "the message is too big"};
  return std::nullopt;
}

}  // namespace

bool asks_to_publish(const HttpRequest& request) {
  if (lists_token(request, "Upgrade", "websocket")) return false;
  return request.method == "POST" || (request.method == "OPTIONS" && count_of(request, "Access-Control-Request-Method") > 0);
}

Upgrade accept_publishing(const HttpRequest& request) {
  Upgrade upgrade;
  upgrade.accepted = request.method == "POST";
  if (upgrade.accepted) return upgrade;
  upgrade.refusal = {204, "", false};
  upgrade.refusal.headers = preflight_answer;
  upgrade.refusal.replaces_headers = true;
  return upgrade;
}

TopicsParsed parse_post_target(std::string_view target, const TopicLimits& limits) {
  const bool names_topics = target.starts_with(topics_path) && target.size() > topics_path.size() && target[topics_path.size()] != '?';
  return parse_publish_target(names_topics ? target.substr(topics_path.size() - 1) : target, limits);
}

Verdict read_post_head(const HttpRequest& request, std::uint64_t body_bytes_max, PostHead& head, PostBody& body) {
  body = {};
  head.key.clear();
  if (auto refusal = read_length(request, body_bytes_max, body)) return refusal;
  if (auto refusal = read_key(request, head.key)) return refusal;
  if (count_of(request, "Content-Type") > 1) return HttpRefusal{400, "more than one Content-Type header"};
  head.body = body_kind_of(find_header(request, "Content-Type"));
  const std::string_view coding = find_header(request, "Content-Encoding");
  const bool is_coded = count_of(request, "Content-Encoding") > 0 && !equal_ignoring_case(coding, "identity");
  if (is_coded) return HttpRefusal{415, "a body must be sent without Content-Encoding"};
  if (count_of(request, "Expect") == 0) return std::nullopt;
  if (!equal_ignoring_case(find_header(request, "Expect"), "100-continue")) return HttpRefusal{417, "only 100-continue can be expected"};
  body.expects_continue = request.minor_version > 0;
  return std::nullopt;
}

}  // namespace codec
