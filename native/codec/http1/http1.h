// A strict HTTP/1.1 request-head parser for upgrades (RFC 9112 §2–5): bytes in, a request or a refusal out.
// Owner: the connection's handshake. Thread: its shard.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "native/base/bytes.h"

namespace codec {

struct HttpLimits {
  std::size_t head_bytes_max = 16 * 1024;   // request line and headers together → 431
  std::size_t target_bytes_max = 8 * 1024;  // → 414
  std::size_t headers_max = 100;            // → 431
};

struct HttpHeader {
  std::string_view name;   // as received; compare with `header_is`
  std::string_view value;  // optional white space around it removed
};

/// Compares names as RFC 9110 §5.1 wants it: without regard to case.
bool header_is(const HttpHeader& header, std::string_view name);

/// All views point into the bytes given to `parse_http_request`.
struct HttpRequest {
  std::string_view method;
  std::string_view target;
  int minor_version = 1;  // of HTTP/1.x
  std::vector<HttpHeader> headers;
};

/// A final answer in place of an upgrade.
struct HttpRefusal {
  int status = 400;    // 200 (to a health check), 204 (to `OPTIONS *`), 400, 401, 403, 404, 405, 408, 414, 426, 431, 501, 503, 505 …
  std::string reason;  // one line for the body; says what was wrong
  bool body = true;    // false in answer to HEAD (RFC 9110 §9.3.2)
  bool closes = true;  // the connection ends with it
  std::string headers = {};  // more header lines, each with its line end; with an empty reason there is no body
  bool replaces_headers = false;  // they stand in place of those that go with the status
  bool logged = false;            // whoever decided it has said why
};

enum class HttpParseStatus : std::uint8_t { incomplete, complete, refused };

struct HttpParsed {
  HttpParseStatus status = HttpParseStatus::incomplete;
  std::size_t consumed = 0;  // complete: bytes of the head; what follows belongs to the next protocol
  std::size_t scanned = 0;   // incomplete: pass it back in, so that byte-by-byte arrival stays linear
  HttpRequest request;
  HttpRefusal refusal;
};

/// Parses the request head at the start of `in`, all bytes received so far. `scanned` is what the previous call
/// returned (0 at first). Refuses what RFC 9112 forbids (bare LF, obs-fold, space before a colon, NUL, both
/// Content-Length and Transfer-Encoding, a Host that names none …): there is no lenient mode. Refuses as soon as it can tell.
/// Empty lines before the request line are skipped (§2.2), as many as fit beside it.
HttpParsed parse_http_request(base::Bytes in, std::size_t scanned, const HttpLimits& limits);

/// The value of the only header of that name (case-insensitive), or an empty optional-like view with data()==nullptr.
std::string_view find_header(const HttpRequest& request, std::string_view name);

/// Whether the next request may follow on the connection whatever this one is answered: HTTP/1.1 without `Connection: close`, and
/// without a body, which nobody here would read (RFC 9112 §9.3).
bool keeps_connection(const HttpRequest& request);

/// True when a header of that name, of which there may be several (RFC 9110 §5.3), lists the token.
bool lists_token(const HttpRequest& request, std::string_view name, std::string_view token);

/// True when a body of at least one byte may follow the head.
bool announces_body(const HttpRequest& request);

/// A complete `HTTP/1.1 <status>` answer with a one-line text body, Date, Content-Length, and `Connection: close` when it ends it; 426 also carries
/// `Upgrade: websocket` and `Sec-WebSocket-Version: 13` (RFC 6455 §4.4), 405 `Allow: GET`, 429 and 503 `Retry-After: 1`.
/// `unix_seconds` is the wall clock's; `role` as in `write_upgrade_response`; `more`: header lines that go with it.
std::string write_http_refusal(const HttpRefusal& refusal, std::int64_t unix_seconds, std::string_view role = {}, std::string_view more = {});

/// RFC 9110 §5.6.7: `Sun, 06 Nov 1994 08:49:37 GMT`, of the years 1970 to 9999.
std::string http_date(std::int64_t unix_seconds);

}  // namespace codec
