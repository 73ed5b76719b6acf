// Fuzzes native/codec/sse/: whatever a publication and its names are, a browser hears one event, whose data is the text with LF for every line
// break, or the bytes in base64; nothing of a payload or a name becomes a field, a comment, or a chunk; and who asks for events is judged alike.
// Owner: the fuzzer. Thread: main.
#include "native/codec/sse/sse_encoding.h"

#include "native/base/base64.h"
#include "native/codec/sse/sse_request.h"
#include "test/fuzz/fuzz.h"
#include "test/native/codec/sse/sse_reader.h"

namespace {

std::string one_line(std::string_view name) {
  std::string line(name);
  for (char& c : line) {
    if (c == '\r' || c == '\n' || c == '\0') c = ' ';
  }
  return line;
}

void check_event(const codec::Publication& publication) {
  const codec::SseChunkedEncoding chunked;
  const codec::SseUntilCloseEncoding plain;
  fuzz::Bytes framed(chunked.encoded_bytes(publication));
  chunked.encode(publication, framed);
  fuzz::Bytes text(plain.encoded_bytes(publication));
  plain.encode(publication, text);
  fuzz::require(framed.size() <= codec::frame_bytes_max(publication.payload.size()), "no frame is over its bound");
  sse::Dechunker chunks;
  const std::string in_chunks = chunks.feed(base::text_of(framed));
  fuzz::require(chunks.trouble.empty() && chunks.between() && in_chunks == base::text_of(text), "a chunk around the same text");
  sse::Reader reader;
  reader.feed(in_chunks);
  fuzz::require(reader.between() && reader.events.size() == 1 && reader.comments.empty() && reader.retries.empty(), "one event, and nothing else");
  const sse::Event& event = reader.events.front();
  const bool binary = publication.kind == codec::PayloadKind::binary;
  fuzz::require(event.id == std::string(publication.epoch) + "-" + std::to_string(publication.offset), "its place is its id");
  // A reader takes one space off the front of a value, and an empty name for none.
  const std::string name = binary ? "binary" : publication.event.empty() ? "message" : one_line(publication.event);
  fuzz::require(event.type == name, "its name");
  fuzz::require(event.data == (binary ? base::base64_encode(publication.payload) : sse::with_line_feeds(base::text_of(publication.payload))), "its data");
}

}  // namespace

FUZZ_TARGET(sse_encoding) {
  fuzz::Input input(bytes);
  codec::Publication publication;
  publication.kind = input.byte() % 2 == 0 ? codec::PayloadKind::text : codec::PayloadKind::binary;
  publication.epoch = "0epoch00";
  publication.offset = std::uint64_t{input.byte()} << (input.byte() % 56);
  const std::string event = input.text();
  publication.event = event;
  const base::Bytes rest = input.rest();
  const std::string text = fuzz::valid_utf8(base::text_of(rest));
  publication.payload = publication.kind == codec::PayloadKind::text ? base::bytes_of(text) : rest;
  check_event(publication);
  const codec::HttpParsed parsed = codec::parse_http_request(rest, 0, {});
  if (parsed.status != codec::HttpParseStatus::complete) return;
  const bool now = codec::asks_for_sse<codec::SseFraming::chunked>(parsed.request);
  const bool old = codec::asks_for_sse<codec::SseFraming::until_close>(parsed.request);
  fuzz::require(!(now && old), "one framing or the other");
  if (now || old) codec::accept_sse(parsed.request);
}
