// Client-to-server WebSocket framing (RFC 6455 §5.2, §5.3): masked, never fragmented.
// Owner: nobody. Thread: the load thread.
#pragma once

#include <cstdint>
#include <cstring>

namespace load {

enum class Opcode : std::uint8_t { continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

inline std::uint32_t client_head_bytes(std::uint32_t payload_bytes) {
  return 4 + (payload_bytes < 126 ? 2 : payload_bytes < 65536 ? 4 : 10);
}

/// Any key but zero: a server must not be spared its unmasking.
inline constexpr std::uint8_t mask_key[4] = {0x37, 0xfa, 0x21, 0x3d};

inline void apply_mask(std::uint8_t* bytes, std::uint32_t length, std::uint32_t phase) {
  for (std::uint32_t i = 0; i < length; ++i) bytes[i] ^= mask_key[(phase + i) & 3];
}

/// Writes the head of a masked frame; returns its length.
inline std::uint32_t write_client_head(std::uint8_t* out, Opcode opcode, std::uint32_t payload_bytes) {
  out[0] = 0x80 | static_cast<std::uint8_t>(opcode);
  const std::uint32_t head_bytes = client_head_bytes(payload_bytes);
  const std::uint32_t length_bytes = head_bytes - 6;
  out[1] = 0x80 | (length_bytes == 0 ? payload_bytes : length_bytes == 2 ? 126 : 127);
  for (std::uint32_t i = 0; i < length_bytes; ++i) {
    const std::uint32_t shift = 8 * (length_bytes - 1 - i);
    out[2 + i] = shift >= 32 ? 0 : static_cast<std::uint8_t>(payload_bytes >> shift);
  }
  std::memcpy(out + 2 + length_bytes, mask_key, 4);
  return head_bytes;
}

}  // namespace load
