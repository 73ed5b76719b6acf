// Covers native/codec/websocket/websocket_text.cc.
// Owner: the test. Thread: main.
#include "native/codec/websocket/websocket_text.h"

#include "test/native/codec/wire.h"
#include "test/native/vendor/doctest.h"

TEST_CASE("websocket text: one unmasked frame, its length in the shortest form") {
  CHECK(wire::to_hex(codec::write_text_frame("")) == "8100");
  CHECK(wire::to_hex(codec::write_text_frame("Hello")) == "810548656c6c6f");
  const auto header_of = [](std::size_t length) {
    const std::string text(length, 't');
    const std::string frame = codec::write_text_frame(text);
    REQUIRE(frame.ends_with(text));
    return wire::to_hex(frame.substr(0, frame.size() - length));
  };
  CHECK(header_of(125) == "817d");
  CHECK(header_of(126) == "817e007e");
  CHECK(header_of(65535) == "817effff");
  CHECK(header_of(65536) == "817f0000000000010000");
}
