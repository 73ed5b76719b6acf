// See md5.h.
#include "bench/load/md5.h"

#include <bit>
#include <cstdint>

#include "bench/load/hash_blocks.h"

namespace load {
namespace {

using State = std::array<std::uint32_t, 4>;

/// RFC 1321 §3.4: floor(2^32 × |sin(i + 1)|).
constexpr std::uint32_t sines[64] = {
    0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
    0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
    0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
    0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
    0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
    0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
    0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
    0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391};
constexpr int rotations[4][4] = {{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};
/// In round r step i reads word (first + i × step) % 16.
constexpr std::uint32_t word_first[4] = {0, 1, 5, 0};
constexpr std::uint32_t word_step[4] = {1, 5, 3, 7};

template <int round>
std::uint32_t mixed(std::uint32_t b, std::uint32_t c, std::uint32_t d) {
  if constexpr (round == 0) return (b & c) | (~b & d);
  if constexpr (round == 1) return (b & d) | (c & ~d);
  if constexpr (round == 2) return b ^ c ^ d;
  return c ^ (b | ~d);
}

template <int round>
void run_round(State& state, const std::uint32_t* words) {
  auto& [a, b, c, d] = state;
  for (std::uint32_t i = 0; i < 16; ++i) {
    const std::uint32_t word = words[(word_first[round] + i * word_step[round]) % 16];
    const std::uint32_t sum = a + mixed<round>(b, c, d) + word + sines[round * 16 + i];
    a = d;
    d = c;
    c = b;
    b += std::rotl(sum, rotations[round][i % 4]);
  }
}

void take_block(State& state, const std::uint8_t* block) {
  std::uint32_t words[16];
  for (int i = 0; i < 16; ++i) words[i] = read_word<std::endian::little>(block + 4 * i);
  State mixed_state = state;
  run_round<0>(mixed_state, words);
  run_round<1>(mixed_state, words);
  run_round<2>(mixed_state, words);
  run_round<3>(mixed_state, words);
  for (int i = 0; i < 4; ++i) state[i] += mixed_state[i];
}

}  // namespace

std::array<char, 32> md5_hex(std::string_view text) {
  State state = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
  HashBlocks blocks;
  const auto take = [&](const std::uint8_t* block) { take_block(state, block); };
  blocks.add(text, take);
  blocks.finish<std::endian::little>(take);
  return to_hex<std::endian::little>(state);
}

}  // namespace load
