// A client's masked WebSocket frames.
// Owner: the fuzzer. Thread: main.
#pragma once

#include "test/fuzz/fuzz.h"
#include "test/native/codec/wire.h"

namespace fuzz {

/// `first_byte` is FIN, RSV and opcode; every mask is made of one byte.
inline void append_frame(Bytes& out, std::uint8_t first_byte, std::string_view payload, std::uint8_t mask) {
  const wire::Mask bytes = {mask, static_cast<std::uint8_t>(mask * 7), static_cast<std::uint8_t>(mask ^ 0x5A), 3};
  const Bytes frame = wire::frame(first_byte, payload, bytes);
  out.insert(out.end(), frame.begin(), frame.end());
}

/// The payload of one whole frame that a server wrote: unmasked, unfragmented, of its shortest form.
inline std::string_view payload_of(base::Bytes frame, std::uint8_t first_byte) {
  require(frame.size() >= 2 && frame[0] == first_byte, "a frame of that opcode");
  const std::size_t head = frame[1] < 126 ? 2 : frame[1] == 126 ? 4 : 10;
  require(frame[1] <= 127 && frame.size() >= head, "not masked, and whole");
  std::uint64_t length = frame[1];
  if (head > 2) length = 0;
  for (std::size_t i = 2; i < head; ++i) length = length << 8 | frame[i];
  require(length == frame.size() - head, "its length is what follows");
  require(head == (length < 126 ? 2u : length < 65'536 ? 4u : 10u), "its length is in the shortest form");
  return base::text_of(frame.subspan(head));
}

}  // namespace fuzz
