// The Host and Origin headers (RFC 9110 §7.2, RFC 3986 §3.2.2, RFC 6454 §7), and who may stand in them.
// Owner: nobody, pure functions. Thread: any.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "native/codec/http1/http1.h"

namespace codec {

enum class HostKind : std::uint8_t { name, ipv4, ipv6 };

struct HostAndPort {
  HostKind kind = HostKind::name;
  std::string_view host;  // without the brackets of an IPv6 address
  std::string_view port;  // empty when there is none
};

/// A host and an optional port, 0..65535. Nothing for what is neither a name of letters, digits, `-`, `.` and `_` nor an address:
/// RFC 3986 would let a name contain more (`%41`, `a,b`), which no resolver knows and proxies read differently.
std::optional<HostAndPort> parse_host(std::string_view text);

/// `localhost`, 127.0.0.0/8 or ::1.
bool is_loopback(const HostAndPort& host);

/// Which web pages may connect to a listener. Clients without an Origin header are not pages.
struct WebRules {
  /// Origins of pages that may (`https://shop.example`, in small letters; `*`: any). Nothing: pages of this machine only.
  std::optional<std::vector<std::string>> origins;
  /// Names of this server besides localhost, in small letters: a page of theirs is of this machine.
  std::vector<std::string> names;
  /// True where only this machine reaches the listener: then a foreign name in Host was made to point here (DNS rebinding), which
  /// matters unless `origins` says who may.
  bool local = false;
};

/// False when the Host header is a name that somebody else may have made to point here; an address cannot be, nor can `localhost`.
bool names_this_server(const HttpRequest& request, const WebRules& rules);

/// 403 for a page, or a name, that may not; nothing when the request may go on.
std::optional<HttpRefusal> check_web(const HttpRequest& request, const WebRules& rules);

/// What lets the page whose request `check_web` has let pass read the answer (Fetch §3.2): header lines; none for who is no page. Only a
/// page that is listed by name may bring cookies.
std::string origin_headers(const HttpRequest& request, const WebRules& rules);

}  // namespace codec
