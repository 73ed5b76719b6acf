// Covers native/codec/hpack_*.cc against RFC 7541, through the connection that decodes with them.
// Owner: the test. Thread: main.
#include "test/native/codec/http2/http2_conformance.h"

using namespace h2;
using enum codec::Http2Error;

namespace {

const Wire sound = block(call_fields(publish_path));

/// A call whose header block has these bytes behind its fields.
Wire then(std::string_view hex_bytes) { return headers(1, sound + hex(hex_bytes)); }
/// … before them.
Wire first(std::string_view hex_bytes) { return headers(1, hex(hex_bytes) + sound); }

}  // namespace

TEST_CASE("hpack conformance: §2 and §6.1, indexed fields") {
  check_rows({
      {"2.3.1", "the static table: :method POST, :scheme http, :path by name", headers(1, hex("83 86 04") + string(publish_path) + block({{"te", "trailers"}, {"content-type", "application/grpc"}})), takes_call()},
      {"2.3.3", "an index behind both tables", then("be"), ends_connection(compression_error)},
      {"2.3.3", "a name's index behind both tables", then("7e 01 61"), ends_connection(compression_error)},
      {"6.1", "the index 0", then("80"), ends_connection(compression_error)},
      {"6.1", "an index of several bytes", then("ff 80 80 01"), ends_connection(compression_error)},
      {"2.3.2", "the dynamic table lasts from block to block",
       headers(1, hex("40 01 78 01 79"), flag::end_headers) + headers(3, sound + hex("be")), says("RST(1,1) " + ok_headers(3))},
  });
}

TEST_CASE("hpack conformance: §4.2 and §6.3, the dynamic table's size") {
  check_rows({
      {"6.3", "may be lowered", first("20"), takes_call()},
      {"6.3", "and raised to what we have allowed: 4096", first("3f e1 1f"), takes_call()},
      {"6.3", "but not over it", first("3f e2 1f"), ends_connection(compression_error)},
      {"4.2", "twice at a block's beginning", first("20 3f e1 1f"), takes_call()},
      {"4.2", "but not behind a field", then("20"), ends_connection(compression_error)},
      {"4.3", "what the table held is gone when it shrinks",
       headers(1, hex("40 01 78 01 79")) + headers(3, hex("20") + sound + hex("be")), ends_connection(compression_error)},
      {"4.4", "a field larger than the table empties it, and is no error", headers(1, hex("21") + hex("40 01 78 01 79")) + subscribe(3), says("RST(1,1) " + ok_headers(3))},
  });
}

TEST_CASE("hpack conformance: §5.1, integers") {
  check_rows({
      {"5.1", "with zeros behind them", headers(1, sound + hex("00 01 78 7f 80 00") + Wire(127, 'y')), takes_call()},
      {"5.1", "over 32 bits", then("00 7f ff ff ff ff ff 0f"), ends_connection(compression_error)},
      {"5.1", "without end", headers(1, sound + hex("00 7f") + Wire(60, 0x80)), ends_connection(compression_error)},
      {"5.1", "cut by the end of the block", then("00 7f 80"), ends_connection(compression_error)},
  });
}

TEST_CASE("hpack conformance: §5.2, strings") {
  check_rows({
      {"5.2", "Huffman-coded: te, trailers", headers(1, hex("83 86 04") + string(publish_path) + hex("00 82 49 7f 86 4d 83 35 05 b1 1f") + block({{"content-type", "application/grpc"}})), takes_call()},
      {"5.2", "longer than the block", then("00 01 78 05 61"), ends_connection(compression_error)},
      {"5.2", "padding of more than seven bits", then("00 01 78 82 1f ff"), ends_connection(compression_error)},
      {"5.2", "padding that is not all ones", then("00 01 78 81 18"), ends_connection(compression_error)},
      {"5.2", "the end-of-string symbol", then("00 01 78 84 ff ff ff ff"), ends_connection(compression_error)},
      {"5.2", "a symbol that is cut", then("00 01 78 81 fe"), ends_connection(compression_error)},
  });
}

TEST_CASE("hpack conformance: §6.2, literal fields") {
  check_rows({
      {"6.2.1", "that is indexed", then("40 01 78 01 79"), takes_call()},
      {"6.2.1", "that is indexed, then used", then("40 01 78 01 79 be"), takes_call()},
      {"6.2.1", "with an indexed name", then("73 01 79"), takes_call()},
      {"6.2.2", "that is not indexed", then("00 01 78 01 79"), takes_call()},
      {"6.2.2", "is not found in the table", then("00 01 78 01 79 be"), ends_connection(compression_error)},
      {"6.2.3", "that never is", then("10 01 78 01 79"), takes_call()},
      {"6.2", "cut behind its name", then("00 01 78"), ends_connection(compression_error)},
  });
}
