// Covers native/codec/websocket/envelope_encoding.cc.
// Owner: the test. Thread: main.
#include "native/codec/websocket/envelope_encoding.h"

#include <string>
#include <vector>

#include "native/codec/websocket/websocket_header.h"
#include "test/native/doctest_last.h"

namespace {

const codec::Encoding& envelope() { return codec::encoding(codec::EncodingId::envelope); }

std::string json_of(codec::Publication publication) {
  publication.topic = "prices/eur";
  publication.epoch = "run1234A";
  std::vector<std::uint8_t> frame(envelope().encoded_bytes(publication));
  envelope().encode(publication, frame);
  const codec::DataFrame read = codec::read_data_frame(frame);
  CHECK(read.kind == codec::PayloadKind::text);
  return std::string(base::text_of(read.payload));
}

std::string json_of(const std::string& text, std::uint64_t offset = 7) {
  codec::Publication publication{codec::PayloadKind::text, base::bytes_of(text)};
  publication.offset = offset;
  return json_of(publication);
}

std::string data(const std::string& value) { return R"({"topic":"prices/eur","epoch":"run1234A","offset":7,"data":)" + value + "}"; }

std::string text_in(const std::string& frame) { return std::string(base::text_of(codec::read_data_frame(base::bytes_of(frame)).payload)); }

}  // namespace

TEST_CASE("envelope: text that is JSON stands there as it is, other text as a string") {
  CHECK(json_of(R"({"EUR": 1.08})") == data(R"({"EUR": 1.08})"));
  for (const char* json : {"[1,2]", "null", "true", "42", "-1.5e3", R"("text")", " {} "}) CHECK(json_of(json) == data(json));
  CHECK(json_of("hello \"you\"\n") == data(R"("hello \"you\"\n")"));
  for (const char* text : {"", "{", "{\"a\":}", "01", "nul", "1 2", "'a'", "NaN"}) {
    CAPTURE(text);
    CHECK(json_of(text).ends_with("}"));
    CHECK(json_of(text).find(R"("data":")") != std::string::npos);
  }
}

TEST_CASE("envelope: JSON that is nested deeper than it is read is a string") {
  const std::string deep = std::string(33, '[') + std::string(33, ']');
  CHECK(json_of(deep) == data('"' + deep + '"'));
}

TEST_CASE("envelope: bytes that are no text are base64, and so is text that is no UTF-8") {
  codec::Publication publication{codec::PayloadKind::binary, base::bytes_of("hi")};
  publication.offset = 7;
  const std::string expected = R"({"topic":"prices/eur","epoch":"run1234A","offset":7,"base64":"aGk="})";
  CHECK(json_of(publication) == expected);
  publication.payload = base::bytes_of("\xFF");
  publication.kind = codec::PayloadKind::text;
  CHECK(json_of(publication) == R"({"topic":"prices/eur","epoch":"run1234A","offset":7,"base64":"/w=="})");
}

TEST_CASE("envelope: every size of frame, and every length of an offset") {
  for (const std::size_t size : {0u, 1u, 50u, 60u, 61u, 62u, 63u, 64u, 65u, 66u, 65'400u, 65'470u, 65'471u, 65'472u, 65'473u, 65'474u, 65'475u, 70'000u}) {
    CAPTURE(size);
    CHECK(json_of(std::string(size, 'x')) == data('"' + std::string(size, 'x') + '"'));
  }
  CHECK(json_of("1", 9'007'199'254'740'991).find(R"("offset":9007199254740991,)") != std::string::npos);
  CHECK(json_of("1", UINT64_MAX).find(R"("offset":18446744073709551615,)") != std::string::npos);
}

TEST_CASE("envelope: gaps and the place where live delivery begins") {
  CHECK(text_in(envelope().gap({"a\"b", "run1234A", 3, 9, 5})) == R"({"gap":{"topic":"a\"b","from":"run1234A-3","to":"run1234A-9","skipped":5}})");
  CHECK(text_in(envelope().gap({"a", "run1234A", std::nullopt, std::nullopt, std::nullopt})) ==
        R"({"gap":{"topic":"a","from":null,"to":null,"skipped":null}})");
  CHECK(text_in(envelope().live("a", "run1234A", 10)) == R"({"live":"run1234A-9","topic":"a"})");
  CHECK(text_in(envelope().live("a", "run1234A", 0)) == R"({"live":"run1234A--1","topic":"a"})");
  CHECK(codec::encoding(codec::EncodingId::websocket).gap({}).empty());
  CHECK(codec::encoding(codec::EncodingId::websocket).live("a", "run1234A", 10).empty());
}
