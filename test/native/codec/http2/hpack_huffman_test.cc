// Covers native/codec/http2/hpack_huffman.cc.
// Owner: the test. Thread: main.
#include "native/codec/http2/hpack_huffman.h"

#include <optional>
#include <string>
#include <random>

#include "test/native/codec/http2/hpack_encoder.h"
#include "test/native/codec/random_seed.h"

using namespace wire;

namespace {

/// Nothing when it is refused.
std::optional<std::string> decoded(Wire coded) {
  coded.shrink_to_fit();
  std::vector<std::uint8_t> out;
  if (!codec::decode_huffman(coded, out)) return std::nullopt;
  REQUIRE(out.size() <= codec::huffman_decoded_bytes_max(coded.size()));
  return std::string(out.begin(), out.end());
}

}  // namespace

TEST_CASE("huffman: the strings of RFC 7541 Appendix C") {
  CHECK(decoded(hex("f1e3c2e5f23a6ba0ab90f4ff")) == "www.example.com");
  CHECK(decoded(hex("a8eb10649cbf")) == "no-cache");
  CHECK(decoded(hex("25a849e95ba97d7f")) == "custom-key");
  CHECK(decoded(hex("25a849e95bb8e8b4bf")) == "custom-value");
  CHECK(decoded(hex("d07abe941054d444a8200595040b8166e082a62d1bff")) == "Mon, 21 Oct 2013 20:13:21 GMT");
  CHECK(decoded(hex("94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007")) ==
        "foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1");
  CHECK(decoded({}) == "");
}

TEST_CASE("huffman: every symbol alone, and with every other behind it") {
  for (unsigned first = 0; first < 256; ++first) {
    CHECK(decoded(hpack::huffman(std::string(1, static_cast<char>(first)))) == std::string(1, static_cast<char>(first)));
    for (unsigned second = 0; second < 256; ++second) {
      const std::string text = {static_cast<char>(first), static_cast<char>(second)};
      if (decoded(hpack::huffman(text)) != text) FAIL("first " << first << ", second " << second);
    }
  }
}

TEST_CASE("huffman: padding is ones, and shorter than a byte") {
  CHECK(decoded(hex("1f")) == "a");  // 00011 111
  CHECK(decoded(hex("1e")) == std::nullopt);
  CHECK(decoded(hex("18")) == std::nullopt);  // 00011 000
  CHECK(decoded(hex("1fff")) == std::nullopt);
  CHECK(decoded(hex("ff")) == std::nullopt);
  CHECK(decoded(hex("ffff")) == std::nullopt);
  CHECK(decoded(hex("f8")) == "&");  // eight bits: nothing to pad
  CHECK(decoded(hex("f8ff")) == std::nullopt);
}

TEST_CASE("huffman: the end of the string is never in it") {
  CHECK(decoded(hex("fffffffc")) == std::nullopt);  // 30 ones
  CHECK(decoded(hex("fffffffF")) == std::nullopt);
  CHECK(decoded(hex("1fffffffff")) == std::nullopt);
  CHECK(decoded(hex("ffffffffffffffff")) == std::nullopt);
}

TEST_CASE("huffman: random bytes are refused or are what their encoding is") {
  const std::uint32_t seed = seed_of_run(7541);
  MESSAGE("CORE_TEST_SEED=" << seed);
  std::mt19937 random(seed);
  std::size_t accepted = 0;
  for (int round = 0; round < 20'000; ++round) {
    Wire coded(random() % 12);
    for (auto& byte : coded) byte = static_cast<std::uint8_t>(random() % 3 == 0 ? 0xFF : random());
    const auto text = decoded(coded);
    if (!text) continue;
    ++accepted;
    REQUIRE(hpack::huffman(*text) == coded);  // the code is a bijection
  }
  CHECK(accepted > 500);
}
