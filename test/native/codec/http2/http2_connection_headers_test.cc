// Covers native/codec/http2/http2_connection_headers.cc: header blocks in every shape, trailers, and how streams end.
// Owner: the test. Thread: main.
#include <string>

#include "test/native/codec/http2/http2_wire.h"

using namespace h2;
using codec::Http2Error;

namespace {

const std::string subscribed = "subscribe(1,default,s,-,0) ";
const Wire request_block = block(call_fields(subscribe_path));
const Wire request_end = end_data(1, grpc(text_field(1, "s")));

Wire continuation(std::uint32_t stream, const Wire& fragment, std::uint8_t flags = 0) { return frame(FrameType::continuation, flags, stream, fragment); }

Wire part(const Wire& all, std::size_t from, std::size_t to) {
  return Wire(all.begin() + static_cast<std::ptrdiff_t>(from), all.begin() + static_cast<std::ptrdiff_t>(to));
}

/// A request with that field beside the usual ones.
Wire call_with(std::uint32_t stream, const std::string& name, const std::string& value) { return call(stream, subscribe_path, {{name, value}}); }

}  // namespace

TEST_CASE("http2 headers: padding and priority are passed over") {
  const auto padded = [](const Wire& payload, std::uint8_t flags) { return headers(1, payload, flags | flag::end_headers) + request_end; };
  check_wire(padded(Wire{3} + request_block + Wire(3, 0), flag::padded), subscribed + "open", ok_headers(1));
  check_wire(padded(Wire(5, 0x80) + request_block, flag::priority), subscribed + "open", ok_headers(1));
  check_wire(padded(Wire{2} + Wire(5, 0) + request_block + Wire(2, 0xFF), flag::padded | flag::priority), subscribed + "open", ok_headers(1));
}

TEST_CASE("http2 headers: impossible padding and priority") {
  const auto check = [](const Wire& payload, std::uint8_t flags, Http2Error error, const std::string& reason) {
    check_fails(headers(1, payload, flags | flag::end_headers), 0, error, reason);
  };
  check({}, flag::padded, Http2Error::frame_size_error, "padding without a length");
  check({1}, flag::padded, Http2Error::protocol_error, "more padding than payload");
  check(Wire{255} + Wire(254, 0), flag::padded, Http2Error::protocol_error, "more padding than payload");
  check(Wire(4, 0), flag::priority, Http2Error::frame_size_error, "half a priority");
  check({0, 1, 2, 3, 4}, flag::padded | flag::priority, Http2Error::frame_size_error, "half a priority");
}

TEST_CASE("http2 headers: a block in several frames, also empty ones") {
  const std::size_t half = request_block.size() / 2;
  check_wire(headers(1, part(request_block, 0, half), 0) + continuation(1, part(request_block, half, request_block.size()), flag::end_headers) + request_end,
             subscribed + "open", ok_headers(1));
  check_wire(headers(1, {}, 0) + continuation(1, {}) + continuation(1, request_block) + continuation(1, {}, flag::end_headers) + request_end,
             subscribed + "open", ok_headers(1));
}

TEST_CASE("http2 headers: nothing comes between the frames of a block") {
  const Wire begun = headers(1, request_block, 0);
  for (const Wire& between : {ping(), settings(), data(1, {}), window_update(0, 100), headers(3, request_block), frame(0x77, 0, 0, {}), continuation(3, {})}) {
    check_fails(begun + between, 1, Http2Error::protocol_error, "a frame within a header block");
  }
  check_fails(continuation(1, {}, flag::end_headers), 0, Http2Error::protocol_error, "a continuation of no header block");
  check_fails(subscribe(1) + continuation(1, {}, flag::end_headers), 1, Http2Error::protocol_error, "a continuation of no header block");
}

TEST_CASE("http2 headers: a block that is no HPACK ends the connection") {
  check_fails(headers(1, hex("80")), 1, Http2Error::compression_error, "a header block that is no HPACK");
  check_fails(headers(1, hex("82 20")), 1, Http2Error::compression_error, "a header block that is no HPACK");
}

TEST_CASE("http2 headers: every block is decoded, whatever becomes of its stream") {
  // A refused, a malformed and a discarded request each teach the table a field; the fourth uses all of them.
  const auto learn = [](const char* name, const char* value) { return Wire{0x40} + string(name) + string(value); };
  const Wire refused = headers(1, block(call_fields("/nothing")) + learn("a", "1"));
  const Wire malformed = headers(3, block(call_fields(subscribe_path, {{"Upper", "x"}})) + learn("topic", "second"));
  const Wire trailers = headers(3, learn("c", "3"), flag::end_headers | flag::end_stream);  // of a stream that was reset
  const Wire uses = headers(5, request_block + hex("be bf c0")) + end_data(5, grpc({}));
  check_wire(refused + malformed + trailers + uses, "subscribe(5,second,,-,0) open",
             h2::refused(1, 12, "unknown method") + "RST(3,1) " + ok_headers(5));
}

TEST_CASE("http2 headers: malformed requests are reset, others go on") {
  const auto check_reset = [](const Wire& bad) {
    check_wire(bad + subscribe(3), "subscribe(3,default,s,-,0) open", "RST(1,1) " + ok_headers(3));
  };
  check_reset(call_with(1, "Upper", "x"));
  check_reset(call_with(1, "connection", "close"));
  check_reset(call_with(1, "te", "gzip"));
  check_reset(call_with(1, ":path", "/late"));
  check_reset(call_with(1, "x", "a\nb"));
  check_reset(headers(1, {}));
  check_reset(headers(1, block({{":method", "POST"}, {":path", "/x"}})));
  check_reset(headers(1, block(call_fields(subscribe_path, {{"content-length", "5"}})), flag::end_headers | flag::end_stream));
}

TEST_CASE("http2 headers: the announced length is the length of the content") {
  const Wire content = grpc(text_field(1, "s"));  // 8 bytes
  const Wire announced = call_with(1, "content-length", "8");
  check_wire(announced + end_data(1, content), subscribed + "open", ok_headers(1));
  check_wire(announced + data(1, content) + headers(1, {}, flag::end_headers | flag::end_stream), subscribed + "open", ok_headers(1));
  check_wire(announced + data(1, content) + data(1, {0}), subscribed + "gone(1) open", ok_headers(1) + "RST(1,1) ");
  check_wire(call_with(1, "content-length", "9") + end_data(1, content), subscribed + "gone(1) open", ok_headers(1) + "RST(1,1) ");
  check_wire(announced + data(1, Wire{2} + content + Wire{0, 0}, flag::padded | flag::end_stream), subscribed + "open", ok_headers(1));
}

TEST_CASE("http2 headers: streams ascend, are odd and are used once") {
  const std::string reused = "a stream that was used before";
  check_fails(call(2, subscribe_path), 0, Http2Error::protocol_error, "a client's streams are odd");
  check_fails(call(5, subscribe_path) + call(3, subscribe_path), 5, Http2Error::protocol_error, reused);
  check_fails(subscribe(1) + rst_stream(1) + call(1, subscribe_path), 1, Http2Error::stream_closed, reused);
  check_fails(call(1, "/nothing") + end_data(1) + call(1, subscribe_path), 1, Http2Error::stream_closed, reused);
}

TEST_CASE("http2 headers: trailers of a request end it") {
  const Wire begun = call(1, publish_path) + data(1, grpc(message(1, "x")));
  const std::string published = "message(1,default,1,x) ";
  const std::string answer = ok_headers(1) + "DATA(1,00000000040a026f6b) " + ended(1, 0);
  check_wire(begun + headers(1, block({{"x-sum", "1"}}), flag::end_headers | flag::end_stream), published + "publish-end(1) open", answer);
  check_wire(begun + headers(1, block({{"x-sum", "1"}})), published + "gone(1) open", ok_headers(1) + "RST(1,1) ");
  check_wire(begun + headers(1, block({{":path", "/"}}), flag::end_headers | flag::end_stream), published + "gone(1) open", ok_headers(1) + "RST(1,1) ");
  check_wire(subscribe(1) + headers(1, {}, flag::end_headers | flag::end_stream), subscribed + "gone(1) open", ok_headers(1) + "RST(1,5) ");
}

TEST_CASE("http2 headers: a request without content") {
  check_wire(headers(1, request_block, flag::end_headers | flag::end_stream), "open", refused(1, 13, "the request has no message"));
  check_wire(headers(1, block(call_fields(publish_path)), flag::end_headers | flag::end_stream), "open",
             ok_headers(1) + "DATA(1,00000000040a026f6b) " + ended(1, 0));
}

TEST_CASE("http2 headers: a reset stream is gone") {
  check_wire(subscribe(1) + rst_stream(1) + rst_stream(1) + window_update(1, 50), subscribed + "gone(1) open", ok_headers(1));
  check_wire(call(1, publish_path) + rst_stream(1), "open", ok_headers(1));  // the sink never heard of it
  check_wire(call(1, publish_path) + data(1, grpc({})) + rst_stream(1), "message(1,default,0,) gone(1) open", ok_headers(1));
  check_wire(call(1, "/nothing") + rst_stream(1), "open", refused(1, 12, "unknown method"));
}

TEST_CASE("http2 headers: over the limits of a list the answer is HTTP's") {
  codec::GrpcLimits limits;
  limits.http2.headers.fields_max = 8;
  const std::string too_large = "ENDHEADERS(1 :status=431) ";
  check_wire(call(1, subscribe_path, {{"a", "1"}, {"b", "2"}}) + request_end, subscribed + "open", ok_headers(1), {limits});
  check_wire(call(1, subscribe_path, {{"a", "1"}, {"b", "2"}, {"c", "3"}}) + request_end, "open", too_large, {limits});
  check_wire(call_with(1, "x", std::string(16'100, 'x')) + request_end, "open", too_large);
}

TEST_CASE("http2 headers: more streams than there may be are refused, and may come again") {
  codec::GrpcLimits limits;
  limits.http2.streams_max = 2;
  check_wire(subscribe(1) + subscribe(3) + subscribe(5) + rst_stream(1) + subscribe(7),
             subscribed + "subscribe(3,default,s,-,0) gone(1) subscribe(7,default,s,-,0) open",
             ok_headers(1) + ok_headers(3) + "RST(5,7) " + ok_headers(7), {limits});
}

TEST_CASE("http2 headers: near the last id the client is asked for a new connection") {
  const std::uint32_t near = 0x7FFF0001;
  Connection connection;
  connection.feed(subscribe(near - 2) + subscribe(near));
  CHECK(connection.replies() == ok_headers(near - 2) + "GOAWAY(" + std::to_string(near) + ",0,) " + ok_headers(near));
  connection.feed(subscribe(near + 2) + window_update(near + 2, 100) + subscribe(0x7FFFFFFF));
  CHECK(connection.replies() == "");
  CHECK(connection.verdict() == "open");
  CHECK(connection.codec().open_streams() == 2);
}

TEST_CASE("http2 headers: after draining nothing new is taken, what is open goes on") {
  Connection connection;
  connection.feed(subscribe(1) + call(3, publish_path));
  connection.replies();
  connection.commands();
  connection.codec().refuse_streams();
  connection.codec().refuse_streams();
  connection.codec().drain();  // too late
  CHECK(connection.replies() == "GOAWAY(3,0,) ");
  connection.feed(subscribe(5) + rst_stream(5) + subscribe(7) + window_update(7, 100) + headers(7, {}, flag::end_headers | flag::end_stream));
  CHECK(connection.replies() == "");
  connection.feed(end_data(3, grpc(message(1, "x"))));
  CHECK(connection.commands() == "message(3,default,1,x) publish-end(3) ");
  CHECK(connection.replies() == "DATA(3,00000000040a026f6b) " + ended(3, 0));
  CHECK(connection.verdict() == "open");
  connection.codec().finish({1, 0}, codec::Ending::unavailable, "shutting down");
  CHECK(connection.replies() == ended(1, 14, "shutting down"));
  CHECK(connection.codec().done());
}

TEST_CASE("http2 headers: draining takes what the client began before it heard of it, then nothing new") {
  Connection connection;
  connection.feed(subscribe(1));
  connection.replies();
  connection.codec().drain();
  connection.codec().drain();
  CHECK(connection.replies() == drain_words);
  connection.feed(subscribe(3) + frame(FrameType::ping, flag::ack, 0, hex("0000000000000000")) + subscribe(5));
  CHECK(connection.replies() == ok_headers(3) + ok_headers(5));
  connection.feed(drain_heard());
  CHECK(connection.replies() == "GOAWAY(5,0,) ");
  connection.feed(drain_heard() + subscribe(7));
  CHECK(connection.replies() == "");
  CHECK(connection.codec().open_streams() == 3);
  CHECK(connection.verdict() == "open");
  Connection idle;
  idle.codec().drain();
  CHECK(idle.replies() == drain_words);
  CHECK(!idle.codec().done());
  idle.feed(drain_heard());
  CHECK(idle.replies() == "GOAWAY(0,0,) ");
  CHECK(idle.verdict() == "closed");
  check_wire(drain_heard() + subscribe(1), "subscribe(1,default,s,-,0) open", ok_headers(1));  // nobody has asked
}

TEST_CASE("http2 headers: a client whose table is smaller hears once that ours is empty") {
  Connection connection;
  connection.feed(settings({{1, 0}}) + subscribe(1));
  CHECK(wire::to_hex(base::text_of(connection.codec().replies())).substr(18) == "000015" "0104" "00000001" "20880f1010" + wire::to_hex("application/grpc"));
  connection.replies();
  connection.feed(settings({{1, 4096}}) + settings({{1, 100}}) + subscribe(3));
  CHECK(wire::to_hex(base::text_of(connection.codec().replies())).substr(36) == "000014" "0104" "00000003" "880f1010" + wire::to_hex("application/grpc"));
}
