// Covers native/codec/encoding.cc: the contract that every row of encodings.def must keep.
// Owner: the test. Thread: main.
#include "native/codec/encoding.h"

#include <string>
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
