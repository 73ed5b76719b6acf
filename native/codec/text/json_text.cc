// See json_text.h. Texts are looked through in blocks of 16 bytes where SSE2 exists, else of 8; a block's escapes are found
// together, as bits, so that their number costs little and their places nothing.
// Owner: nobody. Thread: any.
#include "native/codec/text/json_text.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

#include "native/base/check.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace codec {
namespace {

/// What follows the backslash in place of each byte; 0: the byte stands as it is, 'u': it becomes \u00XX.
constexpr std::array<std::uint8_t, 256> escapes = [] {
  std::array<std::uint8_t, 256> table{};
  std::fill_n(table.begin(), 0x20, 'u');
  table['\b'] = 'b';
  table['\f'] = 'f';
  table['\n'] = 'n';
  table['\r'] = 'r';
  table['\t'] = 't';
  table['"'] = '"';
  table['\\'] = '\\';
  return table;
}();

/// By how much each byte grows.
constexpr std::array<std::uint8_t, 256> growths = [] {
  std::array<std::uint8_t, 256> table{};
  for (std::size_t i = 0; i < table.size(); ++i) table[i] = escapes[i] == 'u' ? 5 : escapes[i] != 0 ? 1 : 0;
  return table;
}();

#if defined(__SSE2__)
constexpr std::size_t block_bytes = 16;

__m128i load_block(const std::uint8_t* at) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at)); }
__m128i controls_in(__m128i block) { return _mm_cmpeq_epi8(_mm_min_epu8(block, _mm_set1_epi8(0x1F)), block); }
__m128i quotes_in(__m128i block) {
  return _mm_or_si128(_mm_cmpeq_epi8(block, _mm_set1_epi8('"')), _mm_cmpeq_epi8(block, _mm_set1_epi8('\\')));
}

/// One bit for each byte of the block at `at` that must be escaped, the first byte's lowest.
unsigned escapes_in_block(const std::uint8_t* at) {
  const __m128i block = load_block(at);
  return static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(quotes_in(block), controls_in(block))));
}

/// Those of \u00XX: all but \b, \t, \n, \f and \r, which are 8 to 13 without 11.
__m128i long_controls_in(__m128i block, __m128i controls) {
  const __m128i from_8 = _mm_sub_epi8(block, _mm_set1_epi8(8));
  const __m128i to_13 = _mm_cmpeq_epi8(_mm_min_epu8(from_8, _mm_set1_epi8(5)), from_8);
  const __m128i letters = _mm_andnot_si128(_mm_cmpeq_epi8(block, _mm_set1_epi8(11)), to_13);
  return _mm_andnot_si128(letters, controls);
}

/// By how much the whole blocks of a text grow, summed across: the number of escapes makes no difference.
std::size_t growth_of_blocks(const std::uint8_t* at, const std::uint8_t* end) {
  const __m128i zero = _mm_setzero_si128();
  __m128i sums = zero;
  for (; end - at >= static_cast<std::ptrdiff_t>(block_bytes); at += block_bytes) {
    const __m128i block = load_block(at);
    const __m128i controls = controls_in(block);
    __m128i growth = _mm_sub_epi8(zero, _mm_or_si128(quotes_in(block), controls));
    if (_mm_movemask_epi8(controls) != 0) {
      growth = _mm_add_epi8(growth, _mm_and_si128(long_controls_in(block, controls), _mm_set1_epi8(4)));
    }
    sums = _mm_add_epi64(sums, _mm_sad_epu8(growth, zero));
  }
  sums = _mm_add_epi64(sums, _mm_unpackhi_epi64(sums, sums));
  return static_cast<std::size_t>(_mm_cvtsi128_si64(sums));
}
#else
constexpr std::size_t block_bytes = 8;
constexpr std::uint64_t every_byte = 0x0101010101010101u;
constexpr std::uint64_t low_bits = every_byte * 0x7F;

/// The top bit of each byte of `word` that is zero, and no other.
std::uint64_t zeros_in(std::uint64_t word) { return ~(((word & low_bits) + low_bits) | word | low_bits); }

/// One bit for each byte of the block at `at` that must be escaped, the first byte's lowest.
unsigned escapes_in_block(const std::uint8_t* at) {
  std::uint64_t word;
  std::memcpy(&word, at, sizeof(word));
  if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
  const std::uint64_t quotes = zeros_in(word ^ every_byte * '"') | zeros_in(word ^ every_byte * '\\');
  const std::uint64_t controls = zeros_in(word & every_byte * 0xE0);
  return static_cast<unsigned>(((quotes | controls) >> 7) * 0x0102040810204080u >> 56);
}

/// By how much the whole blocks of a text grow.
std::size_t growth_of_blocks(const std::uint8_t* at, const std::uint8_t* end) {
  std::size_t growth = 0;
  for (; end - at >= static_cast<std::ptrdiff_t>(block_bytes); at += block_bytes) {
    if (escapes_in_block(at) == 0) continue;
    for (std::size_t i = 0; i < block_bytes; ++i) growth += growths[at[i]];
  }
  return growth;
}
#endif

constexpr std::ptrdiff_t block = block_bytes;

void copy_block(const std::uint8_t* from, std::uint8_t* to) { std::memcpy(to, from, block_bytes); }

/// Writes what a byte becomes that must be escaped; returns the end of it.
std::uint8_t* write_escape(std::uint8_t byte, std::uint8_t* out) {
  constexpr std::string_view digits = "0123456789abcdef";
  *out++ = '\\';
  *out++ = escapes[byte];
  if (escapes[byte] != 'u') return out;
  *out++ = '0';
  *out++ = '0';
  *out++ = static_cast<std::uint8_t>(digits[byte >> 4]);
  *out++ = static_cast<std::uint8_t>(digits[byte & 0xF]);
  return out;
}

/// Writes a block of which `bits` must be escaped; what is behind the block is a block's length too, as copies overshoot.
std::uint8_t* write_escaped_block(const std::uint8_t* at, unsigned bits, std::uint8_t* out) {
  const std::uint8_t* const end = at + block;
  for (; bits != 0; bits &= bits - 1) {
    const std::uint8_t* const escape = end - block + std::countr_zero(bits);
    out = write_escape(*escape, out + (escape - at));
    at = escape + 1;
    copy_block(at, out);
  }
  return out + (end - at);
}

/// Writes `text` escaped; returns the end of it. A text never gets shorter, so where a block can be read, one can be written.
std::uint8_t* write_escaped(const std::uint8_t* at, const std::uint8_t* end, std::uint8_t* out) {
  for (; end - at >= 2 * block; at += block) {
    const unsigned bits = escapes_in_block(at);
    copy_block(at, out);
    out = bits == 0 ? out + block : write_escaped_block(at, bits, out);
  }
  for (; at != end; ++at) {
    if (escapes[*at] == 0) *out++ = *at;
    else out = write_escape(*at, out);
  }
  return out;
}

}  // namespace

std::size_t find_json_escape(std::string_view text) {
  const std::uint8_t* const begin = base::bytes_of(text).data();
  const std::uint8_t* const end = begin + text.size();
  const std::uint8_t* at = begin;
  for (; end - at >= block; at += block) {
    const unsigned bits = escapes_in_block(at);
    if (bits != 0) return static_cast<std::size_t>(at - begin) + static_cast<std::size_t>(std::countr_zero(bits));
  }
  while (at != end && escapes[*at] == 0) ++at;
  return static_cast<std::size_t>(at - begin);
}

std::size_t json_string_bytes(std::string_view text) {
  const std::uint8_t* const begin = base::bytes_of(text).data();
  const std::uint8_t* const end = begin + text.size();
  std::size_t bytes = 2 + text.size() + growth_of_blocks(begin, end);
  for (const std::uint8_t* at = end - text.size() % block_bytes; at != end; ++at) bytes += growths[*at];
  return bytes;
}

std::size_t write_json_string(std::string_view text, base::MutableBytes out) {
  CHECK(out.size() >= text.size() + 2);
  const std::uint8_t* const begin = base::bytes_of(text).data();
  std::uint8_t* end = out.data();
  *end++ = '"';
  end = write_escaped(begin, begin + text.size(), end);
  *end++ = '"';
  const auto written = static_cast<std::size_t>(end - out.data());
  CHECK(written <= out.size());
  return written;
}

namespace {

constexpr std::uint32_t replacement = 0xFFFD;
constexpr std::size_t unit_bytes = 6;  // of \uXXXX

bool is_high_surrogate(std::uint32_t unit) { return unit >= 0xD800 && unit <= 0xDBFF; }
bool is_low_surrogate(std::uint32_t unit) { return unit >= 0xDC00 && unit <= 0xDFFF; }

bool is_unit(std::string_view raw) { return raw.size() >= unit_bytes && raw[0] == '\\' && raw[1] == 'u'; }

/// The code unit of \uXXXX.
std::uint32_t unit_of(std::string_view raw) {
  std::uint32_t unit = 0;
  for (const char c : raw.substr(2, 4)) {
    const int digit = c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
    unit = unit << 4 | static_cast<std::uint32_t>(digit & 0xF);
  }
  return unit;
}

/// Takes the \uXXXX, or the pair of them, at the front of `raw`.
std::uint32_t take_code_point(std::string_view& raw) {
  const std::uint32_t unit = unit_of(raw);
  raw.remove_prefix(unit_bytes);
  if (is_low_surrogate(unit)) return replacement;
  if (!is_high_surrogate(unit)) return unit;
  const std::uint32_t low = is_unit(raw) ? unit_of(raw) : 0;
  if (!is_low_surrogate(low)) return replacement;
  raw.remove_prefix(unit_bytes);
  return 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
}

/// The bytes that an escape stands for.
struct Unescaped {
  std::array<char, 4> bytes = {};
  std::size_t size = 0;
  std::string_view text() const { return {bytes.data(), size}; }
};

Unescaped to_utf8(std::uint32_t point) {
  const auto tail = [](std::uint32_t bits) { return static_cast<char>(0x80 | (bits & 0x3F)); };
  const auto lead = [](std::uint32_t bits) { return static_cast<char>(bits); };
  if (point < 0x80) return {{lead(point)}, 1};
  if (point < 0x800) return {{lead(0xC0 | point >> 6), tail(point)}, 2};
  if (point < 0x10000) return {{lead(0xE0 | point >> 12), tail(point >> 6), tail(point)}, 3};
  return {{lead(0xF0 | point >> 18), tail(point >> 12), tail(point >> 6), tail(point)}, 4};
}

/// Takes the escape at the front of `raw`; what it stands for is never longer than it was.
Unescaped take_escape(std::string_view& raw) {
  CHECK(raw.size() >= 2);
  const char kind = raw[1];
  if (kind == 'u') {
    CHECK(is_unit(raw));
    return to_utf8(take_code_point(raw));
  }
  raw.remove_prefix(2);
  switch (kind) {
    case 'b': return {{'\b'}, 1};
    case 'f': return {{'\f'}, 1};
    case 'n': return {{'\n'}, 1};
    case 'r': return {{'\r'}, 1};
    case 't': return {{'\t'}, 1};
    default: return {{kind}, 1};
  }
}

/// Takes what stands before the next escape, which may be nothing.
std::string_view take_plain(std::string_view& raw) {
  const std::string_view plain = raw.substr(0, raw.find('\\'));
  raw.remove_prefix(plain.size());
  return plain;
}

}  // namespace

std::size_t unescaped_json_bytes(std::string_view raw) {
  std::size_t bytes = take_plain(raw).size();
  while (!raw.empty()) {
    bytes += take_escape(raw).size;
    bytes += take_plain(raw).size();
  }
  return bytes;
}

std::size_t unescape_json(std::string_view raw, base::MutableBytes out) {
  std::size_t written = 0;
  const auto write = [&](std::string_view text) {
    CHECK(text.size() <= out.size() - written);
    std::copy(text.begin(), text.end(), out.subspan(written).begin());
    written += text.size();
  };
  write(take_plain(raw));
  while (!raw.empty()) {
    write(take_escape(raw).text());
    write(take_plain(raw));
  }
  return written;
}

bool json_equals(std::string_view raw, std::string_view text) {
  const auto take = [&](std::string_view part) {
    if (!text.starts_with(part)) return false;
    text.remove_prefix(part.size());
    return true;
  };
  if (!take(take_plain(raw))) return false;
  while (!raw.empty()) {
    if (!take(take_escape(raw).text()) || !take(take_plain(raw))) return false;
  }
  return text.empty();
}

}  // namespace codec
