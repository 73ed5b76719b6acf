// UTF-8 validation by table lookups (Keiser and Lemire, "Validating UTF-8 in less than one instruction per byte", 2021) for vectors of
// any kind: whether a byte may follow the one before it is three lookups by nibbles, and whether it must be a third or fourth byte two
// subtractions. No state is carried along: the bytes before a vector are loaded again.
// Included by one file for each instruction set, behind the switch for it: everything here is that file's own.
// Owner: nobody. Thread: any.
#pragma once

#include <cstddef>
#include <cstdint>

namespace base {
namespace {

/// What may be wrong with a pair of bytes; a pair is bad when all three lookups agree on a bit.
enum PairError : std::uint8_t {
  too_short = 1 << 0,       // a lead, then no continuation
  too_long = 1 << 1,        // ASCII, then a continuation
  overlong_3 = 1 << 2,      // E0, then 80 to 9F
  too_large = 1 << 3,       // F4, then 90 and more
  surrogate = 1 << 4,       // ED, then A0 and more
  overlong_2 = 1 << 5,      // C0 or C1
  overlong_4 = 1 << 6,      // F0, then 80 to 8F
  too_large_1000 = 1 << 6,  // F5 and more, then 80 to 8F
  two_continuations = 1 << 7,  // right where a third or fourth byte must be, which is 1 << 7 there too
  any_first = too_short | too_long | two_continuations,
};

alignas(16) constexpr std::uint8_t first_high[16] = {
    too_long, too_long, too_long, too_long, too_long, too_long, too_long, too_long,
    two_continuations, two_continuations, two_continuations, two_continuations,
    too_short | overlong_2, too_short, too_short | overlong_3 | surrogate, too_short | too_large | too_large_1000 | overlong_4};

constexpr std::uint8_t over_f4 = any_first | too_large | too_large_1000;
alignas(16) constexpr std::uint8_t first_low[16] = {
    any_first | overlong_3 | overlong_2 | overlong_4, any_first | overlong_2, any_first, any_first, any_first | too_large,
    over_f4, over_f4, over_f4, over_f4, over_f4, over_f4, over_f4, over_f4, over_f4 | surrogate, over_f4, over_f4};

constexpr std::uint8_t second = too_long | overlong_2 | two_continuations;
alignas(16) constexpr std::uint8_t second_high[16] = {
    too_short, too_short, too_short, too_short, too_short, too_short, too_short, too_short,
    second | overlong_3 | too_large_1000 | overlong_4, second | overlong_3 | too_large,
    second | surrogate | too_large, second | surrogate | too_large,
    too_short, too_short, too_short, too_short};

/// `before_n` are the bytes n places before those of `now`. Not zero where something is wrong with a byte of `now`.
template <typename Vector>
[[gnu::always_inline]] inline Vector errors(Vector now, Vector before_1, Vector before_2, Vector before_3) {
  const Vector pair = before_1.high_nibbles().looked_up(first_high) & before_1.low_nibbles().looked_up(first_low) &
                      now.high_nibbles().looked_up(second_high);
  const Vector third = before_2.minus(0xE0 - 0x80);  // the top bit is left only by leads of three bytes and more
  const Vector fourth = before_3.minus(0xF0 - 0x80);
  return pair ^ ((third | fourth) & Vector::all(0x80));
}

/// Whether `count` vectors at `at` are right, three bytes before which are right too.
template <typename Vector, std::size_t count>
[[gnu::always_inline]] inline bool are_right(const std::uint8_t* at) {
  Vector bits = Vector::load(at);
  for (std::size_t i = 1; i < count; ++i) bits = bits | Vector::load(at + i * Vector::bytes);
  if (bits.is_ascii() && at[-1] < 0x80) return true;
  Vector wrong = Vector::all(0);
#pragma GCC unroll 4
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint8_t* const here = at + i * Vector::bytes;
    wrong = wrong | errors(Vector::load(here), Vector::load(here - 1), Vector::load(here - 2), Vector::load(here - 3));
  }
  return wrong.is_zero();
}

/// The start of the character that `at` is within or behind, when three bytes before it are right.
const std::uint8_t* boundary(const std::uint8_t* at) {
  if (at[-1] >= 0xC0) return at - 1;
  if (at[-2] >= 0xE0) return at - 2;
  return at[-3] >= 0xF0 ? at - 3 : at;
}

template <typename Vector>
const std::uint8_t* skip_ascii_blocks(const std::uint8_t* at, const std::uint8_t* end) {
  constexpr std::ptrdiff_t block = 4 * Vector::bytes;
  while (end - at >= block) {
    const Vector low = Vector::load(at) | Vector::load(at + Vector::bytes);
    const Vector high = Vector::load(at + 2 * Vector::bytes) | Vector::load(at + 3 * Vector::bytes);
    if (!(low | high).is_ascii()) break;
    at += block;
  }
  return at;
}

/// See Utf8Scan.
template <typename Vector>
const std::uint8_t* scan_by(const std::uint8_t* begin, const std::uint8_t* end) {
  constexpr auto step = static_cast<std::ptrdiff_t>(Vector::bytes);
  constexpr std::size_t vectors = 64 / Vector::bytes;
  const std::uint8_t* at = skip_ascii_blocks<Vector>(begin, end);
  if (end - at < step) return at;
  if (at == begin) {  // nothing to load before it
    const Vector first = Vector::load(at);
    if (!first.is_ascii() &&
        !errors(first, first.template behind_zeros<1>(), first.template behind_zeros<2>(), first.template behind_zeros<3>()).is_zero()) {
      return at;
    }
    at += step;
  }
  while (end - at >= 64 && are_right<Vector, vectors>(at)) at += 64;
  while (end - at >= step && are_right<Vector, 1>(at)) at += step;
  // The rest together with bytes that were looked at before; of so few that nothing is before these the validator takes care.
  if (end - at > 3 && end - at < step && are_right<Vector, 1>(end - step)) at = end;
  return boundary(at);
}

}  // namespace
}  // namespace base
