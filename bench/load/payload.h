// The message body: valid JSON of the schema {"author": int, "data": string}, so that every server may treat it as text,
// with publisher, sequence number and send time at fixed places (nibbles as the letters a–p) and a known pattern behind.
// Owner: nobody. Thread: any.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <string>

namespace load {

inline constexpr char payload_start[] = R"({"author":1000000,"data":")";
inline constexpr std::uint32_t author_at = 10;
inline constexpr std::uint32_t publisher_at = sizeof(payload_start) - 1;
inline constexpr std::uint32_t sequence_at = publisher_at + 8;
inline constexpr std::uint32_t send_time_at = sequence_at + 8;
inline constexpr std::uint32_t pattern_at = send_time_at + 16;
inline constexpr std::uint32_t payload_tail_bytes = 2;  // "}
inline constexpr std::uint32_t payload_bytes_min = pattern_at + payload_tail_bytes + 1;
inline constexpr std::uint32_t payload_bytes_max = 64 * 1024;

struct PayloadHead {
  std::uint32_t publisher;
  std::uint32_t sequence;
  std::uint64_t send_ns;
};

/// Spreads eight nibbles over eight letters, the lowest first.
inline std::uint64_t letters_from(std::uint32_t value) {
  std::uint64_t x = value;
  x = (x | x << 16) & 0x0000ffff0000ffff;
  x = (x | x << 8) & 0x00ff00ff00ff00ff;
  x = (x | x << 4) & 0x0f0f0f0f0f0f0f0f;
  return x + 0x6161616161616161;
}

/// The inverse; sets `bad` when a byte is no letter a–p, leaves it alone otherwise.
inline std::uint32_t from_letters(const std::uint8_t* at, bool& bad) {
  std::uint64_t x;
  std::memcpy(&x, at, 8);
  x -= 0x6161616161616161;
  bad |= (x & 0xf0f0f0f0f0f0f0f0) != 0;
  x = (x | x >> 4) & 0x00ff00ff00ff00ff;
  x = (x | x >> 8) & 0x0000ffff0000ffff;
  return static_cast<std::uint32_t>(x | x >> 16);
}

/// A text without a short period; each (publisher, sequence) shows another part of it, so a body that belongs to
/// another message is seen as corrupted.
inline const std::string& pattern_text() {
  static const std::string text = [] {
    std::string made(payload_bytes_max + 4096, 'a');
    std::uint32_t state = 0x9e3779b9;
    for (char& letter : made) {
      state = state * 1664525 + 1013904223;
      letter = static_cast<char>('A' + (state >> 24) % 26);
    }
    return made;
  }();
  return text;
}

inline const char* pattern_of(const PayloadHead& head) {
  return pattern_text().data() + (head.publisher * 37 + head.sequence * 101) % 4093;
}

/// Fills `out` (at least payload_bytes_min) but for the send time, which `stamp_send_time` writes.
inline void write_payload(std::uint8_t* out, std::uint32_t bytes, const PayloadHead& head) {
  std::memcpy(out, payload_start, publisher_at);
  std::string author = std::to_string(1'000'000 + head.publisher);
  std::memcpy(out + author_at, author.data(), 7);
  std::uint64_t letters = letters_from(head.publisher);
  std::memcpy(out + publisher_at, &letters, 8);
  letters = letters_from(head.sequence);
  std::memcpy(out + sequence_at, &letters, 8);
  std::memset(out + send_time_at, 'a', 16);
  std::memcpy(out + pattern_at, pattern_of(head), bytes - pattern_at - payload_tail_bytes);
  std::memcpy(out + bytes - payload_tail_bytes, "\"}", payload_tail_bytes);
}

inline std::array<std::uint64_t, 2> send_time_letters(std::uint64_t send_ns) {
  return {letters_from(static_cast<std::uint32_t>(send_ns)), letters_from(static_cast<std::uint32_t>(send_ns >> 32))};
}

/// Reads the fields of the first `pattern_at` bytes. False: these are not bytes we sent.
inline bool read_head(const std::uint8_t* payload, PayloadHead& head) {
  bool bad = std::memcmp(payload, payload_start, author_at) != 0;
  head.publisher = from_letters(payload + publisher_at, bad);
  head.sequence = from_letters(payload + sequence_at, bad);
  head.send_ns = from_letters(payload + send_time_at, bad);
  head.send_ns |= static_cast<std::uint64_t>(from_letters(payload + send_time_at + 8, bad)) << 32;
  return !bad;
}

/// Compares a piece of the payload (`length` bytes from offset `at` ≥ pattern_at) with what was sent.
inline bool piece_matches(const PayloadHead& head, std::uint32_t payload_bytes, const std::uint8_t* piece,
                          std::uint32_t at, std::uint32_t length) {
  const std::uint32_t tail_at = payload_bytes - payload_tail_bytes;
  const std::uint32_t in_pattern = at < tail_at ? std::min(length, tail_at - at) : 0;
  if (std::memcmp(piece, pattern_of(head) + (at - pattern_at), in_pattern) != 0) return false;
  const std::uint32_t tail_from = at + in_pattern - tail_at;
  return in_pattern == length || std::memcmp(piece + in_pattern, "\"}" + tail_from, length - in_pattern) == 0;
}

}  // namespace load
