// UTF-8 validation by NEON, which every 64-bit ARM has, 16 bytes at a time.
// Owner: nobody. Thread: any.
#include "native/codec/text/utf8_kernels.h"

#if defined(__aarch64__)
#include <arm_neon.h>
#include <cstddef>

#include "native/codec/text/utf8_lookup.h"

namespace base {
namespace {

struct Bytes16 {
  static constexpr std::size_t bytes = 16;
  uint8x16_t value;

  static Bytes16 load(const std::uint8_t* at) { return {vld1q_u8(at)}; }
  static Bytes16 all(std::uint8_t byte) { return {vdupq_n_u8(byte)}; }

  Bytes16 operator|(Bytes16 other) const { return {vorrq_u8(value, other.value)}; }
  Bytes16 operator&(Bytes16 other) const { return {vandq_u8(value, other.value)}; }
  Bytes16 operator^(Bytes16 other) const { return {veorq_u8(value, other.value)}; }
  Bytes16 minus(std::uint8_t byte) const { return {vqsubq_u8(value, vdupq_n_u8(byte))}; }
  Bytes16 low_nibbles() const { return *this & all(0x0F); }
  Bytes16 high_nibbles() const { return {vshrq_n_u8(value, 4)}; }
  Bytes16 looked_up(const std::uint8_t (&table)[16]) const { return {vqtbl1q_u8(vld1q_u8(table), value)}; }
  template <int count>
  Bytes16 behind_zeros() const {
    return {vextq_u8(vdupq_n_u8(0), value, 16 - count)};
  }
  bool is_ascii() const { return vmaxvq_u8(value) < 0x80; }
  bool is_zero() const { return vmaxvq_u8(value) == 0; }
};

}  // namespace

const std::uint8_t* utf8_scan_neon(const std::uint8_t* begin, const std::uint8_t* end) { return scan_by<Bytes16>(begin, end); }

}  // namespace base
#endif
