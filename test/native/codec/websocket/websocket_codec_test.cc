// Covers native/codec/websocket/websocket_codec.cc: what well-behaved clients send (RFC 6455 §5.7; Autobahn 1, 2 and 5).
// Owner: the test. Thread: main.
#include "native/codec/websocket/websocket_codec.h"

#include <string>

#include "test/native/codec/recorded_commands.h"

using namespace wire;

TEST_CASE("websocket: the examples of RFC 6455 §5.7") {
  check_commands(hex("81 85 37fa213d 7f9f4d5158"), "text(Hello) open");
  check_commands(hex("89 85 37fa213d 7f9f4d5158"), "ping(Hello) open");
  check_commands(hex("8a 85 37fa213d 7f9f4d5158"), "pong(Hello) open");
  // The fragmented example is unmasked in the RFC, as a server sends it; here with a mask of zeros.
  check_commands(hex("01 83 00000000 48656c 80 82 00000000 6c6f"), "text(Hello) open");
  const std::string bytes_256(256, '\x5a');
  check_commands(hex("82 fe 0100 37fa213d") + [&] {
    const Wire whole = frame(0x82, bytes_256);
    return Wire(whole.begin() + 8, whole.end());
  }(), "binary(" + to_hex(bytes_256) + ") open");
  check_commands(frame(0x82, std::string(65536, 'k')), "binary(" + to_hex(std::string(65536, 'k')) + ") open");
}

TEST_CASE("websocket: payload lengths around every boundary (Autobahn 1)") {
  for (const std::size_t length : {0u, 1u, 2u, 3u, 4u, 5u, 7u, 8u, 9u, 15u, 16u, 17u, 31u, 33u, 124u, 125u, 126u, 127u,
                                   128u, 1000u, 1024u, 65535u}) {
    CAPTURE(length);
    std::string text;
    for (std::size_t i = 0; i < length; ++i) text += static_cast<char>('a' + i % 26);
    check_commands(frame(0x81, text), "text(" + text + ") open");
    check_commands(frame(0x82, text), "binary(" + to_hex(text) + ") open");
  }
}

TEST_CASE("websocket: pings and pongs (Autobahn 2)") {
  check_commands(frame(0x89, ""), "ping() open");
  check_commands(frame(0x8A, ""), "pong() open");
  const std::string longest(125, 'p');
  check_commands(frame(0x89, longest), "ping(" + longest + ") open");
  check_commands(frame(0x89, "\xFF\xFE"), "ping(\xFF\xFE) open");  // need not be UTF-8
  Wire ten;
  std::string expected;
  for (char c = '0'; c <= '9'; ++c) {
    ten = ten + frame(0x89, std::string(1, c));
    expected += "ping(" + std::string(1, c) + ") ";
  }
  check_commands(ten, expected + "open");
}

TEST_CASE("websocket: fragments, with control frames between them (Autobahn 5)") {
  check_commands(frame(0x01, "fragment1") + frame(0x80, "fragment2"), "text(fragment1fragment2) open");
  check_commands(frame(0x01, "one") + frame(0x89, "ping") + frame(0x80, "two"), "ping(ping) text(onetwo) open");
  check_commands(frame(0x01, "a") + frame(0x00, "b") + frame(0x89, "1") + frame(0x8A, "2") + frame(0x00, "c") +
                     frame(0x89, "") + frame(0x80, "d"),
                 "ping(1) pong(2) ping() text(abcd) open");
  check_commands(frame(0x02, std::string(1, '\xFF')) + frame(0x80, std::string(1, '\0')), "binary(ff00) open");
}

TEST_CASE("websocket: empty fragments in every place") {
  check_commands(frame(0x01, "") + frame(0x80, ""), "text() open");
  check_commands(frame(0x01, "") + frame(0x00, "") + frame(0x80, ""), "text() open");
  check_commands(frame(0x01, "") + frame(0x80, "end"), "text(end) open");
  check_commands(frame(0x01, "start") + frame(0x00, "") + frame(0x80, ""), "text(start) open");
  check_commands(frame(0x01, "") + frame(0x89, "p") + frame(0x80, ""), "ping(p) text() open");
}

TEST_CASE("websocket: a control payload split in the middle of a split message keeps both intact") {
  const std::string longest(125, 'q');
  check_commands(frame(0x01, "first half, ") + frame(0x89, longest) + frame(0x80, "second half") + frame(0x81, "next"),
                 "ping(" + longest + ") text(first half, second half) text(next) open");
}

TEST_CASE("websocket: each frame has a mask of its own") {
  check_commands(frame(0x01, "abcdefg", {1, 2, 3, 4}) + frame(0x00, "hijkl", {0xFF, 0, 0x80, 7}) +
                     frame(0x80, "mnopqrstuvwxyz", {0, 0, 0, 0}),
                 "text(abcdefghijklmnopqrstuvwxyz) open");
}

TEST_CASE("websocket: many messages in one read, the last one cut") {
  Run run;
  const Wire all = frame(0x81, "one") + frame(0x82, "2") + frame(0x81, "three");
  run.feed(all, 0, all.size() - 1);
  CHECK(run.result() == "text(one) binary(32) open");
  run.feed(all, all.size() - 1, all.size());
  CHECK(run.result() == "text(one) binary(32) text(three) open");
}

TEST_CASE("websocket: the close handshake (Autobahn 7.1, 7.3)") {
  check_commands(frame(0x88, ""), "close(1005,) closed");
  check_commands(close_frame(1000), "close(1000,) closed");
  check_commands(close_frame(1001, "bye"), "close(1001,bye) closed");
  const std::string longest(123, 'r');
  check_commands(close_frame(4999, longest), "close(4999," + longest + ") closed");
  check_commands(frame(0x81, "last") + close_frame(1000), "text(last) close(1000,) closed");
}

TEST_CASE("websocket: whatever follows a close frame is dropped, even garbage") {
  check_commands(close_frame(1000) + frame(0x81, "late"), "close(1000,) closed");
  check_commands(close_frame(1000) + close_frame(1001), "close(1000,) closed");
  check_commands(close_frame(1000) + hex("ff ff ff ff"), "close(1000,) closed");
  check_commands(frame(0x01, "never ended") + close_frame(1000) + frame(0x80, ""), "close(1000,) closed");
}

TEST_CASE("websocket: ignored data messages are counted once each and never looked into") {
  const Setup ignoring = {{.message_bytes_max = 4, .fragments_per_message_max = 1}, codec::DataFrames::ignore};
  check_commands(frame(0x81, "longer than four"), "ignored open", ignoring);
  check_commands(frame(0x81, "\xFF\xFF"), "ignored open", ignoring);
  check_commands(frame(0x01, "a") + frame(0x00, "") + frame(0x89, "p") + frame(0x80, "c"), "ping(p) ignored open", ignoring);
  check_commands(frame(0x81, "") + frame(0x82, "x") + close_frame(1000), "ignored ignored close(1000,) closed", ignoring);
  check_commands(frame_header(0x82, 1ull << 62) + hex("00 00"), "open", ignoring);
}

TEST_CASE("websocket: ignored data messages must still keep the protocol") {
  const Setup ignoring = {{}, codec::DataFrames::ignore};
  check_commands(frame(0x80, "stray"), "failed(1002)", ignoring);
  check_commands(frame(0x01, "a") + frame(0x81, "b"), "failed(1002)", ignoring);
  check_commands(frame(0xC1, "rsv"), "failed(1002)", ignoring);
  check_commands(hex("81 05"), "failed(1002)", ignoring);
  check_commands(frame_header(0x82, 1ull << 63), "failed(1002)", ignoring);
  check_commands(frame(0x81, "a") + frame(0x80, "b"), "ignored failed(1002)", ignoring);
}

namespace {

/// Remembers where payloads lay.
class PlaceSink final : public codec::MessageSink {
 public:
  codec::Flow on_message(codec::PayloadKind, base::Bytes payload) override {
    place = payload.data();
    return codec::Flow::go_on;
  }
  void on_ignored_message() override {}
  void on_ping(base::Bytes payload) override { place = payload.data(); }
  void on_pong(base::Bytes) override {}
  void on_close(std::uint16_t, std::string_view) override {}

  const std::uint8_t* place = nullptr;
};

}  // namespace

TEST_CASE("websocket: a payload that is whole in the input is handed on from there, not copied") {
  codec::WebSocketCodec decoder({}, codec::DataFrames::deliver);
  PlaceSink sink;
  Wire message = frame(0x81, std::string(1000, 'm'));
  decoder.decode(message, sink);
  CHECK(sink.place == message.data() + 8);
  Wire ping = frame(0x89, "p");
  decoder.decode(ping, sink);
  CHECK(sink.place == ping.data() + 6);
}

TEST_CASE("websocket: the codec of an idle connection is small") { CHECK(sizeof(codec::WebSocketCodec) <= 96); }

namespace {

template <typename Write>
std::string written(Write write) {
  std::array<std::uint8_t, 127> out;
  const std::size_t length = write(base::MutableBytes(out));
  return to_hex(base::text_of(base::Bytes(out).first(length)));
}

std::string written_close(std::uint16_t code, const std::string& reason) {
  return written([&](base::MutableBytes out) { return codec::write_close_frame(code, reason, out); });
}

}  // namespace

TEST_CASE("websocket: control frames are written unmasked") {
  const auto ping = [](base::MutableBytes out) { return codec::write_ping_frame(base::bytes_of("Hello"), out); };
  const auto pong = [](base::MutableBytes out) { return codec::write_pong_frame({}, out); };
  CHECK(written(ping) == "890548656c6c6f");
  CHECK(written(pong) == "8a00");
  CHECK(written_close(1000, "") == "880203e8");
  CHECK(written_close(1002, "no") == "880403ea6e6f");
  CHECK(written_close(1005, "dropped: there is no code to go with it") == "8800");
}

TEST_CASE("websocket: a close reason is cut to 123 bytes between characters") {
  const std::string fits(123, 'x');
  CHECK(written_close(1000, fits) == "887d03e8" + to_hex(fits));
  CHECK(written_close(1000, fits + "y") == "887d03e8" + to_hex(fits));
  const std::string head(121, 'x');  // then a character of three bytes, of which only two would fit
  CHECK(written_close(1000, head + "\xE2\x82\xAC") == "887b03e8" + to_hex(head));
  CHECK(written_close(1000, head.substr(1) + "\xE2\x82\xAC!") == "887d03e8" + to_hex(head.substr(1) + "\xE2\x82\xAC"));
}

TEST_CASE("websocket: what the sink has no room for is left, and decoded when it comes again") {
  Wire all = frame(0x81, "one") + frame(0x01, "t") + frame(0x89, "p") + frame(0x80, "wo") + frame(0x81, "three") + frame(0x88, "");
  codec::WebSocketCodec decoder({}, codec::DataFrames::deliver);
  Recorder recorder;
  recorder.flow = codec::Flow::wait;
  base::MutableBytes rest = all;
  std::vector<std::string> after;
  while (!rest.empty()) {
    const codec::Decoded decoded = decoder.decode(rest, recorder);
    rest = rest.last(decoded.left);
    after.push_back(recorder.commands);
  }
  CHECK(after == std::vector<std::string>{"text(one) ", "text(one) ping(p) text(two) ", "text(one) ping(p) text(two) text(three) ",
                                          "text(one) ping(p) text(two) text(three) close(1005,) "});
}

namespace {

/// "-" nothing has come in part; "anew" or "still", when it began in the last piece or before.
std::string unfinished_after(codec::Codec& decoder, Wire piece) {
  Recorder recorder;
  wire::decode(decoder, piece, recorder);
  const codec::Unfinished unfinished = decoder.unfinished();
  return !unfinished.any ? "-" : unfinished.anew ? "anew" : "still";
}

Wire part(const Wire& all, std::size_t from, std::size_t to) {
  return {all.begin() + static_cast<std::ptrdiff_t>(from), all.begin() + static_cast<std::ptrdiff_t>(to)};
}

}  // namespace

TEST_CASE("websocket: what has come in part, and whether it began before") {
  codec::WebSocketCodec decoder({}, codec::DataFrames::deliver);
  const Wire message = frame(0x81, "message");
  CHECK(unfinished_after(decoder, message) == "-");
  CHECK(unfinished_after(decoder, part(message, 0, 1)) == "anew");
  CHECK(unfinished_after(decoder, part(message, 1, 7)) == "still");
  CHECK(unfinished_after(decoder, part(message, 7, 8)) == "still");
  CHECK(decoder.unfinished().bytes > 0);
  CHECK(unfinished_after(decoder, part(message, 8, message.size()) + part(message, 0, 9)) == "anew");
  CHECK(unfinished_after(decoder, part(message, 9, message.size())) == "-");
  CHECK(decoder.unfinished().bytes == 0);
  // Control frames between fragments make it no younger, whole ones and halves.
  CHECK(unfinished_after(decoder, frame(0x01, "a")) == "anew");
  CHECK(unfinished_after(decoder, frame(0x89, "p")) == "still");
  CHECK(unfinished_after(decoder, part(frame(0x8A, "pong"), 0, 7)) == "still");
  CHECK(unfinished_after(decoder, part(frame(0x8A, "pong"), 7, 10) + frame(0x00, "b")) == "still");
  CHECK(unfinished_after(decoder, frame(0x80, "c") + part(frame(0x89, "p"), 0, 6)) == "anew");
  CHECK(unfinished_after(decoder, part(frame(0x89, "p"), 6, 7)) == "-");
}

TEST_CASE("websocket: of messages that are ignored nothing is owed; of control frames among them it is") {
  codec::WebSocketCodec decoder({}, codec::DataFrames::ignore);
  CHECK(unfinished_after(decoder, frame(0x01, "a")) == "-");
  CHECK(unfinished_after(decoder, part(frame(0x00, "bcd"), 0, 7)) == "-");
  CHECK(unfinished_after(decoder, part(frame(0x00, "bcd"), 7, 9) + part(frame(0x89, "ping"), 0, 7)) == "anew");
  CHECK(unfinished_after(decoder, part(frame(0x89, "ping"), 7, 8)) == "still");
  CHECK(unfinished_after(decoder, part(frame(0x89, "ping"), 8, 10)) == "-");
  CHECK(unfinished_after(decoder, part(frame(0x00, "e"), 0, 1)) == "anew");
}
