// Covers native/codec/websocket/websocket_encoding.cc.
// Owner: the test. Thread: main.
#include "native/codec/websocket/websocket_encoding.h"

#include <string>
#include <vector>

#include "test/native/codec/wire.h"
#include "test/native/vendor/doctest.h"

namespace {

std::string encoded(codec::PayloadKind kind, const std::string& payload) {
  const codec::WebSocketEncoding encoding;
  const codec::Publication publication = {kind, base::bytes_of(payload)};
  std::vector<std::uint8_t> out(encoding.encoded_bytes(publication));
  encoding.encode(publication, out);
  return wire::to_hex(base::text_of(out));
}

}  // namespace

TEST_CASE("websocket encoding: the unmasked examples of RFC 6455 §5.7") {
  CHECK(encoded(codec::PayloadKind::text, "Hello") == "810548656c6c6f");
  const std::string bytes_256(256, '\x01');
  CHECK(encoded(codec::PayloadKind::binary, bytes_256) == "827e0100" + wire::to_hex(bytes_256));
  const std::string bytes_64k(65536, '\x02');
  CHECK(encoded(codec::PayloadKind::binary, bytes_64k) == "827f0000000000010000" + wire::to_hex(bytes_64k));
}

TEST_CASE("websocket encoding: the length takes its shortest form") {
  const auto header_of = [](std::size_t length) {
    const std::string frame = encoded(codec::PayloadKind::binary, std::string(length, 'x'));
    return frame.substr(0, frame.size() - 2 * length);
  };
  CHECK(header_of(0) == "8200");
  CHECK(header_of(1) == "8201");
  CHECK(header_of(125) == "827d");
  CHECK(header_of(126) == "827e007e");
  CHECK(header_of(127) == "827e007f");
  CHECK(header_of(65535) == "827effff");
  CHECK(header_of(65536) == "827f0000000000010000");
}
