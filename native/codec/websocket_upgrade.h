// The server side of the WebSocket opening handshake (RFC 6455 §4.2).
// Owner: nobody, pure functions. Thread: any.
#pragma once

#include <string>
#include <string_view>

#include "native/codec/http1.h"

namespace codec {

struct Upgrade {
  bool accepted = false;
  std::string accept_key;  // Sec-WebSocket-Accept, when accepted
  HttpRefusal refusal;     // when not
};

/// Checks method, Host, Upgrade, Connection, Sec-WebSocket-Version and Sec-WebSocket-Key, each with its own status
/// (405, 400, 426 …). Offered subprotocols and extensions are declined silently (no header in the answer).
Upgrade accept_websocket_upgrade(const HttpRequest& request);

/// True when the request has an `Upgrade` header that lists websocket.
bool asks_for_websocket(const HttpRequest& request);

/// The 101 answer.
std::string write_upgrade_response(std::string_view accept_key);

}  // namespace codec
