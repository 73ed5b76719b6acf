// See http_host.h.
// Owner: nobody. Thread: any.
#include "native/codec/http1/http_host.h"

#include <algorithm>
#include <charconv>

#include "native/codec/http1/http_text.h"

namespace codec {
namespace {

bool is_number(std::string_view text, unsigned max) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && value <= max && is_digit(text.front());
}

bool is_ipv4(std::string_view text) {
  unsigned parts = 0;
  return for_each_part(text, '.', [&](std::string_view part) { return ++parts <= 4 && part.size() <= 3 && is_number(part, 255); }) && parts == 4;
}

bool is_group(std::string_view text) {
  return !text.empty() && text.size() <= 4 && text.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

/// RFC 4291 §2.2: eight groups, some of them may be `::`, the last two an IPv4 address. No zone: it has no meaning for the peer.
bool is_ipv6(std::string_view text) {
  std::size_t groups = 0;
  bool gap = text.starts_with("::");
  if (gap) text.remove_prefix(2);
  while (!text.empty()) {
    const std::size_t end = text.find(':');
    const std::string_view part = text.substr(0, end);
    const bool dotted = end == std::string_view::npos && is_ipv4(part);
    if (!dotted && !is_group(part)) return false;
    groups += dotted ? 2 : 1;
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
    if (text.empty()) return false;
    if (text.front() != ':') continue;
    if (gap) return false;
    gap = true;
    text.remove_prefix(1);
  }
  return gap ? groups < 8 : groups == 8;
}

bool is_name(std::string_view text) {
  const auto allowed = [](char c) {
    const char lower = to_lower_ascii(c);
    return (lower >= 'a' && lower <= 'z') || is_digit(c) || c == '-' || c == '.' || c == '_';
  };
  return !text.empty() && text.size() <= 253 && std::all_of(text.begin(), text.end(), allowed);
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), to_lower_ascii);
  return lower;
}

bool is_known(const HostAndPort& host, const WebRules& rules) {
  return std::find(rules.names.begin(), rules.names.end(), lower_case(host.host)) != rules.names.end();
}

/// `null` and what is no page of http, such as an extension's, is nobody's.
std::optional<HostAndPort> page_of(std::string_view origin) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (equal_ignoring_case(origin.substr(0, scheme.size()), scheme)) return parse_host(origin.substr(scheme.size()));
  }
  return std::nullopt;
}

bool may_connect(std::string_view origin, const WebRules& rules) {
  if (rules.origins) {
    const std::string lower = lower_case(origin);
    return std::any_of(rules.origins->begin(), rules.origins->end(), [&](const std::string& each) { return each == "*" || each == lower; });
  }
  const std::optional<HostAndPort> page = page_of(origin);
  return page && (is_loopback(*page) || is_known(*page, rules));
}

}  // namespace

std::optional<HostAndPort> parse_host(std::string_view text) {
  HostAndPort parsed;
  std::string_view rest;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    parsed = {HostKind::ipv6, text.substr(1, end - 1), {}};
    rest = text.substr(end + 1);
    if (!is_ipv6(parsed.host)) return std::nullopt;
  } else {
    const std::size_t colon = text.find(':');
    parsed.host = text.substr(0, colon);
    if (colon != std::string_view::npos) rest = text.substr(colon);
    if (!is_name(parsed.host)) return std::nullopt;
    if (is_ipv4(parsed.host)) parsed.kind = HostKind::ipv4;
  }
  if (rest.empty()) return parsed;
  if (rest.front() != ':') return std::nullopt;
  parsed.port = rest.substr(1);  // RFC 3986 §3.2.3: it may be empty
  if (!parsed.port.empty() && !is_number(parsed.port, 65'535)) return std::nullopt;
  return parsed;
}

bool is_loopback(const HostAndPort& host) {
  switch (host.kind) {
    case HostKind::ipv4:
      return host.host.starts_with("127.");
    case HostKind::ipv6:
      return host.host == "::1";
    case HostKind::name:
      return equal_ignoring_case(host.host, "localhost");
  }
  return false;
}

bool names_this_server(const HttpRequest& request, const WebRules& rules) {
  const std::string_view text = find_header(request, "Host");
  const std::optional<HostAndPort> host = parse_host(text);
  return text.empty() || (host && (host->kind != HostKind::name || is_loopback(*host) || is_known(*host, rules)));
}

std::optional<HttpRefusal> check_web(const HttpRequest& request, const WebRules& rules) {
  const bool from_page = std::any_of(request.headers.begin(), request.headers.end(), [](const HttpHeader& each) { return header_is(each, "Origin"); });
  // Two of them are as good as a wrong one: find_header gives nothing then.
  if (from_page && !may_connect(find_header(request, "Origin"), rules)) return HttpRefusal{403, "pages of this origin may not connect here (see origins)"};
  if (rules.origins || !rules.local || names_this_server(request, rules)) return std::nullopt;
  return HttpRefusal{403, "the Host header must be an address, localhost or one of hosts"};
}

std::string origin_headers(const HttpRequest& request, const WebRules& rules) {
  const std::string_view origin = find_header(request, "Origin");
  if (origin.empty()) return {};
  const bool lists = rules.origins && std::find(rules.origins->begin(), rules.origins->end(), "*") == rules.origins->end();
  if (!lists) return "Access-Control-Allow-Origin: *\r\n";
  return "Access-Control-Allow-Origin: " + std::string(origin) + "\r\nAccess-Control-Allow-Credentials: true\r\nVary: Origin\r\n";
}

}  // namespace codec
