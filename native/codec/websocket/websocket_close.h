// How a connection ends in the words of WebSocket: close codes.
// Owner: nobody, pure functions. Thread: any.
#pragma once

#include <cstdint>

#include "native/codec/ending.h"

namespace codec {

/// Close codes of RFC 6455 §7.4.1 that this broker sends or records. Peers may send others (1000–1003, 1007–1014, 3000–4999).
enum class CloseCode : std::uint16_t {
  normal = 1000,
  going_away = 1001,
  protocol_error = 1002,
  unsupported_data = 1003,
  no_status = 1005,  // never on the wire: the peer's close frame had no code
  abnormal = 1006,   // never on the wire: the stream ended without a close frame
  invalid_payload = 1007,
  policy_violation = 1008,
  message_too_big = 1009,
  try_again_later = 1013,
};

/// Also the code of the disconnect event of protocols that have no close codes.
std::uint16_t websocket_code_of(Ending ending);

/// Whether a close frame may carry this code (RFC 6455 §7.4, and 1012–1014 of the IANA registry).
bool may_be_sent(std::uint16_t code);

}  // namespace codec
