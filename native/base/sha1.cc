// See sha1.h.
// Owner: nobody. Thread: any.
#include "native/base/sha1.h"

#include <algorithm>
#include <bit>
#include <cstddef>

namespace base {
namespace {

constexpr std::size_t block_bytes = 64;
using State = std::array<std::uint32_t, 5>;
using Block = std::array<std::uint8_t, block_bytes>;

std::array<std::uint32_t, 80> message_schedule(const std::uint8_t* block) {
  std::array<std::uint32_t, 80> words;
  for (std::size_t i = 0; i < 16; ++i) {
    const std::uint8_t* at = block + i * 4;
    words[i] = std::uint32_t{at[0]} << 24 | std::uint32_t{at[1]} << 16 | std::uint32_t{at[2]} << 8 | at[3];
  }
  for (std::size_t i = 16; i < 80; ++i) {
    words[i] = std::rotl(words[i - 3] ^ words[i - 8] ^ words[i - 14] ^ words[i - 16], 1);
  }
  return words;
}

/// FIPS 180-4 §6.1.2.
void add_block(State& state, const std::uint8_t* block) {
  const auto words = message_schedule(block);
  auto [a, b, c, d, e] = state;
  for (std::size_t i = 0; i < 80; ++i) {
    const std::uint32_t mix = i < 20   ? ((b & c) | (~b & d)) + 0x5A827999u
                              : i < 40 ? (b ^ c ^ d) + 0x6ED9EBA1u
                              : i < 60 ? ((b & c) | (b & d) | (c & d)) + 0x8F1BBCDCu
                                       : (b ^ c ^ d) + 0xCA62C1D6u;
    const std::uint32_t next = std::rotl(a, 5) + mix + e + words[i];
    e = d;
    d = c;
    c = std::rotl(b, 30);
    b = a;
    a = next;
  }
  state[0] += a;
  state[1] += b;
  state[2] += c;
  state[3] += d;
  state[4] += e;
}

}  // namespace

Sha1Digest sha1(Bytes message) {
  State state = {0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0};
  std::size_t done = 0;
  for (; message.size() - done >= block_bytes; done += block_bytes) add_block(state, message.data() + done);

  Block last = {};
  const std::size_t rest = message.size() - done;
  std::copy_n(message.begin() + static_cast<std::ptrdiff_t>(done), rest, last.begin());
  last[rest] = 0x80;
  if (rest + 1 + 8 > block_bytes) {  // no room for the length: it goes into a block of its own
    add_block(state, last.data());
    last = {};
  }
  const std::uint64_t bits = std::uint64_t{message.size()} * 8;
  for (std::size_t i = 0; i < 8; ++i) last[56 + i] = static_cast<std::uint8_t>(bits >> (56 - 8 * i));
  add_block(state, last.data());

  Sha1Digest digest;
  for (std::size_t i = 0; i < digest.size(); ++i) {
    digest[i] = static_cast<std::uint8_t>(state[i / 4] >> (24 - 8 * (i % 4)));
  }
  return digest;
}

}  // namespace base
