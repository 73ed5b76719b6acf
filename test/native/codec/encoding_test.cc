// Covers native/codec/encoding.cc: the contract that every row of encodings.def must keep.
// Owner: the test. Thread: main.
#include "native/codec/encoding.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "test/native/vendor/doctest.h"

TEST_CASE("encodings: each writes exactly what it announced, and the same every time") {
  for (std::size_t id = 0; id < codec::encoding_count; ++id) {
    const codec::Encoding& encoding = codec::encoding(static_cast<codec::EncodingId>(id));
    CHECK(&encoding == &codec::encoding(static_cast<codec::EncodingId>(id)));
    for (const std::size_t length : {0u, 1u, 125u, 126u, 1024u, 65535u, 65536u}) {
      for (const auto kind : {codec::PayloadKind::text, codec::PayloadKind::binary}) {
        CAPTURE(id);
        CAPTURE(length);
        const std::string payload(length, 'p');
        const codec::Publication publication = {kind, base::bytes_of(payload)};
        const std::size_t bytes = encoding.encoded_bytes(publication);
        std::vector<std::uint8_t> zeros(bytes, 0x00);  // exact size: ASan sees a byte too many
        std::vector<std::uint8_t> ones(bytes, 0xFF);
        encoding.encode(publication, zeros);
        encoding.encode(publication, ones);
        const bool every_byte_written = zeros == ones;
        CHECK(every_byte_written);
      }
    }
  }
}

namespace {

/// The longest frame that a text of one byte over and over becomes: as it is, and as the data of a gRPC message.
std::size_t longest_frame_of(char byte, std::size_t message_bytes, std::string_view name) {
  const std::string text(message_bytes, byte);
  const codec::Message message{INT32_MIN, text};
  std::string json(codec::json_message_bytes(message), '\0');
  codec::write_json_message(message, {reinterpret_cast<std::uint8_t*>(json.data()), json.size()});
  codec::Publication plain{codec::PayloadKind::binary, base::bytes_of(text), name, name, name};
  codec::Publication of_grpc{codec::PayloadKind::text, base::bytes_of(json), name, name, name};
  of_grpc.message = &message;
  std::size_t longest = 0;
  for (std::size_t id = 0; id < codec::encoding_count; ++id) {
    const codec::Encoding& encoding = codec::encoding(static_cast<codec::EncodingId>(id));
    longest = std::max({longest, encoding.encoded_bytes(plain), encoding.encoded_bytes(of_grpc)});
  }
  return longest;
}

}  // namespace

TEST_CASE("encodings: no frame is longer than its bound, and a control character comes near it") {
  const std::string name(codec::name_bytes_limit, '\x01');
  for (const std::size_t message_bytes : {0u, 1u, 1000u, 65'536u}) {
    CAPTURE(message_bytes);
    std::size_t longest = 0;
    for (int byte = 0; byte < 256; ++byte) longest = std::max(longest, longest_frame_of(static_cast<char>(byte), message_bytes, name));
    CHECK(longest <= codec::frame_bytes_max(message_bytes));
    CHECK(longest >= codec::frame_bytes_max(message_bytes) - 64);
  }
}

TEST_CASE("encodings: of one of them a payload is read again as it was meant") {
  for (const codec::PayloadKind kind : {codec::PayloadKind::text, codec::PayloadKind::binary}) {
    for (const std::size_t size : {0u, 1u, 125u, 126u, 65'535u, 65'536u}) {
      const std::string payload(size, 'x');
      const codec::Publication publication{kind, base::bytes_of(payload)};
      const codec::Encoding& encoding = codec::encoding(codec::readable_encoding);
      std::vector<std::uint8_t> frame(encoding.encoded_bytes(publication));
      encoding.encode(publication, frame);
      const codec::PayloadView read = codec::read_payload(frame);
      CHECK(read.kind == kind);
      CHECK(base::text_of(read.payload) == payload);
    }
  }
}
