// Covers native/codec/http2/http2_connection*.cc against RFC 9113 §3 to §5: starting, frames, streams and their states, errors.
// Owner: the test. Thread: main.
#include "test/native/codec/http2/http2_conformance.h"

using namespace h2;
using enum codec::Http2Error;

namespace {

const Wire magic = bytes(codec::http2_preface);

Wire frame_with_reserved_bit() {
  Wire out = ping();
  out[5] |= 0x80;
  return out;
}

Wire priority(std::uint32_t stream, std::uint32_t depends_on) { return frame(FrameType::priority, 0, stream, u32(depends_on) + Wire{15}); }
Wire trailers_of(std::uint32_t stream) { return headers(stream, {}, flag::end_headers | flag::end_stream); }
Wire continuation(std::uint32_t stream) { return frame(FrameType::continuation, flag::end_headers, stream, {}); }

}  // namespace

TEST_CASE("http2 conformance: §3.4, the preface") {
  check_rows({
      {"3.4", "the preface, then SETTINGS, which may be empty", magic + settings(), says("ACK "), Begins::at_once},
      {"3.4", "frames may follow before our SETTINGS are acknowledged", magic + settings() + ping(), says("ACK PONG(0102030405060708) "), Begins::at_once},
      {"3.4", "another preface", bytes("PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n"), ends_connection(protocol_error), Begins::at_once},
      {"3.4", "HTTP/1.1", bytes("GET / HTTP/1.1\r\n\r\n"), ends_connection(protocol_error), Begins::at_once},
      {"3.4", "a first frame that is not SETTINGS", magic + ping(), ends_connection(protocol_error), Begins::at_once},
      {"3.4", "a first frame that acknowledges SETTINGS", magic + settings_ack(), ends_connection(protocol_error), Begins::at_once},
      {"3.4", "a first frame that is a request", magic + subscribe(1), ends_connection(protocol_error), Begins::at_once},
      {"3.4", "a preface that comes twice", magic + settings() + magic, ends_connection(frame_size_error), Begins::at_once},
  });
}

TEST_CASE("http2 conformance: §4, frames") {
  check_rows({
      {"4.1", "a type that is unknown", frame(0x77, 0, 0, zeros(8)), is_silent()},
      {"4.1", "a type that is unknown, of a stream", subscribe(1) + frame(0x77, 0xFF, 1, zeros(8)), takes_call()},
      {"4.1", "flags that mean nothing", frame(FrameType::ping, 0xFE, 0, hex("0102030405060708")), says("PONG(0102030405060708) ")},
      {"4.1", "the reserved bit", frame_with_reserved_bit(), says("PONG(0102030405060708) ")},
      {"4.2", "16,384 bytes", frame(0x77, 0, 0, zeros(16'384)), is_silent()},
      {"4.2", "16,384 bytes of content", open_stream() + data(1, grpc(zeros(16'379))), says(ok_headers(1) + ended(1, 3, "the message is no valid protobuf"))},
      {"4.2", "more in DATA (told as an error of the connection)", open_stream() + data(1, zeros(16'385)), ends_connection(frame_size_error)},
      {"4.2", "more in HEADERS", headers(1, zeros(16'385)), ends_connection(frame_size_error)},
      {"4.2", "more in SETTINGS", frame(FrameType::settings, 0, 0, zeros(16'386)), ends_connection(frame_size_error)},
      {"4.2", "more in a type that is unknown", frame(0x77, 0, 0, zeros(16'385)), ends_connection(frame_size_error)},
      {"4.3", "a header block that cannot be decoded", headers(1, hex("00 83 ffffff")), ends_connection(compression_error)},
      {"4.3", "PRIORITY within a header block", headers(1, {}, 0) + priority(1, 0), ends_connection(protocol_error)},
      {"4.3", "another stream's HEADERS within a header block", headers(1, {}, 0) + call(3, publish_path), ends_connection(protocol_error)},
      {"4.3", "another stream's CONTINUATION within a header block", headers(1, {}, 0) + continuation(3), ends_connection(protocol_error)},
      {"4.3", "PING within a header block", headers(1, {}, 0) + ping(), ends_connection(protocol_error)},
      {"4.3", "SETTINGS within a header block", headers(1, {}, 0) + settings(), ends_connection(protocol_error)},
  });
}

TEST_CASE("http2 conformance: §5.1, a stream that is idle or open") {
  check_rows({
      {"5.1", "idle: HEADERS open it", open_stream(), takes_call()},
      {"5.1", "idle: PRIORITY", priority(1, 0), is_silent()},
      {"5.1", "idle: DATA", data(1, zeros(1)), ends_connection(protocol_error)},
      {"5.1", "idle: RST_STREAM", rst_stream(1), ends_connection(protocol_error)},
      {"5.1", "idle: WINDOW_UPDATE", window_update(1, 100), ends_connection(protocol_error)},
      {"5.1", "idle: CONTINUATION", continuation(1), ends_connection(protocol_error)},
      {"5.1", "open: DATA", open_stream() + data(1, grpc(message(1, "x"))), takes_call()},
      {"5.1", "open: WINDOW_UPDATE", open_stream() + window_update(1, 100), takes_call()},
      {"5.1", "open: PRIORITY", open_stream() + priority(1, 0), takes_call()},
      {"5.1", "open: RST_STREAM", open_stream() + rst_stream(1), takes_call()},
      {"5.1", "open: trailers", open_stream() + trailers_of(1), says(ok_headers(1) + "DATA(1,00000000040a026f6b) " + ended(1, 0))},
  });
}

TEST_CASE("http2 conformance: §5.1, a stream that its client has ended") {
  check_rows({
      {"5.1", "half-closed: WINDOW_UPDATE", half_closed() + window_update(1, 100), takes_call()},
      {"5.1", "half-closed: PRIORITY", half_closed() + priority(1, 0), takes_call()},
      {"5.1", "half-closed: RST_STREAM", half_closed() + rst_stream(1), takes_call()},
      {"5.1", "half-closed: DATA", half_closed() + data(1, zeros(1)), resets(1, stream_closed)},
      {"5.1", "half-closed: DATA that ends it again", half_closed() + end_data(1), resets(1, stream_closed)},
      {"5.1", "half-closed: HEADERS", half_closed() + trailers_of(1), resets(1, stream_closed)},
      {"5.1", "half-closed: CONTINUATION", half_closed() + continuation(1), ends_connection(protocol_error)},
  });
}

TEST_CASE("http2 conformance: §5.1, a stream that is closed") {
  for (const auto& [end, closed] : {std::pair{"by its client's reset", reset_by_client()}, std::pair{"by both ends", ended_by_both()}}) {
    const std::string how = end;  // of a structured binding there is no capture
    CAPTURE(how);
    const std::string before = outcome_of_row({"", "", closed, {}}, SIZE_MAX).replies;
    check_rows({
        {"5.1", "closed: PRIORITY", closed + priority(1, 0), says(before)},
        {"5.1", "closed: WINDOW_UPDATE, which may have been on its way", closed + window_update(1, 100), says(before)},
        {"5.1", "closed: RST_STREAM", closed + rst_stream(1), says(before)},
        {"5.1", "closed: DATA", closed + data(1, zeros(1)), says(before + "RST(1,5) ")},
        {"5.1", "closed: much DATA (is told once)", closed + data(1, zeros(1)) + data(1, zeros(1)) + end_data(1), says(before + "RST(1,5) ")},
        {"5.1", "closed: HEADERS", closed + call(1, publish_path), ends_connection(stream_closed)},
        {"5.1", "closed: CONTINUATION", closed + continuation(1), ends_connection(protocol_error)},
    });
  }
  check_rows({
      {"5.1", "closed by our reset: DATA was on its way", reset_by_us() + data(1, zeros(1)) + end_data(1), says("RST(1,1) ")},
      {"5.1", "closed by our reset: HEADERS were on their way, and are decoded", reset_by_us() + trailers_of(1) + subscribe(3), says("RST(1,1) " + ok_headers(3))},
      {"5.1", "closed by our reset: WINDOW_UPDATE and RST_STREAM were on their way", reset_by_us() + window_update(1, 9000) + rst_stream(1), says("RST(1,1) ")},
  });
}

TEST_CASE("http2 conformance: §5.1.1 to §5.5, numbers, priorities, errors, extensions") {
  check_rows({
      {"5.1.1", "a client's stream with an even number", call(2, publish_path), ends_connection(protocol_error)},
      {"5.1.1", "a number below the last one", call(5, publish_path) + call(3, publish_path), ends_connection(protocol_error)},
      {"5.1.1", "numbers may be left out", call(7, publish_path), says(ok_headers(7))},
      {"5.1.1", "those that were left out are closed", call(7, publish_path) + data(5, zeros(1)), resets(5, stream_closed)},
      {"5.3.1", "a stream that depends on itself, by PRIORITY (RFC 9113 has given priorities up: passed over)", priority(1, 1), is_silent()},
      {"5.3.1", "a stream that depends on itself, by HEADERS (passed over)",
       headers(1, u32(1) + Wire{15} + block(call_fields(publish_path)), flag::end_headers | flag::priority), takes_call()},
      {"5.4.1", "nothing is done behind an error of the connection", frame(FrameType::ping, 0, 0, zeros(7)) + ping() + subscribe(1), ends_connection(frame_size_error)},
      {"5.4.2", "an error of a stream leaves the others alone", half_closed() + data(1, zeros(1)) + ping(), says(ok_headers(1) + "RST(1,5) PONG(0102030405060708) ")},
      {"5.4.2", "RST_STREAM is not answered", open_stream() + rst_stream(1) + rst_stream(1), takes_call()},
      {"5.5", "an extension's frame between others", subscribe(1) + frame(0xEE, 0, 1, zeros(30)) + ping(), says(ok_headers(1) + "PONG(0102030405060708) ")},
      {"5.5", "an extension's frame within a header block", headers(1, {}, 0) + frame(0xEE, 0, 1, {}), ends_connection(protocol_error)},
      {"5.5", "an extension's setting", settings({{0xEE, 7}}), says("ACK ")},
  });
  Setup one_stream;
  one_stream.limits.http2.streams_max = 1;
  CHECK(run_whole(subscribe(1) + subscribe(3), one_stream).replies == ok_headers(1) + "RST(3,7) ");  // §5.1.2
}
