// Covers native/codec/sse/sse_encoding.cc: events byte by byte, in chunks and without, and what a browser makes of them.
// Owner: the test. Thread: main.
#include "native/codec/sse/sse_encoding.h"

#include <algorithm>
#include <string>

#include "test/native/codec/sse/sse_reader.h"
#include "test/native/codec/wire.h"
#include "test/native/vendor/doctest.h"

using codec::PayloadKind;

namespace {

std::string encoded(const codec::Encoding& encoding, const codec::Publication& publication) {
  std::string out(encoding.encoded_bytes(publication), '?');
  encoding.encode(publication, {reinterpret_cast<std::uint8_t*>(out.data()), out.size()});
  return out;
}

codec::Publication publication_of(std::string_view payload, PayloadKind kind = PayloadKind::text) {
  codec::Publication publication{kind, base::bytes_of(payload)};
  publication.topic = "a";
  publication.epoch = "0epoch00";
  publication.offset = 7;
  return publication;
}

/// As it goes to HTTP/1.0.
std::string text_of(const codec::Publication& publication) { return encoded(codec::SseUntilCloseEncoding(), publication); }
/// As it goes to HTTP/1.1.
std::string chunk_of(const codec::Publication& publication) { return encoded(codec::SseChunkedEncoding(), publication); }

/// What a browser hears; each event must be one.
sse::Event heard(const codec::Publication& publication) {
  sse::Dechunker chunks;
  sse::Reader reader;
  reader.feed(chunks.feed(chunk_of(publication)));
  REQUIRE(chunks.trouble == "");
  REQUIRE(chunks.between());
  REQUIRE(reader.between());
  REQUIRE(reader.events.size() == 1);
  return reader.events.front();
}

}  // namespace

TEST_CASE("sse: an event, with its chunk in the same bytes") {
  const codec::Publication hello = publication_of("hello");
  CHECK(text_of(hello) == "id: 0epoch00-7\ndata: hello\n\n");
  CHECK(wire::to_hex(chunk_of(hello)) == wire::to_hex("1c\r\nid: 0epoch00-7\ndata: hello\n\n\r\n"));
  CHECK(heard(hello) == sse::Event{"0epoch00-7", "message", "hello"});
}

TEST_CASE("sse: lines end at LF, CR and CRLF, and no other character ends one") {
  const auto data = [](std::string_view payload) {
    const std::string text = text_of(publication_of(payload));
    return text.substr(text.find('\n') + 1);
  };
  CHECK(data("a\nb") == "data: a\ndata: b\n\n");
  CHECK(data("a\rb") == "data: a\ndata: b\n\n");
  CHECK(data("a\r\nb") == "data: a\ndata: b\n\n");
  CHECK(data("a\n\rb") == "data: a\ndata:\ndata: b\n\n");
  CHECK(data("a\r\r\nb") == "data: a\ndata:\ndata: b\n\n");
  CHECK(data("a\n") == "data: a\ndata:\n\n");
  CHECK(data("\r") == "data:\ndata:\n\n");
  CHECK(data("") == "data:\n\n");
  CHECK(data(" a") == "data:  a\n\n");
  CHECK(data("a\x0b\x0c\xc2\x85\xe2\x80\xa8z") == "data: a\x0b\x0c\xc2\x85\xe2\x80\xa8z\n\n");
}

TEST_CASE("sse: a browser hears the payload, with LF for every kind of line break") {
  for (const std::string payload : {"", " ", "\n", "\r\n", "\n\n", "a", ": no comment", "data: a\n\nevent: x", " led by a space\n  two", "\xef\xbb\xbf", "{\"EUR\":1.08}"}) {
    CAPTURE(payload);
    std::string expected = payload;
    if (payload == "\r\n") expected = "\n";
    CHECK(heard(publication_of(payload)).data == expected);
  }
}

TEST_CASE("sse: the name of a publication is the event's, and cannot be more than a name") {
  codec::Publication named = publication_of("x");
  named.event = "changed";
  CHECK(text_of(named) == "id: 0epoch00-7\nevent: changed\ndata: x\n\n");
  named.event = "a\ndata: injected\r\n\nid: 9";
  CHECK(heard(named) == sse::Event{"0epoch00-7", "a data: injected   id: 9", "x"});
  named.event = std::string_view("a\0b", 3);
  CHECK(heard(named).type == "a b");
}

TEST_CASE("sse: binary is base64 and says so") {
  CHECK(text_of(publication_of(std::string_view("\x00\xff\n", 3), PayloadKind::binary)) == "id: 0epoch00-7\nevent: binary\ndata: AP8K\n\n");
  CHECK(text_of(publication_of("", PayloadKind::binary)) == "id: 0epoch00-7\nevent: binary\ndata: \n\n");
  CHECK(heard(publication_of("text", PayloadKind::binary)) == sse::Event{"0epoch00-7", "binary", "dGV4dA=="});
}

TEST_CASE("sse: offsets of every length, and events of every length of a chunk's size") {
  codec::Publication publication = publication_of("x");
  for (const std::uint64_t offset : {std::uint64_t{0}, std::uint64_t{9}, std::uint64_t{10}, std::uint64_t{1} << 53, UINT64_MAX}) {
    publication.offset = offset;
    CHECK(heard(publication).id == "0epoch00-" + std::to_string(offset));
  }
  for (std::size_t length = 0; length < 5000; length += length < 300 || length % 1024 > 960 ? 1 : 61) {
    const std::string payload(length, 'x');
    if (heard(publication_of(payload)).data == payload) continue;
    CAPTURE(length);
    CHECK(heard(publication_of(payload)).data == payload);
  }
  for (const std::size_t length : {65'510u, 65'530u, 70'000u}) CHECK(heard(publication_of(std::string(length, 'x'))).data.size() == length);
}

TEST_CASE("sse: a line break becomes six bytes at most") {
  const std::string breaks(1000, '\n');
  const codec::Publication publication = publication_of(breaks);
  CHECK(text_of(publication).size() == std::string("id: 0epoch00-7\n").size() + 6 * 1001 + 1);
  CHECK(heard(publication).data == breaks);
}

TEST_CASE("sse: a gap says from where to where, and has no id") {
  const codec::SseUntilCloseEncoding plain;
  CHECK(plain.gap({"a\"b", "0epoch00", 3, 7, 5}) == "event: gap\ndata: {\"topic\":\"a\\\"b\",\"from\":\"0epoch00-3\",\"to\":\"0epoch00-7\",\"skipped\":5}\n\n");
  CHECK(plain.gap({"a", "0epoch00", std::nullopt, std::nullopt, std::nullopt}) ==
        "event: gap\ndata: {\"topic\":\"a\",\"from\":null,\"to\":null,\"skipped\":null}\n\n");
  sse::Dechunker chunks;
  CHECK(chunks.feed(codec::SseChunkedEncoding().gap({"a", "0epoch00", 3, 7, 5})) == plain.gap({"a", "0epoch00", 3, 7, 5}));
  CHECK(chunks.between());
}
