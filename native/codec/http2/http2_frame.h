// HTTP/2 frames on the wire (RFC 9113 §4 and §6): their types, flags, errors, settings, and the nine bytes before each.
// Owner: nobody, pure functions. Thread: any.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "native/base/bytes.h"

namespace codec {

/// What a client sends before its first frame (§3.4).
inline constexpr std::string_view http2_preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

enum class FrameType : std::uint8_t {
  data = 0x0,
  headers = 0x1,
  priority = 0x2,
  rst_stream = 0x3,
  settings = 0x4,
  push_promise = 0x5,
  ping = 0x6,
  goaway = 0x7,
  window_update = 0x8,
  continuation = 0x9,
};

namespace frame_flag {
inline constexpr std::uint8_t ack = 0x1;  // SETTINGS, PING
inline constexpr std::uint8_t end_stream = 0x1;
inline constexpr std::uint8_t end_headers = 0x4;
inline constexpr std::uint8_t padded = 0x8;
inline constexpr std::uint8_t priority = 0x20;
}  // namespace frame_flag

/// §7.
enum class Http2Error : std::uint32_t {
  no_error = 0x0,
  protocol_error = 0x1,
  internal_error = 0x2,
  flow_control_error = 0x3,
  settings_timeout = 0x4,
  stream_closed = 0x5,
  frame_size_error = 0x6,
  refused_stream = 0x7,
  cancel = 0x8,
  compression_error = 0x9,
  enhance_your_calm = 0xb,
};

/// §6.5.2.
enum class SettingId : std::uint16_t {
  header_table_size = 0x1,
  enable_push = 0x2,
  max_concurrent_streams = 0x3,
  initial_window_size = 0x4,
  max_frame_size = 0x5,
  max_header_list_size = 0x6,
};

inline constexpr std::size_t frame_head_bytes = 9;
/// The largest frame that a peer may send unless told otherwise, and we do not tell.
inline constexpr std::uint32_t frame_payload_bytes_max = 16'384;
inline constexpr std::uint32_t frame_payload_bytes_limit = (1u << 24) - 1;
inline constexpr std::uint32_t initial_window_bytes = 65'535;  // §6.9.2, until SETTINGS say otherwise
inline constexpr std::uint32_t window_bytes_max = 0x7FFFFFFF;
inline constexpr std::uint32_t stream_id_max = 0x7FFFFFFF;
/// What the ping says that follows the first GOAWAY of a drain.
inline constexpr std::array<std::uint8_t, 8> drain_ping = {'d', 'r', 'a', 'i', 'n', 'i', 'n', 'g'};

struct FrameHead {
  std::uint32_t length = 0;
  std::uint8_t type = 0;  // also ones that FrameType does not know
  std::uint8_t flags = 0;
  std::uint32_t stream = 0;

  bool is(FrameType wanted) const { return type == static_cast<std::uint8_t>(wanted); }
  bool has(std::uint8_t flag) const { return (flags & flag) != 0; }
};

inline std::uint32_t read_u32(base::Bytes in) {
  return std::uint32_t{in[0]} << 24 | std::uint32_t{in[1]} << 16 | std::uint32_t{in[2]} << 8 | in[3];
}

/// `in` has at least `frame_head_bytes`. The reserved bit is not looked at (§4.1).
inline FrameHead read_frame_head(base::Bytes in) {
  return {read_u32(in) >> 8, in[3], in[4], read_u32(in.subspan(5)) & stream_id_max};
}

inline void write_u32(std::uint32_t value, base::MutableBytes out) {
  for (unsigned i = 0; i < 4; ++i) out[i] = static_cast<std::uint8_t>(value >> (24 - 8 * i));
}

inline void write_frame_head(const FrameHead& head, base::MutableBytes out) {
  write_u32(head.length << 8 | head.type, out);
  out[4] = head.flags;
  write_u32(head.stream, out.subspan(5));
}

}  // namespace codec
