// Covers native/codec/sse/sse_text.cc: chunks, comments, when to come back, the end.
// Owner: the test. Thread: main.
#include "native/codec/sse/sse_text.h"

#include <array>
#include <string>

#include "native/codec/manners.h"
#include "test/native/codec/sse/sse_reader.h"
#include "test/native/vendor/doctest.h"

using codec::SseFraming;

namespace {

template <typename Write>
std::string written(Write write) {
  std::array<std::uint8_t, codec::control_frame_bytes_max> room{};
  return std::string(base::text_of(base::Bytes(room).first(write(room))));
}

std::string closed(std::uint16_t code, std::string_view reason) {
  return written([&](base::MutableBytes out) { return codec::write_sse_close<SseFraming::chunked>(code, reason, out); });
}

}  // namespace

TEST_CASE("sse: what goes between events") {
  CHECK(written([](base::MutableBytes out) { return codec::write_sse_ping<SseFraming::chunked>({}, out); }) == "3\r\n:\n\n\r\n");
  CHECK(written([](base::MutableBytes out) { return codec::write_sse_ping<SseFraming::until_close>({}, out); }) == ":\n\n");
  CHECK(codec::write_sse_retry<SseFraming::chunked>(1234) == "d\r\nretry: 1234\n\n\r\n");
  CHECK(codec::write_sse_retry<SseFraming::until_close>(3000) == "retry: 3000\n\n");
}

TEST_CASE("sse: the end is a comment with the reason, and the last chunk") {
  CHECK(closed(1001, "shutting down") == "16\r\n: 1001 shutting down\n\n\r\n0\r\n\r\n");
  CHECK(written([](base::MutableBytes out) { return codec::write_sse_close<SseFraming::until_close>(1001, "shutting down", out); }) == ": 1001 shutting down\n\n");
  for (const std::string& reason : {std::string(), std::string(123, 'x'), std::string("a\r\n\ndata: injected")}) {
    CAPTURE(reason);
    sse::Dechunker chunks;
    sse::Reader reader;
    reader.feed(chunks.feed(closed(4999, reason)));
    CHECK(chunks.trouble == "");
    CHECK(chunks.ended());
    CHECK(reader.events.empty());
    REQUIRE(reader.comments.size() == 1);
    CHECK(reader.comments[0].starts_with("4999 "));
  }
}

TEST_CASE("sse: a chunk around every length") {
  for (std::size_t length = 1; length < 70'000; length += length < 300 ? 1 : 997) {
    const std::string text(length, 'x');
    const std::string framed = codec::sse_framed(SseFraming::chunked, text);
    CHECK(framed.size() == length + codec::chunk_frame_bytes(length));
    sse::Dechunker chunks;
    if (chunks.feed(framed) == text && chunks.between() && chunks.trouble.empty()) continue;
    CAPTURE(length);
    CHECK(chunks.trouble == "a chunk of that length");
  }
}
