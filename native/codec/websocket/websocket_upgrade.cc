// See websocket_upgrade.h.
// Owner: nobody. Thread: any.
#include "native/codec/websocket/websocket_upgrade.h"

#include <algorithm>
#include <array>
#include <optional>

#include "native/base/base64.h"
#include "native/base/sha1.h"
#include "native/codec/http1/http_text.h"

namespace codec {
namespace {

constexpr std::string_view accept_guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";  // RFC 6455 §1.3

/// RFC 6455 §4.2.1 item 5: 16 bytes in base64.
bool is_valid_key(std::string_view key) {
  std::array<std::uint8_t, 16> nonce;
  return key.size() == 24 && base::base64_decode(key, nonce) == nonce.size();
}

std::string accept_key_of(std::string_view key) {
  return base::base64_encode(base::sha1(base::bytes_of(std::string(key).append(accept_guid))));
}

/// RFC 9110 §9 and RFC 5789; of others it is not known that they are methods at all.
bool is_known_method(std::string_view method) {
  constexpr std::string_view known[] = {"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"};
  return std::find(std::begin(known), std::end(known), method) != std::end(known);
}

std::optional<HttpRefusal> check_method(const HttpRequest& request) {
  if (request.method == "OPTIONS" && request.target == "*") return HttpRefusal{204, "GET"};
  if (!is_known_method(request.method)) return HttpRefusal{501, "unknown method"};
  if (request.method != "GET") return HttpRefusal{405, "only GET can upgrade to WebSocket", request.method != "HEAD"};
  return std::nullopt;
}

/// The first one offered that is no credential, of all headers of that name (RFC 6455 §4.2.2 item 5); 400 when one is no token.
std::optional<HttpRefusal> select_subprotocol(const HttpRequest& request, std::string& selected) {
  for (const HttpHeader& header : request.headers) {
    if (!header_is(header, "Sec-WebSocket-Protocol")) continue;
    const bool sound = for_each_part(header.value, ',', [&](std::string_view part) {
      const std::string_view offer = trim_space(part);
      if (!is_token(offer)) return false;
      if (selected.empty() && !offer.starts_with("bearer.")) selected = offer;
      return true;
    });
    if (!sound) return HttpRefusal{400, "Sec-WebSocket-Protocol must list tokens"};
  }
  return std::nullopt;
}

std::optional<HttpRefusal> check_upgrade(const HttpRequest& request) {
  if (const auto refusal = check_method(request)) return refusal;
  // It would be read as frames by us and as a body by a proxy in front of us.
  if (announces_body(request)) return HttpRefusal{400, "an upgrade request has no body"};
  if (request.minor_version == 0) {
    return HttpRefusal{426, "this port speaks WebSocket, which needs HTTP/1.1; nginx: proxy_http_version 1.1, and pass Upgrade and Connection on"};
  }
  if (!lists_token(request, "Upgrade", "websocket")) return HttpRefusal{426, "this port speaks WebSocket only"};
  if (!lists_token(request, "Connection", "upgrade")) return HttpRefusal{400, "no Connection: Upgrade header"};
  if (find_header(request, "Sec-WebSocket-Version") != "13") return HttpRefusal{426, "Sec-WebSocket-Version must be 13"};
  if (!is_valid_key(find_header(request, "Sec-WebSocket-Key"))) {
    return HttpRefusal{400, "Sec-WebSocket-Key must be one header with 16 bytes in base64"};
  }
  return std::nullopt;
}

}  // namespace

bool asks_for_websocket(const HttpRequest& request) { return lists_token(request, "Upgrade", "websocket"); }

Upgrade accept_websocket_upgrade(const HttpRequest& request) {
  Upgrade upgrade;
  if (const auto refusal = check_upgrade(request)) {
    upgrade.refusal = *refusal;
    return upgrade;
  }
  if (const auto refusal = select_subprotocol(request, upgrade.subprotocol)) {
    upgrade.refusal = *refusal;
    return upgrade;
  }
  upgrade.accepted = true;
  upgrade.accept_key = accept_key_of(find_header(request, "Sec-WebSocket-Key"));
  return upgrade;
}

std::string write_upgrade_response(const Upgrade& upgrade, std::string_view role) {
  std::string answer = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";
  answer.append("Sec-WebSocket-Accept: ").append(upgrade.accept_key).append("\r\n");
  if (!upgrade.subprotocol.empty()) answer.append("Sec-WebSocket-Protocol: ").append(upgrade.subprotocol).append("\r\n");
  if (!role.empty()) answer.append("Broker-Role: ").append(role).append("\r\n");
  return answer.append(upgrade.headers).append("\r\n");
}

}  // namespace codec
