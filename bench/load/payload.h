// The message body: valid JSON of the schema {"author": int, "data": string}, so that every server may treat it as text,
// with publisher, sequence number and send time at fixed places (nibbles as the letters a–p) and a known pattern behind.
// Owner: nobody. Thread: any.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace load {

/// What stands around the fields and the pattern, which are letters and the same in every form.
struct PayloadForm {
  std::string_view start;   // in front of the publisher's number
  std::uint32_t author_at;  // so much of `start` is always the same
  std::string_view end;     // behind the pattern

  constexpr std::uint32_t pattern_at() const { return static_cast<std::uint32_t>(start.size()) + 32; }
  constexpr std::uint32_t end_bytes() const { return static_cast<std::uint32_t>(end.size()); }
  constexpr std::uint32_t bytes_min() const { return pattern_at() + end_bytes() + 1; }
};

inline constexpr PayloadForm plain_form{R"({"author":1000000,"data":")", 10, R"("})"};
/// As the last member of a JSON object, in a string: only quotes need escaping, and every JSON writer escapes them so.
inline constexpr PayloadForm quoted_form{R"({\"author\":1000000,\"data\":\")", 12, R"(\"}"})"};

inline constexpr std::uint32_t author_at = plain_form.author_at;
inline constexpr std::uint32_t publisher_at = plain_form.start.size();
inline constexpr std::uint32_t sequence_at = publisher_at + 8;
inline constexpr std::uint32_t send_time_at = sequence_at + 8;
inline constexpr std::uint32_t pattern_at = plain_form.pattern_at();
inline constexpr std::uint32_t payload_tail_bytes = plain_form.end_bytes();
inline constexpr std::uint32_t payload_bytes_min = plain_form.bytes_min();
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
  std::memcpy(out, plain_form.start.data(), publisher_at);
  std::string author = std::to_string(1'000'000 + head.publisher);
  std::memcpy(out + author_at, author.data(), 7);
  std::uint64_t letters = letters_from(head.publisher);
  std::memcpy(out + publisher_at, &letters, 8);
  letters = letters_from(head.sequence);
  std::memcpy(out + sequence_at, &letters, 8);
  std::memset(out + send_time_at, 'a', 16);
  std::memcpy(out + pattern_at, pattern_of(head), bytes - pattern_at - payload_tail_bytes);
  std::memcpy(out + bytes - payload_tail_bytes, plain_form.end.data(), payload_tail_bytes);
}

inline std::array<std::uint64_t, 2> send_time_letters(std::uint64_t send_ns) {
  return {letters_from(static_cast<std::uint32_t>(send_ns)), letters_from(static_cast<std::uint32_t>(send_ns >> 32))};
}

/// Reads the fields in front of the pattern. False: these are not bytes we sent.
template <const PayloadForm& form>
bool read_head(const std::uint8_t* payload, PayloadHead& head) {
  const std::uint8_t* fields = payload + form.start.size();
  bool bad = std::memcmp(payload, form.start.data(), form.author_at) != 0;
  head.publisher = from_letters(fields, bad);
  head.sequence = from_letters(fields + 8, bad);
  head.send_ns = from_letters(fields + 16, bad);
  head.send_ns |= static_cast<std::uint64_t>(from_letters(fields + 24, bad)) << 32;
  return !bad;
}

/// Compares a piece of the payload (`length` bytes from offset `at` ≥ form.pattern_at()) with what was sent.
inline bool piece_matches(const PayloadForm& form, const PayloadHead& head, std::uint32_t payload_bytes,
                          const std::uint8_t* piece, std::uint32_t at, std::uint32_t length) {
  const std::uint32_t end_at = payload_bytes - form.end_bytes();
  const std::uint32_t in_pattern = at < end_at ? std::min(length, end_at - at) : 0;
  if (std::memcmp(piece, pattern_of(head) + (at - form.pattern_at()), in_pattern) != 0) return false;
  if (in_pattern == length) return true;
  return std::memcmp(piece + in_pattern, form.end.data() + (at + in_pattern - end_at), length - in_pattern) == 0;
}

}  // namespace load
