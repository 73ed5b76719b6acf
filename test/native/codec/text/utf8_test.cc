// Covers native/codec/text/utf8.cc against a slow reference that knows only what a code point is.
// Owner: the test. Thread: main.
#include "native/codec/text/utf8.h"

#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "test/native/vendor/doctest.h"

namespace {

using Text = std::vector<std::uint8_t>;

/// True when some code point in [first, last] is valid and needs exactly `length` bytes.
bool reaches_valid(std::uint32_t first, std::uint32_t last, std::size_t length) {
  const std::uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  const std::uint32_t most[] = {0, 0x7F, 0x7FF, 0xFFFF, 0x10FFFF};
  if (first < least[length]) first = least[length];
  if (last > most[length]) last = most[length];
  if (first > last) return false;
  return !(first >= 0xD800 && last <= 0xDFFF);
}

struct Reference {
  std::optional<std::size_t> fails_at;  // the first byte that no valid text has there
  bool complete = true;
};

Reference judge(const Text& text) {
  std::size_t i = 0;
  while (i < text.size()) {
    const std::uint8_t lead = text[i];
    const std::size_t length = lead < 0x80 ? 1 : lead < 0xC0 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF8 ? 4 : 0;
    if (length == 0) return {i, false};
    std::uint32_t value = length == 1 ? lead : lead & (0xFFu >> (length + 1));
    for (std::size_t have = 1;; ++have) {
      const std::size_t missing_bits = 6 * (length - have);
      const std::uint32_t first = value << missing_bits;
      if (!reaches_valid(first, first | ((1u << missing_bits) - 1), length)) return {i + have - 1, false};
      if (have == length) break;
      if (i + have == text.size()) return {std::nullopt, false};
      if ((text[i + have] & 0xC0) != 0x80) return {i + have, false};
      value = value << 6 | (text[i + have] & 0x3Fu);
    }
    i += length;
  }
  return {};
}

/// Feeds `text` in two parts and, when it should fail, also checks that it does so at that very byte.
void check_split(const Text& text, std::size_t split, const Reference& expected) {
  const base::Bytes bytes(text);
  base::Utf8Validator validator;
  const bool first = validator.feed(bytes.first(split));
  const bool second = validator.feed(bytes.subspan(split));
  const bool first_expected = !expected.fails_at || *expected.fails_at >= split;
  REQUIRE(first == first_expected);
  REQUIRE(second == !expected.fails_at.has_value());
  REQUIRE(validator.complete() == expected.complete);
}

void check_all_splits(const Text& text) {
  const Reference expected = judge(text);
  for (std::size_t split = 0; split <= text.size(); ++split) check_split(text, split, expected);
  REQUIRE(base::is_valid_utf8(text) == expected.complete);
}

/// Every byte that starts, ends or borders a range of Unicode's table 3-7.
const Text edge_bytes = {0x00, 0x41, 0x7F, 0x80, 0x81, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF,
                         0xE0, 0xE1, 0xEC, 0xED, 0xEE, 0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xF8, 0xFE, 0xFF};

}  // namespace

TEST_CASE("utf8: all pairs of bytes") {
  for (unsigned a = 0; a < 256; ++a) {
    for (unsigned b = 0; b < 256; ++b) {
      check_all_splits({static_cast<std::uint8_t>(a), static_cast<std::uint8_t>(b)});
    }
  }
}

TEST_CASE("utf8: all sequences of four edge bytes, behind ASCII of every alignment") {
  std::size_t padding = 0;
  for (const auto a : edge_bytes) {
    if (a < 0x7F) continue;
    for (const auto b : edge_bytes) {
      for (const auto c : edge_bytes) {
        for (const auto d : edge_bytes) {
          Text text(padding++ % 70, 'x');
          text.insert(text.end(), {a, b, c, d});
          const Reference expected = judge(text);
          for (std::size_t kept = 0; kept <= 4; ++kept) check_split(text, text.size() - kept, expected);
        }
      }
    }
  }
}

TEST_CASE("utf8: random valid text, whole and with one byte changed") {
  std::mt19937 random(20240611);
  const auto below = [&](std::uint32_t bound) { return static_cast<std::uint32_t>(random() % bound); };
  for (int round = 0; round < 200; ++round) {
    Text text;
    while (text.size() < 150) {
      const std::uint32_t kind = below(6);
      if (kind < 3) text.insert(text.end(), below(40), static_cast<std::uint8_t>('a' + below(26)));
      else if (kind == 3) text.insert(text.end(), {0xC3, static_cast<std::uint8_t>(0x80 + below(64))});
      else if (kind == 4) text.insert(text.end(), {0xE6, static_cast<std::uint8_t>(0x80 + below(64)), 0x97});
      else text.insert(text.end(), {0xF0, 0x9F, 0x98, static_cast<std::uint8_t>(0x80 + below(64))});
    }
    REQUIRE(base::is_valid_utf8(text));
    check_all_splits(text);
    text[below(static_cast<std::uint32_t>(text.size()))] = static_cast<std::uint8_t>(random());
    check_all_splits(text);
  }
}

TEST_CASE("utf8: failure is remembered until reset") {
  base::Utf8Validator validator;
  CHECK_FALSE(validator.feed(base::bytes_of("\xFF")));
  CHECK_FALSE(validator.feed({}));
  CHECK_FALSE(validator.feed(base::bytes_of("valid")));
  CHECK_FALSE(validator.complete());
  validator.reset();
  CHECK(validator.feed(base::bytes_of("valid")));
  CHECK(validator.complete());
}

TEST_CASE("utf8: the empty text is valid") { CHECK(base::is_valid_utf8({})); }
