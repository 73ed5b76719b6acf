// The client-to-server mask (RFC 6455 §5.3), undone in place.
// Owner: the codec. Thread: its shard.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "native/base/bytes.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace codec {

using WebSocketMask = std::array<std::uint8_t, 4>;

inline void unmask(base::MutableBytes payload, const WebSocketMask& mask) {
  std::uint8_t* at = payload.data();
  std::size_t left = payload.size();
  std::uint32_t key;
  std::memcpy(&key, mask.data(), sizeof(key));
#if defined(__SSE2__)
  const __m128i wide = _mm_set1_epi32(static_cast<int>(key));
  for (; left >= 16; left -= 16, at += 16) {
    __m128i* block = reinterpret_cast<__m128i*>(at);
    _mm_storeu_si128(block, _mm_xor_si128(_mm_loadu_si128(block), wide));
  }
#endif
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
