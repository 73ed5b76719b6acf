// The head of an unfragmented, unmasked data frame, as a server sends it (RFC 6455 §5.2).
// Owner: nobody, pure functions. Thread: any.
#pragma once

#include <cstddef>
#include <cstdint>

#include "native/base/bytes.h"
#include "native/base/check.h"
#include "native/codec/codec.h"

namespace codec {

inline constexpr std::size_t data_header_bytes_max = 10;

/// The header's length, for a payload of this length.
inline std::size_t data_header_bytes(std::size_t payload_bytes) {
  return payload_bytes < 126 ? 2 : payload_bytes < 65536 ? 4 : data_header_bytes_max;
}

/// The payload's length from the frame's: what a header adds is never ambiguous.
inline std::size_t payload_bytes_in(std::size_t frame_bytes) {
  for (const std::size_t header_bytes : {std::size_t{2}, std::size_t{4}}) {
    if (frame_bytes >= header_bytes && data_header_bytes(frame_bytes - header_bytes) == header_bytes) return frame_bytes - header_bytes;
  }
  return frame_bytes - data_header_bytes_max;
}

/// Writes it to the front of `out`; the payload follows behind `data_header_bytes(payload_bytes)`.
inline void write_data_header(PayloadKind kind, std::size_t payload_bytes, base::MutableBytes out) {
  const std::size_t length_bytes = data_header_bytes(payload_bytes) - 2;
  CHECK(out.size() >= 2 + length_bytes);
  out[0] = kind == PayloadKind::text ? 0x81 : 0x82;
  out[1] = static_cast<std::uint8_t>(length_bytes == 0 ? payload_bytes : length_bytes == 2 ? 126 : 127);
  for (std::size_t i = 0; i < length_bytes; ++i) {
    out[2 + i] = static_cast<std::uint8_t>(std::uint64_t{payload_bytes} >> 8 * (length_bytes - 1 - i));
  }
}

/// Such a frame, taken apart; a view of it.
struct DataFrame {
  PayloadKind kind = PayloadKind::binary;
  base::Bytes payload;
};

/// Of a whole frame that was written with `write_data_header`: nothing else may come here.
inline DataFrame read_data_frame(base::Bytes frame) {
  CHECK(frame.size() >= 2 && (frame[0] == 0x81 || frame[0] == 0x82));
  const std::size_t header_bytes = frame[1] < 126 ? 2 : frame[1] == 126 ? 4 : data_header_bytes_max;
  CHECK(frame.size() >= header_bytes);
  return {frame[0] == 0x81 ? PayloadKind::text : PayloadKind::binary, frame.subspan(header_bytes)};
}

}  // namespace codec
