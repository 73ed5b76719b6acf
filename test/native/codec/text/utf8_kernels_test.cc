// Covers native/codec/text/utf8_{kernels,lookup,avx2,ssse3,neon}: every kernel that runs here leaves the validator in the very state that
// the bytewise way does, which utf8_test.cc holds to what a code point is.
// Owner: the test. Thread: main.
#include "native/codec/text/utf8_kernels.h"

#include <algorithm>
#include <array>
#include <bit>
#include <random>
#include <vector>

#include "native/codec/text/utf8.h"
#include "test/native/vendor/doctest.h"

namespace {

using Text = std::vector<std::uint8_t>;
using State = std::array<std::uint8_t, sizeof(base::Utf8Validator)>;

/// After `text` was fed in two parts.
State state_after(base::Utf8Scan scan, base::Bytes text, std::size_t split = 0) {
  base::Utf8Validator validator;
  const bool first = validator.feed_by(scan, text.first(split));
  const bool second = validator.feed_by(scan, text.subspan(split));
  if (second && !first) return {};  // no validator's state
  return std::bit_cast<State>(validator);
}

void check_whole(base::Bytes text) {
  const State expected = state_after(nullptr, text);
  for (const base::Utf8Kernel& kernel : base::utf8_kernels()) {
    if (state_after(kernel.scan, text) == expected) continue;
    CAPTURE(kernel.name);
    CAPTURE(Text(text.begin(), text.end()));
    FAIL("another verdict than byte by byte");
  }
}

void check_all_splits(base::Bytes text) {
  const State expected = state_after(nullptr, text);
  for (const base::Utf8Kernel& kernel : base::utf8_kernels()) {
    CAPTURE(kernel.name);
    for (std::size_t split = 0; split <= text.size(); ++split) REQUIRE(state_after(kernel.scan, text, split) == expected);
  }
}

/// `bytes` at `offset` in a text of `size`, in memory of that size, the rest of it made of `filling`.
Text placed(std::initializer_list<unsigned> bytes, std::size_t offset, std::size_t size, base::Bytes filling) {
  Text text(size, 'x');
  for (std::size_t i = 0; i + filling.size() <= offset; i += filling.size()) std::copy(filling.begin(), filling.end(), text.begin() + i);
  for (const unsigned byte : bytes) {
    if (offset < size) text[offset++] = static_cast<std::uint8_t>(byte);
  }
  return text;
}

const Text ascii = {'x'};
const Text three_bytes = {0xE6, 0x97, 0xA5};

/// Every byte that starts, ends or borders a range of Unicode's table 3-7.
constexpr unsigned edge_bytes[] = {0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0,
                                   0xE1, 0xEC, 0xED, 0xEE, 0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xF8, 0xFF};

/// More than two of the widest vectors, and all places that sequences may have towards their ends.
constexpr std::size_t offset_end = 68;

}  // namespace

TEST_CASE("utf8 kernels: one for this processor, if it is of the usual ones") {
#if defined(__x86_64__) || defined(__aarch64__)
  CHECK(!base::utf8_kernels().empty());
#endif
}

TEST_CASE("utf8 kernels: they go as far as whole characters go") {
  for (const base::Utf8Kernel& kernel : base::utf8_kernels()) {
    CAPTURE(kernel.name);
    for (std::size_t size = 0; size < 300; ++size) {
      const Text text(size, 'x');
      CHECK(static_cast<std::size_t>(kernel.scan(text.data(), text.data() + size) - text.data()) + 32 > size);
      const Text long_one = placed({0xF0, 0x9F, 0x98}, size, size + 3, three_bytes);
      const std::uint8_t* const end = kernel.scan(long_one.data(), long_one.data() + long_one.size());
      CHECK(end <= long_one.data() + size);
      CHECK(end + 40 > long_one.data() + size);
    }
  }
}

TEST_CASE("utf8 kernels: all pairs of bytes, at every offset") {
  for (std::size_t offset = 0; offset < offset_end; ++offset) {
    Text text(offset + 40, 'x');
    for (unsigned a = 0x7F; a < 256; ++a) {
      for (unsigned b = 0; b < 256; b += offset % 4 == 0 ? 1 : 5) {
        text[offset] = static_cast<std::uint8_t>(a);
        text[offset + 1] = static_cast<std::uint8_t>(b);
        check_whole(text);
      }
    }
  }
}

TEST_CASE("utf8 kernels: all leads, with every continuation and edge bytes behind them, at changing offsets") {
  std::size_t turn = 0;
  for (unsigned a = 0xBF; a < 256; ++a) {
    for (unsigned b = 0; b < 256; ++b) {
      for (const unsigned c : edge_bytes) {
        const std::size_t offset = ++turn % offset_end;
        check_whole(placed({a, b, c, 0x80}, offset, offset + turn % 37, turn % 2 == 0 ? ascii : three_bytes));
      }
    }
  }
}

TEST_CASE("utf8 kernels: all sequences of four edge bytes, at changing offsets") {
  std::size_t turn = 0;
  for (const unsigned a : edge_bytes) {
    for (const unsigned b : edge_bytes) {
      for (const unsigned c : edge_bytes) {
        for (const unsigned d : edge_bytes) {
          const std::size_t offset = ++turn % offset_end;
          check_whole(placed({a, b, c, d}, offset, offset + turn % 39, turn % 2 == 0 ? ascii : three_bytes));
        }
      }
    }
  }
}

TEST_CASE("utf8 kernels: the edges of every range, at every offset and cut by every end") {
  constexpr std::array<std::array<unsigned, 4>, 14> sequences = {{
      {0xC2, 0x80, 'x', 'x'}, {0xC1, 0xBF, 'x', 'x'}, {0xDF, 0xBF, 'x', 'x'}, {0xE0, 0xA0, 0x80, 'x'}, {0xE0, 0x9F, 0xBF, 'x'},
      {0xED, 0x9F, 0xBF, 'x'}, {0xED, 0xA0, 0x80, 'x'}, {0xEF, 0xBF, 0xBF, 'x'}, {0xF0, 0x90, 0x80, 0x80}, {0xF0, 0x8F, 0xBF, 0xBF},
      {0xF4, 0x8F, 0xBF, 0xBF}, {0xF4, 0x90, 0x80, 0x80}, {0xF5, 0x80, 0x80, 0x80}, {0xF0, 0x90, 0x80, 'x'}}};
  for (const auto& [a, b, c, d] : sequences) {
    for (std::size_t offset = 0; offset < offset_end; ++offset) {
      for (const Text& filling : {ascii, three_bytes}) {
        for (std::size_t size = offset + 1; size < offset + 40; ++size) check_whole(placed({a, b, c, d}, offset, size, filling));
        if (offset % 8 == 5) check_all_splits(placed({a, b, c, d}, offset, offset + 70, filling));
      }
    }
  }
}

TEST_CASE("utf8 kernels: random texts, whole and with one byte changed, cut anywhere") {
  std::mt19937 random(20241127);
  const auto below = [&](std::size_t bound) { return static_cast<std::size_t>(random()) % bound; };
  const Text characters[] = {{'a'}, {0xC3, 0xA9}, {0xE6, 0x97, 0xA5}, {0xF0, 0x9F, 0x98, 0x80}};
  for (int round = 0; round < 300; ++round) {
    Text text;
    const std::size_t size = below(400);
    while (text.size() < size) {
      const Text& character = characters[below(4)];
      for (std::size_t i = below(1 + below(40)); i-- > 0;) text.insert(text.end(), character.begin(), character.end());
    }
    check_all_splits(text);
    if (text.empty()) continue;
    text[below(text.size())] = static_cast<std::uint8_t>(random());
    check_all_splits(text);
  }
}
