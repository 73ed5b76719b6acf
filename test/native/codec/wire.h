// Client-side wire bytes for codec tests: hex literals and masked frames.
// Owner: the test. Thread: main.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace wire {

using Wire = std::vector<std::uint8_t>;

/// "81 85 37fa213d" → bytes; white space is ignored.
inline Wire hex(std::string_view text) {
  Wire out;
  int high = -1;
  for (const char c : text) {
    if (c == ' ') continue;
    const int digit = c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
    if (high < 0) high = digit;
    else out.push_back(static_cast<std::uint8_t>(high << 4 | digit)), high = -1;
  }
  return out;
}

inline std::string to_hex(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) {
    out += "0123456789abcdef"[static_cast<std::uint8_t>(c) >> 4];
    out += "0123456789abcdef"[static_cast<std::uint8_t>(c) & 0xF];
  }
  return out;
}

inline Wire operator+(Wire left, const Wire& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

using Mask = std::array<std::uint8_t, 4>;
inline constexpr Mask example_mask = {0x37, 0xfa, 0x21, 0x3d};

/// Header alone, announcing `length` in its shortest form.
inline Wire frame_header(std::uint8_t first_byte, std::uint64_t length, const Mask& mask = example_mask) {
  Wire out = {first_byte};
  const int length_bytes = length < 126 ? 0 : length < 65536 ? 2 : 8;
  out.push_back(static_cast<std::uint8_t>(0x80 | (length_bytes == 0 ? length : length_bytes == 2 ? 126 : 127)));
  for (int i = length_bytes - 1; i >= 0; --i) out.push_back(static_cast<std::uint8_t>(length >> (8 * i)));
  out.insert(out.end(), mask.begin(), mask.end());
  return out;
}

/// A masked frame; `first_byte` is FIN, RSV and opcode, such as 0x81.
inline Wire frame(std::uint8_t first_byte, std::string_view payload, const Mask& mask = example_mask) {
  Wire out = frame_header(first_byte, payload.size(), mask);
  for (std::size_t i = 0; i < payload.size(); ++i) {
    out.push_back(static_cast<std::uint8_t>(static_cast<std::uint8_t>(payload[i]) ^ mask[i % 4]));
  }
  return out;
}

inline Wire close_frame(int code, std::string_view reason = {}) {
  std::string payload = {static_cast<char>(code >> 8), static_cast<char>(code & 0xFF)};
  return frame(0x88, payload.append(reason));
}

}  // namespace wire
