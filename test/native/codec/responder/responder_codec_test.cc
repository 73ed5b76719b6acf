// Covers native/codec/responder/responder_codec.cc.
// Owner: the test. Thread: main.
#include "native/codec/responder/responder_codec.h"

#include "test/native/codec/recorded_commands.h"

namespace {

const wire::Setup lines{.make_codec = codec::make_line_responder};
const wire::Setup raw{.make_codec = codec::make_raw_responder};

wire::Wire bytes(const std::string& text) { return {text.begin(), text.end()}; }

/// Decodes with a sink that says `wait` to each request, until nothing more comes.
std::string one_at_a_time(const std::string& text) {
  const auto codec = codec::make_line_responder({});
  wire::Recorder recorder;
  recorder.flow = codec::Flow::wait;
  wire::Wire in = bytes(text);
  std::string seen;
  for (;;) {
    recorder.commands.clear();
    const codec::Decoded decoded = wire::decode(*codec, in, recorder);
    if (decoded.status != codec::DecodeStatus::open) return seen + wire::word_of(decoded);
    if (recorder.commands.empty()) return seen + "open";
    seen += recorder.commands;
    in.clear();
  }
}

}  // namespace

TEST_CASE("responder codec: raw takes each chunk as it comes") {
  CHECK(wire::run_whole(bytes("a\nb"), raw) == "request(a\nb) open");
  CHECK(wire::run_in_pieces(bytes("abc"), 1, raw) == "request(a) request(b) request(c) open");
  CHECK(wire::run_whole({}, raw) == "open");
}

TEST_CASE("responder codec: lines, however they are cut") {
  wire::check_commands(bytes("a\nbb\r\n\n\r\nc"), "request(a\n) request(bb\r\n) request(\n) request(\r\n) open", lines);
  wire::check_commands(bytes(std::string("\0\xFF \n", 4)), "request(" + std::string("\0\xFF \n", 4) + ") open", lines);
}

TEST_CASE("responder codec: a line has a bound, told before its end comes") {
  const std::string longest(codec::line_bytes_max, 'x');
  CHECK(wire::run_whole(bytes(longest + "\n"), lines) == "request(" + longest + "\n) open");
  CHECK(wire::run_split(bytes(longest + "\n"), longest.size(), lines) == "request(" + longest + "\n) open");
  CHECK(wire::run_whole(bytes(longest), lines) == "open");
  CHECK(wire::run_whole(bytes(longest + "x"), lines) == "failed(1009)");
  CHECK(wire::run_split(bytes(longest + "x"), 10, lines) == "failed(1009)");
  CHECK(wire::run_whole(bytes("a\n" + longest + "x\n"), lines) == "request(a\n) failed(1009)");
}

TEST_CASE("responder codec: what has to wait is kept, in order") {
  CHECK(one_at_a_time("a\nb\nc\n") == "request(a\n) request(b\n) request(c\n) open");
  CHECK(one_at_a_time("a\nb\nrest") == "request(a\n) request(b\n) open");
  CHECK(one_at_a_time("a\n" + std::string(codec::line_bytes_max + 1, 'x')) == "request(a\n) failed(1009)");
}

TEST_CASE("responder codec: the room for a long line goes with it") {
  codec::LineCodec codec;
  wire::Recorder recorder;
  const auto feed = [&](const std::string& text) {
    wire::Wire in = bytes(text);
    REQUIRE(codec.decode(in, recorder).status == codec::DecodeStatus::open);
    return codec.unfinished();
  };
  const codec::Unfinished before = feed(std::string(50'000, 'x'));
  CHECK(before.any);
  CHECK(before.bytes >= 50'000);
  const codec::Unfinished after = feed("\n");
  CHECK(!after.any);
  CHECK(after.bytes == 0);
  // Between short lines it stays, so that those that come in parts allocate nothing.
  feed("short");
  CHECK(feed("\n").bytes >= 5);
}
