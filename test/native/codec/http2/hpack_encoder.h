// An HPACK encoder for tests (RFC 7541): it makes random use of everything that the format allows, and keeps a table of its own,
// written the plainest way.
// Owner: the test. Thread: main.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "test/native/codec/http2/http2_wire.h"

namespace hpack {

struct Code {
  std::uint32_t bits;
  int length;
};

/// RFC 7541 Appendix B.
inline constexpr std::array<Code, 256> codes = {
    Code{0x1ff8, 13}, Code{0x7fffd8, 23}, Code{0xfffffe2, 28}, Code{0xfffffe3, 28}, Code{0xfffffe4, 28}, Code{0xfffffe5, 28}, Code{0xfffffe6, 28}, Code{0xfffffe7, 28},
    Code{0xfffffe8, 28}, Code{0xffffea, 24}, Code{0x3ffffffc, 30}, Code{0xfffffe9, 28}, Code{0xfffffea, 28}, Code{0x3ffffffd, 30}, Code{0xfffffeb, 28}, Code{0xfffffec, 28},
    Code{0xfffffed, 28}, Code{0xfffffee, 28}, Code{0xfffffef, 28}, Code{0xffffff0, 28}, Code{0xffffff1, 28}, Code{0xffffff2, 28}, Code{0x3ffffffe, 30}, Code{0xffffff3, 28},
    Code{0xffffff4, 28}, Code{0xffffff5, 28}, Code{0xffffff6, 28}, Code{0xffffff7, 28}, Code{0xffffff8, 28}, Code{0xffffff9, 28}, Code{0xffffffa, 28}, Code{0xffffffb, 28},
    Code{0x14, 6}, Code{0x3f8, 10}, Code{0x3f9, 10}, Code{0xffa, 12}, Code{0x1ff9, 13}, Code{0x15, 6}, Code{0xf8, 8}, Code{0x7fa, 11},
    Code{0x3fa, 10}, Code{0x3fb, 10}, Code{0xf9, 8}, Code{0x7fb, 11}, Code{0xfa, 8}, Code{0x16, 6}, Code{0x17, 6}, Code{0x18, 6},
    Code{0x0, 5}, Code{0x1, 5}, Code{0x2, 5}, Code{0x19, 6}, Code{0x1a, 6}, Code{0x1b, 6}, Code{0x1c, 6}, Code{0x1d, 6},
    Code{0x1e, 6}, Code{0x1f, 6}, Code{0x5c, 7}, Code{0xfb, 8}, Code{0x7ffc, 15}, Code{0x20, 6}, Code{0xffb, 12}, Code{0x3fc, 10},
    Code{0x1ffa, 13}, Code{0x21, 6}, Code{0x5d, 7}, Code{0x5e, 7}, Code{0x5f, 7}, Code{0x60, 7}, Code{0x61, 7}, Code{0x62, 7},
    Code{0x63, 7}, Code{0x64, 7}, Code{0x65, 7}, Code{0x66, 7}, Code{0x67, 7}, Code{0x68, 7}, Code{0x69, 7}, Code{0x6a, 7},
    Code{0x6b, 7}, Code{0x6c, 7}, Code{0x6d, 7}, Code{0x6e, 7}, Code{0x6f, 7}, Code{0x70, 7}, Code{0x71, 7}, Code{0x72, 7},
    Code{0xfc, 8}, Code{0x73, 7}, Code{0xfd, 8}, Code{0x1ffb, 13}, Code{0x7fff0, 19}, Code{0x1ffc, 13}, Code{0x3ffc, 14}, Code{0x22, 6},
    Code{0x7ffd, 15}, Code{0x3, 5}, Code{0x23, 6}, Code{0x4, 5}, Code{0x24, 6}, Code{0x5, 5}, Code{0x25, 6}, Code{0x26, 6},
    Code{0x27, 6}, Code{0x6, 5}, Code{0x74, 7}, Code{0x75, 7}, Code{0x28, 6}, Code{0x29, 6}, Code{0x2a, 6}, Code{0x7, 5},
    Code{0x2b, 6}, Code{0x76, 7}, Code{0x2c, 6}, Code{0x8, 5}, Code{0x9, 5}, Code{0x2d, 6}, Code{0x77, 7}, Code{0x78, 7},
    Code{0x79, 7}, Code{0x7a, 7}, Code{0x7b, 7}, Code{0x7ffe, 15}, Code{0x7fc, 11}, Code{0x3ffd, 14}, Code{0x1ffd, 13}, Code{0xffffffc, 28},
    Code{0xfffe6, 20}, Code{0x3fffd2, 22}, Code{0xfffe7, 20}, Code{0xfffe8, 20}, Code{0x3fffd3, 22}, Code{0x3fffd4, 22}, Code{0x3fffd5, 22}, Code{0x7fffd9, 23},
    Code{0x3fffd6, 22}, Code{0x7fffda, 23}, Code{0x7fffdb, 23}, Code{0x7fffdc, 23}, Code{0x7fffdd, 23}, Code{0x7fffde, 23}, Code{0xffffeb, 24}, Code{0x7fffdf, 23},
    Code{0xffffec, 24}, Code{0xffffed, 24}, Code{0x3fffd7, 22}, Code{0x7fffe0, 23}, Code{0xffffee, 24}, Code{0x7fffe1, 23}, Code{0x7fffe2, 23}, Code{0x7fffe3, 23},
    Code{0x7fffe4, 23}, Code{0x1fffdc, 21}, Code{0x3fffd8, 22}, Code{0x7fffe5, 23}, Code{0x3fffd9, 22}, Code{0x7fffe6, 23}, Code{0x7fffe7, 23}, Code{0xffffef, 24},
    Code{0x3fffda, 22}, Code{0x1fffdd, 21}, Code{0xfffe9, 20}, Code{0x3fffdb, 22}, Code{0x3fffdc, 22}, Code{0x7fffe8, 23}, Code{0x7fffe9, 23}, Code{0x1fffde, 21},
    Code{0x7fffea, 23}, Code{0x3fffdd, 22}, Code{0x3fffde, 22}, Code{0xfffff0, 24}, Code{0x1fffdf, 21}, Code{0x3fffdf, 22}, Code{0x7fffeb, 23}, Code{0x7fffec, 23},
    Code{0x1fffe0, 21}, Code{0x1fffe1, 21}, Code{0x3fffe0, 22}, Code{0x1fffe2, 21}, Code{0x7fffed, 23}, Code{0x3fffe1, 22}, Code{0x7fffee, 23}, Code{0x7fffef, 23},
    Code{0xfffea, 20}, Code{0x3fffe2, 22}, Code{0x3fffe3, 22}, Code{0x3fffe4, 22}, Code{0x7ffff0, 23}, Code{0x3fffe5, 22}, Code{0x3fffe6, 22}, Code{0x7ffff1, 23},
    Code{0x3ffffe0, 26}, Code{0x3ffffe1, 26}, Code{0xfffeb, 20}, Code{0x7fff1, 19}, Code{0x3fffe7, 22}, Code{0x7ffff2, 23}, Code{0x3fffe8, 22}, Code{0x1ffffec, 25},
    Code{0x3ffffe2, 26}, Code{0x3ffffe3, 26}, Code{0x3ffffe4, 26}, Code{0x7ffffde, 27}, Code{0x7ffffdf, 27}, Code{0x3ffffe5, 26}, Code{0xfffff1, 24}, Code{0x1ffffed, 25},
    Code{0x7fff2, 19}, Code{0x1fffe3, 21}, Code{0x3ffffe6, 26}, Code{0x7ffffe0, 27}, Code{0x7ffffe1, 27}, Code{0x3ffffe7, 26}, Code{0x7ffffe2, 27}, Code{0xfffff2, 24},
    Code{0x1fffe4, 21}, Code{0x1fffe5, 21}, Code{0x3ffffe8, 26}, Code{0x3ffffe9, 26}, Code{0xffffffd, 28}, Code{0x7ffffe3, 27}, Code{0x7ffffe4, 27}, Code{0x7ffffe5, 27},
    Code{0xfffec, 20}, Code{0xfffff3, 24}, Code{0xfffed, 20}, Code{0x1fffe6, 21}, Code{0x3fffe9, 22}, Code{0x1fffe7, 21}, Code{0x1fffe8, 21}, Code{0x7ffff3, 23},
    Code{0x3fffea, 22}, Code{0x3fffeb, 22}, Code{0x1ffffee, 25}, Code{0x1ffffef, 25}, Code{0xfffff4, 24}, Code{0xfffff5, 24}, Code{0x3ffffea, 26}, Code{0x7ffff4, 23},
    Code{0x3ffffeb, 26}, Code{0x7ffffe6, 27}, Code{0x3ffffec, 26}, Code{0x3ffffed, 26}, Code{0x7ffffe7, 27}, Code{0x7ffffe8, 27}, Code{0x7ffffe9, 27}, Code{0x7ffffea, 27},
    Code{0x7ffffeb, 27}, Code{0xffffffe, 28}, Code{0x7ffffec, 27}, Code{0x7ffffed, 27}, Code{0x7ffffee, 27}, Code{0x7ffffef, 27}, Code{0x7fffff0, 27}, Code{0x3ffffee, 26},
};

inline h2::Wire huffman(std::string_view text) {
  h2::Wire out;
  std::uint64_t held = 0;
  int bits = 0;
  for (const char c : text) {
    const Code& code = codes[static_cast<std::uint8_t>(c)];
    held = held << code.length | code.bits;
    for (bits += code.length; bits >= 8; bits -= 8) out.push_back(static_cast<std::uint8_t>(held >> (bits - 8)));
  }
  if (bits > 0) out.push_back(static_cast<std::uint8_t>(held << (8 - bits) | ((1u << (8 - bits)) - 1)));
  return out;
}

using Field = std::pair<std::string, std::string>;

class RandomEncoder {
 public:
  explicit RandomEncoder(std::uint32_t seed) : random(seed) {}

  std::size_t below(std::size_t bound) { return random() % bound; }

  h2::Wire size_update(std::size_t bytes) {
    limit_ = bytes;
    evict_to(limit_);
    return h2::integer(0x20, 5, bytes);
  }

  h2::Wire encode(const Field& field) {
    for (std::size_t i = 0; i < table_.size(); ++i) {
      if (table_[i] == field && below(4) != 0) return h2::integer(0x80, 7, 62 + i);
    }
    switch (below(3)) {
      case 0: return literal(0x00, 4, field);
      case 1: return literal(0x10, 4, field);
      default: break;
    }
    const h2::Wire out = literal(0x40, 6, field);
    insert(field);
    return out;
  }

  std::mt19937 random;

 private:
  h2::Wire literal(std::uint8_t first, unsigned prefix_bits, const Field& field) {
    using wire::operator+;
    for (std::size_t i = 0; i < table_.size(); ++i) {
      if (table_[i].first == field.first && below(3) != 0) return h2::integer(first, prefix_bits, 62 + i) + string(field.second);
    }
    return h2::Wire{first} + string(field.first) + string(field.second);
  }
  h2::Wire string(const std::string& text) {
    using wire::operator+;
    if (below(2) == 0) return h2::string(text);
    const h2::Wire coded = huffman(text);
    return h2::integer(0x80, 7, coded.size()) + coded;
  }
  static std::size_t size_of(const Field& field) { return field.first.size() + field.second.size() + 32; }
  void evict_to(std::size_t bytes) {
    while (bytes_ > bytes) {
      bytes_ -= size_of(table_.back());
      table_.pop_back();
    }
  }
  void insert(const Field& field) {
    const std::size_t size = size_of(field);
    evict_to(limit_ > size ? limit_ - size : 0);
    if (size > limit_) return;
    table_.push_front(field);
    bytes_ += size;
  }

  std::deque<Field> table_;  // the newest first
  std::size_t bytes_ = 0;
  std::size_t limit_ = 4096;
};

}  // namespace hpack
