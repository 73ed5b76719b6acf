// The client-to-server mask (RFC 6455 §5.3), undone in place.
// Owner: the codec. Thread: its shard.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "native/base/bytes.h"

namespace codec {

using WebSocketMask = std::array<std::uint8_t, 4>;

inline void unmask(base::MutableBytes payload, const WebSocketMask& mask) {
  using Vector = std::uint32_t __attribute__((vector_size(16)));  // SSE2, NEON, or whatever the compiler makes of it
  std::uint8_t* at = payload.data();
  std::size_t left = payload.size();
  std::uint32_t key;
  std::memcpy(&key, mask.data(), sizeof(key));
  const Vector wide = {key, key, key, key};
  for (; left >= 4 * sizeof(Vector); left -= 4 * sizeof(Vector), at += 4 * sizeof(Vector)) {
    std::array<Vector, 4> block;
    std::memcpy(&block, at, sizeof(block));
#pragma GCC unroll 4
    for (Vector& each : block) each ^= wide;
    std::memcpy(at, &block, sizeof(block));
  }
  const std::uint64_t long_key = std::uint64_t{key} << 32 | key;  // the same bytes twice, on either byte order
  for (; left >= 8; left -= 8, at += 8) {
    std::uint64_t word;
    std::memcpy(&word, at, sizeof(word));
    word ^= long_key;
    std::memcpy(at, &word, sizeof(word));
  }
  for (std::size_t i = 0; i < left; ++i) at[i] ^= mask[i % 4];
}

/// The mask for the bytes that follow the first `done` bytes of the payload.
inline void advance_mask(WebSocketMask& mask, std::size_t done) {
  std::rotate(mask.begin(), mask.begin() + static_cast<std::ptrdiff_t>(done % 4), mask.end());
}

}  // namespace codec
