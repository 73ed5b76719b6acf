// The WebSocket frame decoder for the server side (RFC 6455 §5–§8), streaming: complete unfragmented frames are handed on
// as views into the input, anything else is assembled as its bytes arrive.
// Owner: the connection. Thread: its shard.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "native/base/utf8.h"
#include "native/codec/codec.h"

namespace codec {

struct WebSocketLimits {
  std::uint64_t message_bytes_max = 64 * 1024;    // over it → 1009 from the header alone
  std::uint32_t fragments_per_message_max = 1024;  // over it → 1008
};

/// What to do with data messages: a subscriber's are counted and dropped without looking inside or applying size limits.
enum class DataFrames : std::uint8_t { deliver, ignore };

class WebSocketCodec final : public Codec {
 public:
  WebSocketCodec(const WebSocketLimits& limits, DataFrames data_frames);
  Decoded decode(base::MutableBytes in, CommandSink& sink) override;
  // private part to be written by the implementation; keep sizeof(WebSocketCodec) <= 96 when no message is being assembled.
};

/// Writes a control frame (ping, pong) with a payload of at most 125 bytes into `out` (at least payload + 2 bytes); returns its length.
std::size_t write_ping_frame(base::Bytes payload, base::MutableBytes out);
std::size_t write_pong_frame(base::Bytes payload, base::MutableBytes out);
/// Close frame; `no_status` writes an empty one; the reason is cut to 123 bytes at a UTF-8 boundary. Returns its length (2..127).
std::size_t write_close_frame(std::uint16_t code, std::string_view reason, base::MutableBytes out);

}  // namespace codec
