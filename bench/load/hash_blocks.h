// What MD5 and SHA-256 have in common: text cut into blocks of 64 bytes, the padding behind it, words, and digits.
// Owner: the hash. Thread: any.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace load {

inline constexpr std::size_t hash_block_bytes = 64;

template <std::endian order>
std::uint32_t read_word(const std::uint8_t* at) {
  std::uint32_t word;
  std::memcpy(&word, at, sizeof word);
  return order == std::endian::native ? word : __builtin_bswap32(word);
}

/// Hands out whole blocks and keeps what is left over until more comes.
class HashBlocks {
 public:
  template <typename Take>
  void add(std::string_view text, const Take& take) {
    total_bytes_ += text.size();
    while (!text.empty()) {
      if (kept_bytes_ == 0 && text.size() >= hash_block_bytes) {
        take(reinterpret_cast<const std::uint8_t*>(text.data()));
        text.remove_prefix(hash_block_bytes);
        continue;
      }
      const std::size_t taken = std::min(hash_block_bytes - kept_bytes_, text.size());
      std::memcpy(kept_ + kept_bytes_, text.data(), taken);
      text.remove_prefix(taken);
      kept_bytes_ += taken;
      if (kept_bytes_ == hash_block_bytes) take(kept_), kept_bytes_ = 0;
    }
  }

  /// The padding: a bit, zeros, and the length in bits in the last eight bytes.
  template <std::endian length_order, typename Take>
  void finish(const Take& take) {
    std::uint64_t bits = total_bytes_ * 8;
    if (length_order != std::endian::native) bits = __builtin_bswap64(bits);
    kept_[kept_bytes_++] = 0x80;
    if (kept_bytes_ > hash_block_bytes - sizeof bits) {
      std::memset(kept_ + kept_bytes_, 0, hash_block_bytes - kept_bytes_);
      take(kept_);
      kept_bytes_ = 0;
    }
    std::memset(kept_ + kept_bytes_, 0, hash_block_bytes - sizeof bits - kept_bytes_);
    std::memcpy(kept_ + hash_block_bytes - sizeof bits, &bits, sizeof bits);
    take(kept_);
  }

 private:
  std::uint8_t kept_[hash_block_bytes];
  std::size_t kept_bytes_ = 0;
  std::uint64_t total_bytes_ = 0;
};

/// The words' bytes in the given order, two digits each.
template <std::endian order, std::size_t words>
std::array<char, words * 8> to_hex(const std::array<std::uint32_t, words>& state) {
  std::array<char, words * 8> digits;
  for (std::size_t i = 0; i < words * 4; ++i) {
    const std::uint32_t shift = 8 * (order == std::endian::big ? 3 - i % 4 : i % 4);
    const std::uint32_t byte = state[i / 4] >> shift & 0xff;
    digits[2 * i] = "0123456789abcdef"[byte >> 4];
    digits[2 * i + 1] = "0123456789abcdef"[byte & 15];
  }
  return digits;
}

}  // namespace load
