// The server side of the WebSocket opening handshake (RFC 6455 §4.2).
// Owner: nobody, pure functions. Thread: any.
#pragma once

#include <string>
#include <string_view>

#include "native/codec/http1/upgrade.h"

namespace codec {

/// Checks method, Host, Upgrade, Connection, Sec-WebSocket-Version and Sec-WebSocket-Key, each with its own status
/// (501, 405, 426, 400 …); `OPTIONS *` gets 204. Of the subprotocols offered the first is selected, because browsers and `ws` fail
/// a connection whose offer is not answered; offers of the form `bearer.…` carry credentials and are passed over. Extensions are
/// declined silently (no header in the answer).
Upgrade accept_websocket_upgrade(const HttpRequest& request);

/// True when the request has an `Upgrade` header that lists websocket.
bool asks_for_websocket(const HttpRequest& request);

/// The 101 answer to an accepted upgrade. `role`: publish or subscribe, for `Broker-Role`; empty: no such header.
std::string write_upgrade_response(const Upgrade& upgrade, std::string_view role);

}  // namespace codec
