// Covers native/codec/websocket/websocket_mask.h: every length and alignment against the formula of RFC 6455 §5.3.
// Owner: the test. Thread: main.
#include "native/codec/websocket/websocket_mask.h"

#include <vector>

#include "test/native/vendor/doctest.h"

namespace {

const codec::WebSocketMask mask = {0x12, 0x34, 0x56, 0x78};

}  // namespace

TEST_CASE("mask: transformed-octet-i = original-octet-i XOR masking-key-octet-(i MOD 4)") {
  for (std::size_t offset = 0; offset < 16; ++offset) {
    for (std::size_t length = 0; length < 100; ++length) {
      std::vector<std::uint8_t> bytes(offset + length);
      std::vector<std::uint8_t> expected(offset + length);
      for (std::size_t i = 0; i < bytes.size(); ++i) {
        bytes[i] = static_cast<std::uint8_t>(i * 7);
        expected[i] = i < offset ? bytes[i] : static_cast<std::uint8_t>(bytes[i] ^ mask[(i - offset) % 4]);
      }
      codec::unmask(base::MutableBytes(bytes).subspan(offset), mask);
      REQUIRE(bytes == expected);
    }
  }
}

TEST_CASE("mask: a payload in two parts comes out as in one") {
  for (std::size_t split = 0; split <= 40; ++split) {
    std::vector<std::uint8_t> whole(40, 0xA5);
    std::vector<std::uint8_t> parts = whole;
    codec::unmask(whole, mask);
    codec::WebSocketMask moving = mask;
    codec::unmask(base::MutableBytes(parts).first(split), moving);
    codec::advance_mask(moving, split);
    codec::unmask(base::MutableBytes(parts).subspan(split), moving);
    REQUIRE(parts == whole);
  }
}
