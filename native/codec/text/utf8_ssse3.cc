// UTF-8 validation by SSSE3, 16 bytes at a time.
// Owner: nobody. Thread: any.
#include "native/codec/text/utf8_kernels.h"

#if defined(__x86_64__)
#include <cstddef>
#include <immintrin.h>

// From here on: no other header's inline function may be compiled for processors that not everybody has.
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("ssse3"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("ssse3")
#endif

#include "native/codec/text/utf8_lookup.h"

namespace base {
namespace {

struct Bytes16 {
  static constexpr std::size_t bytes = 16;
  __m128i value;

  static Bytes16 load(const std::uint8_t* at) { return {_mm_loadu_si128(reinterpret_cast<const __m128i*>(at))}; }
  static Bytes16 all(int byte) { return {_mm_set1_epi8(static_cast<char>(byte))}; }

  Bytes16 operator|(Bytes16 other) const { return {_mm_or_si128(value, other.value)}; }
  Bytes16 operator&(Bytes16 other) const { return {_mm_and_si128(value, other.value)}; }
  Bytes16 operator^(Bytes16 other) const { return {_mm_xor_si128(value, other.value)}; }
  Bytes16 minus(int byte) const { return {_mm_subs_epu8(value, all(byte).value)}; }
  Bytes16 low_nibbles() const { return *this & all(0x0F); }
  Bytes16 high_nibbles() const { return Bytes16{_mm_srli_epi16(value, 4)} & all(0x0F); }
  Bytes16 looked_up(const std::uint8_t (&table)[16]) const {
    return {_mm_shuffle_epi8(_mm_load_si128(reinterpret_cast<const __m128i*>(table)), value)};
  }
  template <int count>
  Bytes16 behind_zeros() const {
    return {_mm_slli_si128(value, count)};
  }
  bool is_ascii() const { return _mm_movemask_epi8(value) == 0; }
  bool is_zero() const { return _mm_movemask_epi8(_mm_cmpeq_epi8(value, _mm_setzero_si128())) == 0xFFFF; }
};

}  // namespace

const std::uint8_t* utf8_scan_ssse3(const std::uint8_t* begin, const std::uint8_t* end) { return scan_by<Bytes16>(begin, end); }

}  // namespace base

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#endif
