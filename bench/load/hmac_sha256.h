// HMAC-SHA256 (RFC 2104, FIPS 180-4), for the signatures of Pusher's HTTP API. Made for speed of writing: the secrets of a
// benchmark need no constant time.
// Owner: whoever signs. Thread: any.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "bench/load/hash_blocks.h"

namespace load {

class Sha256 {
 public:
  using Words = std::array<std::uint32_t, 8>;

  void add(std::string_view text);
  /// Nothing may be added afterwards.
  const Words& finish();

 private:
  void take_block(const std::uint8_t* block);

  Words state_ = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  HashBlocks blocks_;
};

/// Signs a text that comes in pieces.
class HmacSha256 {
 public:
  explicit HmacSha256(std::string_view key);

  void add(std::string_view text) { inner_.add(text); }
  /// 64 lower-case hexadecimal digits. Nothing may be added afterwards.
  std::array<char, 64> hex();

 private:
  Sha256 inner_;
  Sha256 outer_;
};

}  // namespace load
