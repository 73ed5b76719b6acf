// See http1.h. One pass looks at every byte once, as it arrives, and at every line when its LF arrives; when the head is
// whole, a second pass cuts it into fields. So both the work and the verdict are the same however the bytes arrive.
// Owner: nobody. Thread: any.
#include "native/codec/http1/http1.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <optional>

#include "native/base/check.h"
#include "native/codec/http1/http_host.h"
#include "native/codec/http1/http_text.h"

namespace codec {
namespace {

using Verdict = std::optional<HttpRefusal>;

constexpr std::size_t method_bytes_max = 32;
constexpr std::string_view version_example = "HTTP/1.1";

struct RequestLine {
  std::string_view method;
  std::string_view target;
  std::string_view version;
};

/// RFC 9112 §3: two single spaces, no more. Nothing is checked but that.
std::optional<RequestLine> split_request_line(std::string_view line) {
  const std::size_t first = line.find(' ');
  if (first == std::string_view::npos) return std::nullopt;
  const std::size_t second = line.find(' ', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  return RequestLine{line.substr(0, first), line.substr(first + 1, second - first - 1), line.substr(second + 1)};
}

/// The longest request line that may still be accepted, its CRLF included.
std::size_t request_line_bytes_max(const HttpLimits& limits) {
  return method_bytes_max + 1 + limits.target_bytes_max + 1 + version_example.size() + 2;
}

Verdict check_version(std::string_view version) {
  const bool well_formed = version.size() == version_example.size() && version.starts_with("HTTP/") &&
                           is_digit(version[5]) && version[6] == '.' && is_digit(version[7]);
  if (!well_formed) return HttpRefusal{400, "malformed HTTP version"};
  // RFC 9110 §2.5 reads a higher minor version as 1.1. What 1.0 may ask is the user's affair: proxies speak it by default.
  if (version[5] != '1') return HttpRefusal{505, "HTTP/1.1 is spoken here"};
  return std::nullopt;
}

Verdict check_request_line(std::string_view text, const HttpLimits& limits) {
  const auto line = split_request_line(text);
  if (!line) return HttpRefusal{400, "malformed request line"};
  if (!is_token(line->method)) return HttpRefusal{400, "malformed method"};
  if (line->method.size() > method_bytes_max) return HttpRefusal{501, "unknown method"};
  if (line->target.size() > limits.target_bytes_max) return HttpRefusal{414, "the request target is too long"};
  const bool visible = std::all_of(line->target.begin(), line->target.end(), [](char c) { return c > ' ' && c < 0x7F; });
  if (line->target.empty() || !visible) return HttpRefusal{400, "malformed request target"};
  if (line->target.find('#') != std::string_view::npos) return HttpRefusal{400, "a request target has no fragment; write # as %23"};
  return check_version(line->version);
}

/// A request line that has not ended although the longest acceptable one would have.
HttpRefusal refuse_endless_request_line(std::string_view start) {
  const std::string_view method = start.substr(0, start.find(' '));
  if (!is_token(method)) return {400, "malformed method"};
  if (method.size() > method_bytes_max) return {501, "unknown method"};
  return {414, "the request target is too long"};
}

/// RFC 9112 §5; control characters were refused as they arrived.
Verdict check_header_line(std::string_view line) {
  if (line.front() == ' ' || line.front() == '\t') return HttpRefusal{400, "a header line is folded"};
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return HttpRefusal{400, "a header line without a colon"};
  if (!is_token(line.substr(0, colon))) return HttpRefusal{400, "malformed header name"};
  return std::nullopt;
}

/// RFC 9112 §3.2 and §6: what request smuggling is made of.
Verdict check_framing(const HttpRequest& request) {
  std::size_t hosts = 0;
  std::size_t lengths = 0;
  std::size_t encodings = 0;
  for (const HttpHeader& header : request.headers) {
    if (header_is(header, "Host")) {
      ++hosts;
      if (!parse_host(header.value)) return HttpRefusal{400, "the Host header must be a name or an address, and a port or none"};
    }
    if (header_is(header, "Content-Length")) {
      ++lengths;
      const bool digits = std::all_of(header.value.begin(), header.value.end(), is_digit);
      if (header.value.empty() || !digits) return HttpRefusal{400, "malformed Content-Length"};
    }
    if (header_is(header, "Transfer-Encoding")) {
      ++encodings;
      if (!equal_ignoring_case(header.value, "chunked")) return HttpRefusal{501, "unknown Transfer-Encoding"};
    }
  }
  if (hosts == 0 && request.minor_version > 0) return HttpRefusal{400, "no Host header"};
  if (hosts > 1) return HttpRefusal{400, "more than one Host header"};
  if (lengths > 1) return HttpRefusal{400, "more than one Content-Length header"};
  if (encodings > 1) return HttpRefusal{400, "more than one Transfer-Encoding header"};
  if (lengths > 0 && encodings > 0) return HttpRefusal{400, "both Content-Length and Transfer-Encoding"};
  return std::nullopt;
}

HttpParsed refused(const HttpRefusal& refusal) {
  HttpParsed parsed;
  parsed.status = HttpParseStatus::refused;
  parsed.refusal = refusal;
  return parsed;
}

/// The second pass, over a head whose every line was found well-formed; it ends with the empty line.
HttpParsed cut_into_fields(std::string_view head, const HttpLimits& limits) {
  HttpParsed parsed;
  parsed.status = HttpParseStatus::complete;
  parsed.consumed = head.size();

  std::size_t end = head.find("\r\n");
  const auto line = split_request_line(head.substr(0, end));
  CHECK(line.has_value());
  parsed.request.method = line->method;
  parsed.request.target = line->target;
  parsed.request.minor_version = line->version.back() - '0';
  parsed.request.headers.reserve(16);
  for (std::size_t at = end + 2; at + 2 < head.size(); at = end + 2) {
    end = head.find("\r\n", at);
    const std::string_view field = head.substr(at, end - at);
    const std::size_t colon = field.find(':');
    CHECK(colon != std::string_view::npos);
    if (parsed.request.headers.size() == limits.headers_max) return refused({431, "too many headers"});
    parsed.request.headers.push_back({field.substr(0, colon), trim_space(field.substr(colon + 1))});
  }
  if (const Verdict verdict = check_framing(parsed.request)) return refused(*verdict);
  return parsed;
}

/// Bytes that no line may contain, wherever they stand: NUL and all controls but HT (RFC 9110 §5.5). CR and LF have
/// rules of their own.
bool is_forbidden(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && c != '\t' && c != '\r' && c != '\n') || byte == 0x7F;
}

/// RFC 9112 §2.2: one empty line before the request line is no part of it. How many bytes that is, of those that are there.
std::size_t empty_line_before(std::string_view text) { return text.starts_with("\r\n") ? 2 : 0; }

/// Judges the line that ends with the LF at `lf`, from its start, which is found by looking back over the line once.
Verdict check_line(std::string_view text, std::size_t lf, const HttpLimits& limits) {
  if (lf == 0 || text[lf - 1] != '\r') return HttpRefusal{400, "a line ends without CR"};
  const std::size_t previous = text.rfind('\n', lf - 1);
  const std::size_t start = previous == std::string_view::npos ? 0 : previous + 1;
  const std::string_view line = text.substr(start, lf - 1 - start);
  if (lf == 1) return std::nullopt;
  if (start == empty_line_before(text)) return check_request_line(line, limits);
  return line.empty() ? std::nullopt : check_header_line(line);
}

}  // namespace

bool header_is(const HttpHeader& header, std::string_view name) { return equal_ignoring_case(header.name, name); }

namespace {

HttpParsed parse_head(std::string_view text, std::size_t scanned, const HttpLimits& limits) {
  const std::size_t line_bytes_max = request_line_bytes_max(limits);
  for (std::size_t i = scanned; i < text.size(); ++i) {
    const char c = text[i];
    if (is_forbidden(c)) return refused({400, "a control character in the request head"});
    if (i > 0 && text[i - 1] == '\r' && c != '\n') return refused({400, "a CR without LF"});
    // Asked at this one offset only, so that byte-by-byte arrival stays linear.
    const std::size_t start = empty_line_before(text);
    if (i == start + line_bytes_max && text.substr(start, line_bytes_max).find('\n') == std::string_view::npos) {
      return refused(refuse_endless_request_line(text.substr(start, line_bytes_max)));
    }
    if (c != '\n') continue;
    if (const Verdict verdict = check_line(text, i, limits)) return refused(*verdict);
    if (i < 3 || text[i - 2] != '\n') continue;
    HttpParsed parsed = cut_into_fields(text.substr(start, i + 1 - start), limits);
    parsed.consumed += start;
    return parsed;
  }
  if (text.size() == limits.head_bytes_max) return refused({431, "the request head is too long"});
  HttpParsed parsed;
  parsed.scanned = text.size();
  return parsed;
}

}  // namespace

HttpParsed parse_http_request(base::Bytes in, std::size_t scanned, const HttpLimits& limits) {
  CHECK(scanned <= in.size());
  const std::string_view text = base::text_of(in).substr(0, limits.head_bytes_max);
  HttpParsed parsed = parse_head(text, scanned, limits);
  parsed.refusal.body = !text.substr(empty_line_before(text)).starts_with("HEAD ");
  return parsed;
}

std::string_view find_header(const HttpRequest& request, std::string_view name) {
  std::string_view found;
  for (const HttpHeader& header : request.headers) {
    if (!header_is(header, name)) continue;
    if (found.data() != nullptr) return {};
    found = header.value;
  }
  return found;
}

bool lists_token(const HttpRequest& request, std::string_view name, std::string_view token) {
  return std::any_of(request.headers.begin(), request.headers.end(), [&](const HttpHeader& header) {
    const auto differs = [&](std::string_view part) { return !equal_ignoring_case(trim_space(part), token); };
    return header_is(header, name) && !for_each_part(header.value, ',', differs);
  });
}

bool announces_body(const HttpRequest& request) {
  return std::any_of(request.headers.begin(), request.headers.end(), [](const HttpHeader& header) {
    if (header_is(header, "Transfer-Encoding")) return true;
    return header_is(header, "Content-Length") && header.value.find_first_not_of('0') != std::string_view::npos;
  });
}

bool keeps_connection(const HttpRequest& request) {
  return request.minor_version > 0 && !announces_body(request) && !lists_token(request, "Connection", "close");
}

namespace {

struct StatusText {
  int status;
  std::string_view phrase;
  std::string_view headers;
};

constexpr StatusText status_texts[] = {
    {200, "OK", "Cache-Control: no-store\r\n"},
    {204, "No Content", "Allow: GET\r\n"},
    {400, "Bad Request", ""},
    {401, "Unauthorized", ""},
    {403, "Forbidden", ""},
    {404, "Not Found", ""},
    {405, "Method Not Allowed", "Allow: GET\r\n"},
    {408, "Request Timeout", ""},
    {413, "Content Too Large", ""},
    {414, "URI Too Long", ""},
    {415, "Unsupported Media Type", "Accept-Encoding: identity\r\n"},
    {417, "Expectation Failed", ""},
    {421, "Misdirected Request", ""},
    {426, "Upgrade Required", "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"},
    {429, "Too Many Requests", "Retry-After: 1\r\n"},
    {431, "Request Header Fields Too Large", ""},
    {500, "Internal Server Error", ""},
    {501, "Not Implemented", ""},
    {503, "Service Unavailable", "Retry-After: 1\r\n"},
    {505, "HTTP Version Not Supported", ""},
};

}  // namespace

std::string write_http_refusal(const HttpRefusal& refusal, std::int64_t unix_seconds, std::string_view role, std::string_view more) {
  const auto row = std::find_if(std::begin(status_texts), std::end(status_texts),
                                [&](const StatusText& text) { return text.status == refusal.status; });
  CHECK(row != std::end(status_texts));
  // RFC 9110 §7.8: whoever sends Upgrade also names it in Connection.
  const bool upgrades = refusal.status == 426;
  const std::string_view connection = refusal.closes ? (upgrades ? "close, Upgrade" : "close") : upgrades ? "Upgrade" : "";
  std::string answer = "HTTP/1.1 " + std::to_string(refusal.status) + ' ';
  answer.append(row->phrase).append("\r\n");
  if (!connection.empty()) answer.append("Connection: ").append(connection).append("\r\n");
  answer.append(refusal.replaces_headers ? std::string_view() : row->headers).append(refusal.headers).append(more);
  answer.append("Date: ").append(http_date(unix_seconds)).append("\r\n");
  if (!role.empty()) answer.append("Broker-Role: ").append(role).append("\r\n");
  if (refusal.status == 204 || refusal.reason.empty()) return answer.append("\r\n");  // RFC 9110 §8.6: no Content-Length
  answer.append("Content-Type: text/plain; charset=utf-8\r\nContent-Length: ");
  answer.append(std::to_string(refusal.reason.size() + 1)).append("\r\n\r\n");
  if (refusal.body) answer.append(refusal.reason).append("\n");
  return answer;
}

std::string http_date(std::int64_t unix_seconds) {
  constexpr std::int64_t last_second = 253'402'300'799;  // of the year 9999
  using namespace std::chrono;
  const sys_seconds time{seconds(std::clamp<std::int64_t>(unix_seconds, 0, last_second))};
  const sys_days day = floor<days>(time);
  const year_month_day date(day);
  const hh_mm_ss clock(time - day);
  constexpr std::string_view weekdays = "SunMonTueWedThuFriSat";
  constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";
  const std::string_view weekday_name = weekdays.substr(3 * weekday(day).c_encoding(), 3);
  const std::string_view month_name = months.substr(3 * (static_cast<unsigned>(date.month()) - 1), 3);
  char text[30];
  const int length = std::snprintf(text, sizeof text, "%.3s, %02u %.3s %04d %02d:%02d:%02d GMT", weekday_name.data(), static_cast<unsigned>(date.day()),
                                   month_name.data(), static_cast<int>(date.year()), static_cast<int>(clock.hours().count()),
                                   static_cast<int>(clock.minutes().count()), static_cast<int>(clock.seconds().count()));
  CHECK(length == sizeof text - 1);
  return text;
}

}  // namespace codec
