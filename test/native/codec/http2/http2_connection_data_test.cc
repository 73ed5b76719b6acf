// Covers native/codec/http2/http2_connection_data.cc: content and windows, both ways.
// Owner: the test. Thread: main.
#include <string>

#include "test/native/codec/http2/http2_wire.h"

using namespace h2;
using codec::Http2Error;

namespace {

constexpr std::uint32_t window_max = 0x7FFFFFFF;
const std::string subscribed = "subscribe(1,default,s,-,0) ";
const StreamKey first = {1, 0};

/// A DATA head of that stream, as written by the codec.
std::string head_of(codec::StreamCodec& codec, StreamKey stream, std::uint32_t length) {
  std::array<std::uint8_t, codec::StreamCodec::data_head_bytes> head;
  codec.write_data_head(stream, length, head);
  return wire::to_hex(base::text_of(head));
}

/// Small windows for receiving, so that tests reach them.
Setup small() {
  Setup setup;
  setup.limits.http2.connection_window_bytes = 65'535;
  setup.limits.http2.stream_window_bytes = 1000;
  return setup;
}

}  // namespace

TEST_CASE("http2 data: padding is passed over") {
  const Wire content = grpc(text_field(1, "s"));
  const auto padded = [&](std::uint8_t padding) {
    return call(1, subscribe_path) + data(1, Wire{padding} + content + Wire(padding, 0xFF), flag::padded | flag::end_stream);
  };
  check_wire(padded(0), subscribed + "open", ok_headers(1));
  check_wire(padded(1), subscribed + "open", ok_headers(1));
  check_wire(padded(255), subscribed + "open", ok_headers(1));
  check_wire(call(1, subscribe_path) + data(1, Wire{3, 0, 0, 0}, flag::padded) + end_data(1, content), subscribed + "open", ok_headers(1));
  check_fails(call(1, subscribe_path) + data(1, {}, flag::padded), 1, Http2Error::frame_size_error, "padding without a length");
  check_fails(call(1, subscribe_path) + data(1, {1}, flag::padded), 1, Http2Error::protocol_error, "more padding than payload");
  check_fails(call(1, subscribe_path) + data(1, {4, 0, 0, 0}, flag::padded), 1, Http2Error::protocol_error, "more padding than payload");
}

TEST_CASE("http2 data: after its end a stream is closed for content") {
  check_wire(subscribe(1) + data(1, {0}), subscribed + "gone(1) open", ok_headers(1) + "RST(1,5) ");
  // Told once, not for every frame.
  check_wire(subscribe(1) + rst_stream(1) + data(1, {0}) + data(1, {0}) + end_data(1), subscribed + "gone(1) open", ok_headers(1) + "RST(1,5) ");
  check_wire(call(1, "/nothing") + end_data(1) + data(1, {0}) + end_data(1), "open", refused(1, 12, "unknown method") + "RST(1,5) ");
  check_wire(subscribe(5) + data(3, {0}), "subscribe(5,default,s,-,0) open", ok_headers(5) + "RST(3,5) ");  // passed over: closed
}

TEST_CASE("http2 data: what is on its way to a stream that we have reset is nobody's fault, also behind our GOAWAY") {
  const auto malformed = [](std::uint32_t stream) { return headers(stream, field(":method", "POST")); };
  check_wire(malformed(1) + data(1, {0}) + end_data(1), "open", "RST(1,1) ");
  Connection connection;
  connection.codec().refuse_streams();
  connection.replies();
  connection.feed(subscribe(1) + data(1, {0}));
  CHECK(connection.replies() == "");
}

TEST_CASE("http2 data: credit is given back when half of a window is used") {
  const Wire half = data(1, grpc(message(1, std::string(100, 'x'))));  // 118 bytes with the lengths, 109 counted by the window
  Connection connection(small());
  connection.recorder.writes_commands = false;
  connection.feed(call(1, publish_path));
  connection.replies();
  std::string replies;
  for (int i = 0; i < 5; ++i) connection.feed(half);
  CHECK(connection.recorder.count == 5);
  CHECK(connection.replies() == "WINDOW(1,545) ");
  // The connection's own comes later: 65,535 is a long way.
  std::uint32_t sent = 5;
  while (replies.find("WINDOW(0,") == std::string::npos && sent < 1000) {
    connection.feed(half);
    replies += connection.replies();
    ++sent;
  }
  CHECK(sent == 301);  // 301 × 109 is the first over 32,767
  CHECK(replies.ends_with("WINDOW(0,32809) "));
}

TEST_CASE("http2 data: withheld credit stops a publisher within the connection's window") {
  Connection connection(small());
  connection.recorder.writes_commands = false;
  connection.codec().set_credit(codec::Credit::withheld);
  connection.feed(call(1, publish_path));
  std::string replies;
  for (int i = 0; i < 600; ++i) {
    connection.feed(data(1, grpc(message(1, std::string(100, 'x')))));
    replies += connection.replies();
  }
  CHECK(replies.find("WINDOW(0,") == std::string::npos);
  CHECK(connection.verdict() == "open");
  connection.codec().set_credit(codec::Credit::granted);
  CHECK(connection.replies() == "WINDOW(0,65400) ");
  connection.codec().set_credit(codec::Credit::granted);
  CHECK(connection.replies() == "");
}

TEST_CASE("http2 data: more than a window is an error of the stream, or of the connection") {
  const Setup setup = small();
  const Wire rows = data(1, Wire(500, 0)) + data(1, Wire(501, 0));
  check_wire(call(1, "/nothing") + rows, "open", refused(1, 12, "unknown method") + "RST(1,3) ", setup);
  Wire flood;
  for (std::uint32_t id = 1; id <= 9; id += 2) flood = flood + call(id, "/nothing");
  for (int i = 0; i < 5; ++i) flood = flood + data(9, Wire(16'000, 0));
  const Outcome outcome = run_whole(flood, setup);
  // The stream's frames are over its window, and are thrown away; the connection's holds four of them, given back half-way.
  CHECK(outcome.commands == "open");
  Connection connection(setup);
  connection.codec().set_credit(codec::Credit::withheld);
  connection.feed(flood);
  CHECK(connection.verdict() == "failed(more than the connection's window)");
  CHECK(connection.replies().ends_with("GOAWAY(9,3,more than the connection's window) "));
}

TEST_CASE("http2 data: a client that has not seen our settings may use the usual window") {
  const auto verdict_of = [](const Wire& acknowledgement) {
    Bare connection(small());
    connection.feed(bytes(codec::http2_preface) + settings() + acknowledgement + call(1, publish_path) + data(1, hex("00 00004000") + Wire(5000, 0)));
    return connection.replies();
  };
  CHECK(verdict_of({}).find("RST") == std::string::npos);
  CHECK(verdict_of(settings_ack()).ends_with("RST(1,3) "));
}

TEST_CASE("http2 data: an answered stream gets no more credit") {
  Wire all = call(1, "/nothing");
  for (int i = 0; i < 10; ++i) all = all + data(1, Wire(100, 0));
  check_wire(all, "open", refused(1, 12, "unknown method"), small());
  check_wire(all + data(1, {0}), "open", refused(1, 12, "unknown method") + "RST(1,3) ", small());
}

TEST_CASE("http2 data: what may be sent is what both windows and the peer's largest frame allow") {
  Connection connection;
  codec::StreamCodec& codec = connection.codec();
  CHECK(codec.sendable(first) == 0);
  connection.feed(call(1, subscribe_path));
  CHECK(codec.sendable(first) == 0);  // not subscribed yet
  connection.feed(end_data(1, grpc({})) + subscribe(3));
  CHECK(codec.sendable(first) == 16'384);
  CHECK(codec.sendable({1, 7}) == 0);
  CHECK(codec.sendable({3, 0}) == 0);
  CHECK(codec.sendable({}) == 0);
  CHECK(head_of(codec, first, 16'384) == "004000" "00" "00" "00000001");
  connection.feed(settings({{5, 40'000}}));
  CHECK(codec.sendable(first) == 40'000);
  CHECK(head_of(codec, first, 40'000) == "009c40" "00" "00" "00000001");
  CHECK(codec.sendable(first) == 65'535 - 56'384);
  CHECK(codec.sendable({3, 1}) == 65'535 - 56'384);  // the connection's
  head_of(codec, first, 65'535 - 56'384);
  CHECK(codec.sendable(first) == 0);
  CHECK(codec.sendable({3, 1}) == 0);
  CHECK(codec.connection_blocked());
  connection.commands();
  connection.feed(window_update(0, 1000));
  CHECK(connection.commands() == "window(0) ");
  CHECK(codec.sendable(first) == 0);  // the stream's is still empty
  CHECK(codec.sendable({3, 1}) == 1000);
  CHECK(!codec.connection_blocked());
  connection.feed(window_update(1, 300));
  CHECK(connection.commands() == "window(1) ");
  CHECK(codec.sendable(first) == 300);
  connection.feed(window_update(1, 300) + window_update(0, 300));
  CHECK(connection.commands() == "");  // it was not empty
  CHECK(codec.sendable(first) == 600);
}

TEST_CASE("http2 data: a frame of which nothing left gives its window back") {
  Connection connection;
  codec::StreamCodec& codec = connection.codec();
  connection.feed(subscribe(1));
  head_of(codec, first, 16'000);
  head_of(codec, first, 16'000);
  codec.return_data(first, 16'000);
  connection.feed(settings({{5, 65'535}}));
  CHECK(codec.sendable(first) == 65'535 - 16'000);
  connection.feed(rst_stream(1));
  codec.return_data(first, 16'000);  // the stream is gone, the connection is not
  connection.feed(subscribe(3));
  CHECK(codec.sendable({3, 0}) == 65'535);
}

TEST_CASE("http2 data: the initial window changes all streams, and may leave them in debt") {
  Connection connection;
  codec::StreamCodec& codec = connection.codec();
  connection.feed(subscribe(1) + subscribe(3));
  head_of(codec, first, 1000);
  connection.commands();
  connection.feed(settings({{4, 500}}));
  CHECK(connection.commands() == "");
  CHECK(codec.sendable(first) == 0);
  CHECK(codec.sendable({3, 1}) == 500);
  connection.feed(window_update(1, 500));
  CHECK(connection.commands() == "");
  CHECK(codec.sendable(first) == 0);  // 500 in debt, and 500 given
  connection.feed(window_update(1, 100));
  CHECK(connection.commands() == "window(1) ");
  CHECK(codec.sendable(first) == 100);
  connection.feed(settings({{4, 800}}));
  CHECK(connection.commands() == "");  // neither was empty
  CHECK(codec.sendable(first) == 400);
  head_of(codec, first, 400);
  connection.feed(settings({{4, 900}}));
  CHECK(connection.commands() == "window(1) ");
  CHECK(codec.sendable(first) == 100);
  connection.feed(subscribe(5));
  CHECK(codec.sendable({5, 2}) == 900);
}

TEST_CASE("http2 data: windows that grow by nothing, or over their bound") {
  check_fails(window_update(0, 0), 0, Http2Error::protocol_error, "a window that grows by nothing");
  check_wire(subscribe(1) + window_update(1, 0), subscribed + "gone(1) open", ok_headers(1) + "RST(1,1) ");
  check_wire(window_update(0, window_max - 65'535), "open", "");
  check_fails(window_update(0, window_max - 65'534), 0, Http2Error::flow_control_error, "a window over 2,147,483,647 bytes");
  check_wire(subscribe(1) + window_update(1, window_max - 65'535), subscribed + "open", ok_headers(1));
  check_wire(subscribe(1) + window_update(1, window_max - 65'534), subscribed + "gone(1) open", ok_headers(1) + "RST(1,3) ");
  check_wire(subscribe(1) + window_update(1, window_max) + subscribe(3), subscribed + "gone(1) subscribe(3,default,s,-,0) open",
             ok_headers(1) + "RST(1,3) " + ok_headers(3));
  // The reserved bit is not part of it.
  check_wire(subscribe(1) + frame(FrameType::window_update, 0, 1, u32(0x80000000u | 100)), subscribed + "open", ok_headers(1));
}

TEST_CASE("http2 data: an initial window that would push a stream's over its bound") {
  const Wire grown = subscribe(1) + window_update(1, window_max - 65'535);
  check_wire(grown + settings({{4, 65'535}}), subscribed + "open", ok_headers(1) + "ACK ");
  check_fails(grown + settings({{4, 65'536}}), 1, Http2Error::flow_control_error, "a window over 2,147,483,647 bytes");
  check_wire(grown + rst_stream(1) + settings({{4, 65'536}}), subscribed + "gone(1) open", ok_headers(1) + "ACK ");  // that stream is gone
}

TEST_CASE("http2 data: settings out of their range") {
  check_fails(settings({{2, 2}}), 0, Http2Error::protocol_error, "SETTINGS_ENABLE_PUSH is neither 0 nor 1");
  check_fails(settings({{4, 0x80000000}}), 0, Http2Error::flow_control_error, "SETTINGS_INITIAL_WINDOW_SIZE over 2,147,483,647");
  check_fails(settings({{5, 16'383}}), 0, Http2Error::protocol_error, "SETTINGS_MAX_FRAME_SIZE out of its range");
  check_fails(settings({{5, 1 << 24}}), 0, Http2Error::protocol_error, "SETTINGS_MAX_FRAME_SIZE out of its range");
  check_wire(settings({{5, 16'384}}) + settings({{5, (1 << 24) - 1}}) + settings({{4, window_max}}), "open", "ACK ACK ACK ");
}
