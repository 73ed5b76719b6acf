// See utf8.h. A kernel goes as far as it can (utf8_kernels.h). For the rest, and where there is none, ASCII is skipped 64 bytes at a time where
// SSE2 exists, else 8; whole sequences are checked without state, and only a sequence cut by the end of a chunk goes through the byte-wise
// state machine.
// Owner: nobody. Thread: any.
#include "native/codec/text/utf8.h"

#include <bit>
#include <cstddef>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace base {
namespace {

bool is_continuation(std::uint8_t byte) { return (byte & 0xC0) == 0x80; }

#if defined(__SSE2__)
__m128i load_16(const std::uint8_t* at) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at)); }

/// The first byte at or after `at` that is not ASCII, or `end`.
const std::uint8_t* skip_ascii(const std::uint8_t* at, const std::uint8_t* end) {
  while (end - at >= 64) {
    const __m128i low = _mm_or_si128(load_16(at), load_16(at + 16));
    const __m128i high = _mm_or_si128(load_16(at + 32), load_16(at + 48));
    if (_mm_movemask_epi8(_mm_or_si128(low, high)) != 0) break;
    at += 64;
  }
  while (end - at >= 16) {
    const int high_bits = _mm_movemask_epi8(load_16(at));
    if (high_bits != 0) return at + std::countr_zero(static_cast<unsigned>(high_bits));
    at += 16;
  }
  while (at != end && *at < 0x80) ++at;
  return at;
}
#else
/// The first byte at or after `at` that is not ASCII, or `end`.
const std::uint8_t* skip_ascii(const std::uint8_t* at, const std::uint8_t* end) {
  while (end - at >= 8) {
    std::uint64_t word;
    std::memcpy(&word, at, sizeof(word));
    if ((word & 0x8080808080808080u) != 0) break;
    at += 8;
  }
  while (at != end && *at < 0x80) ++at;
  return at;
}
#endif

/// The length of the valid multi-byte sequence at `at`, or 0 when it is not valid or not all there (Unicode table 3-7).
std::size_t whole_sequence(const std::uint8_t* at, std::size_t available) {
  const std::uint8_t lead = at[0];
  if (lead < 0xE0) return lead >= 0xC2 && available >= 2 && is_continuation(at[1]) ? 2 : 0;
  if (lead < 0xF0) {
    if (available < 3 || !is_continuation(at[1]) || !is_continuation(at[2])) return 0;
    const unsigned point = (lead & 0x0Fu) << 12 | (at[1] & 0x3Fu) << 6 | (at[2] & 0x3Fu);
    return point >= 0x800 && (point < 0xD800 || point > 0xDFFF) ? 3 : 0;
  }
  if (lead > 0xF4 || available < 4) return 0;
  if (!is_continuation(at[1]) || !is_continuation(at[2]) || !is_continuation(at[3])) return 0;
  const unsigned top = (lead & 0x07u) << 6 | (at[1] & 0x3Fu);  // the code point without its low 12 bits
  return top >= 0x10 && top <= 0x10F ? 4 : 0;
}

const Utf8Scan best_scan = utf8_kernels().empty() ? nullptr : utf8_kernels().front().scan;

/// Less is not worth the call.
constexpr std::ptrdiff_t scanned_bytes_min = 16;

}  // namespace

bool Utf8Validator::fail() {
  needed_ = 1;  // so that `complete` is false and the next byte, whatever it is, is out of bounds
  low_ = 0xFF;
  high_ = 0;
  return false;
}

bool Utf8Validator::start_sequence(std::uint8_t lead) {
  if (lead < 0xC2 || lead > 0xF4) return fail();
  needed_ = lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3;
  low_ = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;   // overlong below
  high_ = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;  // surrogates, or over U+10FFFF, above
  return true;
}

bool Utf8Validator::continue_sequence(std::uint8_t byte) {
  if (byte < low_ || byte > high_) return fail();
  low_ = 0x80;
  high_ = 0xBF;
  --needed_;
  return true;
}

bool Utf8Validator::feed(Bytes chunk) { return feed_by(best_scan, chunk); }

bool Utf8Validator::feed_by(Utf8Scan scan, Bytes chunk) {
  if (failed()) return false;
  const std::uint8_t* at = chunk.data();
  const std::uint8_t* const end = at + chunk.size();
  for (; needed_ > 0 && at != end; ++at) {
    if (!continue_sequence(*at)) return false;
  }
  if (scan != nullptr && end - at >= scanned_bytes_min) at = scan(at, end);
  for (;;) {
    for (; needed_ > 0 && at != end; ++at) {
      if (!continue_sequence(*at)) return false;
    }
    at = skip_ascii(at, end);
    while (at != end && *at >= 0x80) {
      const std::size_t length = whole_sequence(at, static_cast<std::size_t>(end - at));
      if (length == 0) break;
      at += length;
    }
    if (at == end) return true;
    if (*at >= 0x80 && !start_sequence(*at++)) return false;
  }
}

bool is_valid_utf8(Bytes text) {
  Utf8Validator validator;
  return validator.feed(text) && validator.complete();
}

}  // namespace base
