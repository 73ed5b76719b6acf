// See hmac_sha256.h.
#include "bench/load/hmac_sha256.h"

#include <bit>

namespace load {
namespace {

/// FIPS 180-4 §4.2.2.
constexpr std::uint32_t constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

std::uint32_t turned(std::uint32_t x, int first, int second, int third) {
  return std::rotr(x, first) ^ std::rotr(x, second) ^ std::rotr(x, third);
}

/// The words' bytes, highest first.
std::string_view write_bytes(const Sha256::Words& words, std::uint8_t* out) {
  for (std::size_t i = 0; i < words.size() * 4; ++i) out[i] = static_cast<std::uint8_t>(words[i / 4] >> (8 * (3 - i % 4)));
  return {reinterpret_cast<const char*>(out), words.size() * 4};
}

}  // namespace

void Sha256::take_block(const std::uint8_t* block) {
  std::uint32_t words[64];
  for (int i = 0; i < 16; ++i) words[i] = read_word<std::endian::big>(block + 4 * i);
  for (int i = 16; i < 64; ++i) {
    const std::uint32_t low = std::rotr(words[i - 15], 7) ^ std::rotr(words[i - 15], 18) ^ (words[i - 15] >> 3);
    const std::uint32_t high = std::rotr(words[i - 2], 17) ^ std::rotr(words[i - 2], 19) ^ (words[i - 2] >> 10);
    words[i] = words[i - 16] + low + words[i - 7] + high;
  }
  auto [a, b, c, d, e, f, g, h] = state_;
  for (int i = 0; i < 64; ++i) {
    const std::uint32_t first = h + turned(e, 6, 11, 25) + ((e & f) ^ (~e & g)) + constants[i] + words[i];
    const std::uint32_t second = turned(a, 2, 13, 22) + ((a & b) ^ (a & c) ^ (b & c));
    h = g;
    g = f;
    f = e;
    e = d + first;
    d = c;
    c = b;
    b = a;
    a = first + second;
  }
  const std::uint32_t mixed[8] = {a, b, c, d, e, f, g, h};
  for (int i = 0; i < 8; ++i) state_[i] += mixed[i];
}

void Sha256::add(std::string_view text) {
  blocks_.add(text, [this](const std::uint8_t* block) { take_block(block); });
}

const Sha256::Words& Sha256::finish() {
  blocks_.finish<std::endian::big>([this](const std::uint8_t* block) { take_block(block); });
  return state_;
}

HmacSha256::HmacSha256(std::string_view key) {
  std::uint8_t block[hash_block_bytes] = {};
  if (key.size() > sizeof block) {
    Sha256 hash;
    hash.add(key);
    write_bytes(hash.finish(), block);
  } else {
    std::memcpy(block, key.data(), key.size());
  }
  const std::string_view whole(reinterpret_cast<const char*>(block), sizeof block);
  for (std::uint8_t& byte : block) byte ^= 0x36;
  inner_.add(whole);
  for (std::uint8_t& byte : block) byte ^= 0x36 ^ 0x5c;
  outer_.add(whole);
}

std::array<char, 64> HmacSha256::hex() {
  std::uint8_t digest[32];
  outer_.add(write_bytes(inner_.finish(), digest));
  return to_hex<std::endian::big>(outer_.finish());
}

}  // namespace load
