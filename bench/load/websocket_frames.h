// What the WebSocket wire and the protocols on top of it share: the handshake and frames in both directions.
// Owner: nobody. Thread: any.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "bench/load/client_frame.h"
#include "bench/load/wire.h"

namespace load {

/// The key of RFC 6455 §1.3 and its answer: the same for all connections, so the check is a comparison.
inline constexpr char handshake_key[] = "dGhlIHNhbXBsZSBub25jZQ==";
inline constexpr char handshake_accept[] = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

std::string upgrade_request(const std::string& authority, const std::string& path);

/// Length of the answer's head, 0 while incomplete. Throws std::runtime_error when it is not a 101 with the right key.
std::size_t upgrade_answer_bytes(const std::string& answer);

struct FrameHead {
  std::uint32_t bytes = 0;  // 0: not all there yet
  std::uint64_t payload_bytes = 0;
  Opcode opcode = Opcode::text;
  bool allowed = true;  // final, unmasked, no reserved bits, an opcode a server may send here
};

FrameHead read_frame_head(const std::uint8_t* at, const std::uint8_t* end);

/// As Wire::next: data frames are messages, pings are answered.
Unit read_frame(const std::uint8_t* at, const std::uint8_t* end, std::vector<std::uint8_t>& replies);

/// Appends a masked frame.
void append_frame(std::vector<std::uint8_t>& out, Opcode opcode, std::span<const std::uint8_t> payload);

}  // namespace load
