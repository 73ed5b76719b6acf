// UTF-8 validation by AVX2, 32 bytes at a time.
// Owner: nobody. Thread: any.
#include "native/codec/text/utf8_kernels.h"

#if defined(__x86_64__)
#include <cstddef>
#include <immintrin.h>

// From here on: no other header's inline function may be compiled for processors that not everybody has.
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2")
#endif

#include "native/codec/text/utf8_lookup.h"

namespace base {
namespace {

struct Bytes32 {
  static constexpr std::size_t bytes = 32;
  __m256i value;

  static Bytes32 load(const std::uint8_t* at) { return {_mm256_loadu_si256(reinterpret_cast<const __m256i*>(at))}; }
  static Bytes32 all(int byte) { return {_mm256_set1_epi8(static_cast<char>(byte))}; }

  Bytes32 operator|(Bytes32 other) const { return {_mm256_or_si256(value, other.value)}; }
  Bytes32 operator&(Bytes32 other) const { return {_mm256_and_si256(value, other.value)}; }
  Bytes32 operator^(Bytes32 other) const { return {_mm256_xor_si256(value, other.value)}; }
  Bytes32 minus(int byte) const { return {_mm256_subs_epu8(value, all(byte).value)}; }
  Bytes32 low_nibbles() const { return *this & all(0x0F); }
  Bytes32 high_nibbles() const { return Bytes32{_mm256_srli_epi16(value, 4)} & all(0x0F); }
  Bytes32 looked_up(const std::uint8_t (&table)[16]) const {
    const __m128i half = _mm_load_si128(reinterpret_cast<const __m128i*>(table));
    return {_mm256_shuffle_epi8(_mm256_broadcastsi128_si256(half), value)};
  }
  template <int count>
  Bytes32 behind_zeros() const {
    return {_mm256_alignr_epi8(value, _mm256_permute2x128_si256(value, value, 0x08), 16 - count)};
  }
  bool is_ascii() const { return _mm256_movemask_epi8(value) == 0; }
  bool is_zero() const { return _mm256_testz_si256(value, value) != 0; }
};

}  // namespace

const std::uint8_t* utf8_scan_avx2(const std::uint8_t* begin, const std::uint8_t* end) { return scan_by<Bytes32>(begin, end); }

}  // namespace base

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#endif
