// Covers native/codec/http2/http2_connection*.cc against RFC 9113 §6 and §7: each type of frame.
// Owner: the test. Thread: main.
#include "test/native/codec/http2/http2_conformance.h"

using namespace h2;
using enum codec::Http2Error;

namespace {

Wire padded_data(std::uint8_t padding, std::size_t bytes_behind) {
  return data(1, Wire{padding} + zeros(bytes_behind), flag::padded);
}

Wire padded_headers(std::uint8_t padding, const Wire& behind) { return headers(1, Wire{padding} + behind, flag::end_headers | flag::padded); }

Wire request_block() { return block(call_fields(publish_path)); }

Wire cut_request(std::uint8_t first_flags, std::size_t first_bytes) {
  const Wire all = request_block();
  return headers(1, Wire(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(first_bytes)), first_flags);
}

Wire continuation(std::uint32_t stream, std::uint8_t flags, const Wire& fragment = {}) { return frame(FrameType::continuation, flags, stream, fragment); }

Wire rest_of_request(std::size_t from) {
  const Wire all = request_block();
  return {all.begin() + static_cast<std::ptrdiff_t>(from), all.end()};
}

const std::string pong = "PONG(0102030405060708) ";

}  // namespace

TEST_CASE("http2 conformance: §6.1, DATA") {
  check_rows({
      {"6.1", "of the connection", data(0, zeros(1)), ends_connection(protocol_error)},
      {"6.1", "of a stream that is not open", half_closed() + data(1, zeros(1)), resets(1, stream_closed)},
      {"6.1", "padding", open_stream() + data(1, Wire{3} + grpc(message(1, "x")) + zeros(3), flag::padded), takes_call()},
      {"6.1", "padding of no bytes", open_stream() + data(1, Wire{0} + grpc(message(1, "x")), flag::padded), takes_call()},
      {"6.1", "nothing but padding", open_stream() + padded_data(5, 5), takes_call()},
      {"6.1", "padding as long as the frame", open_stream() + padded_data(5, 4), ends_connection(protocol_error)},
      {"6.1", "padding longer than the frame", open_stream() + padded_data(200, 4), ends_connection(protocol_error)},
      {"6.1", "padding without its length", open_stream() + data(1, {}, flag::padded), ends_connection(frame_size_error)},
  });
}

TEST_CASE("http2 conformance: §6.2, HEADERS") {
  check_rows({
      {"6.2", "of the connection", headers(0, request_block()), ends_connection(protocol_error)},
      {"6.2", "padding", padded_headers(4, request_block() + zeros(4)), takes_call()},
      {"6.2", "padding longer than the frame", padded_headers(200, request_block()), ends_connection(protocol_error)},
      {"6.2", "padding without its length", headers(1, {}, flag::end_headers | flag::padded), ends_connection(frame_size_error)},
      {"6.2", "a priority", headers(1, zeros(5) + request_block(), flag::end_headers | flag::priority), takes_call()},
      {"6.2", "padding and a priority", headers(1, Wire{2} + zeros(5) + request_block() + zeros(2), flag::end_headers | flag::priority | flag::padded), takes_call()},
      {"6.2", "half a priority", headers(1, zeros(4), flag::end_headers | flag::priority), ends_connection(frame_size_error)},
      {"6.2", "DATA before the block has ended", cut_request(0, 9) + data(1, {}), ends_connection(protocol_error)},
      {"6.2", "the end of the stream before the block has ended: the block goes on",
       cut_request(flag::end_stream, 9) + continuation(1, flag::end_headers, rest_of_request(9)), says(ok_headers(1) + "DATA(1,00000000040a026f6b) " + ended(1, 0))},
  });
}

TEST_CASE("http2 conformance: §6.3 and §6.4, PRIORITY and RST_STREAM") {
  check_rows({
      {"6.3", "PRIORITY of a stream in any state", frame(FrameType::priority, 0, 9, zeros(5)), is_silent()},
      {"6.3", "PRIORITY of the connection", frame(FrameType::priority, 0, 0, zeros(5)), ends_connection(protocol_error)},
      {"6.3", "PRIORITY of 4 bytes (told as an error of the connection)", frame(FrameType::priority, 0, 1, zeros(4)), ends_connection(frame_size_error)},
      {"6.3", "PRIORITY of 6 bytes (the same)", frame(FrameType::priority, 0, 1, zeros(6)), ends_connection(frame_size_error)},
      {"6.4", "RST_STREAM of the connection", rst_stream(0), ends_connection(protocol_error)},
      {"6.4", "RST_STREAM of an idle stream", rst_stream(1), ends_connection(protocol_error)},
      {"6.4", "RST_STREAM of 3 bytes", open_stream() + frame(FrameType::rst_stream, 0, 1, zeros(3)), ends_connection(frame_size_error)},
      {"6.4", "RST_STREAM of 5 bytes", open_stream() + frame(FrameType::rst_stream, 0, 1, zeros(5)), ends_connection(frame_size_error)},
  });
}

TEST_CASE("http2 conformance: §6.5, SETTINGS") {
  check_rows({
      {"6.5", "are acknowledged, one by one", settings() + settings({{3, 5}}), says("ACK ACK ")},
      {"6.5", "an acknowledgement is not", settings_ack(), is_silent()},
      {"6.5", "an acknowledgement with content", frame(FrameType::settings, flag::ack, 0, zeros(6)), ends_connection(frame_size_error)},
      {"6.5", "of a stream", frame(FrameType::settings, 0, 1, {}), ends_connection(protocol_error)},
      {"6.5", "of a length that is no multiple of six", frame(FrameType::settings, 0, 0, zeros(7)), ends_connection(frame_size_error)},
      {"6.5", "the last of several values counts", settings({{4, 0}, {4, 65'535}}) + call(1, "/grpc.health.v1.Health/Check") + end_data(1, grpc({})),
       says("ACK " + ok_headers(1) + "DATA(1,00000000020801) " + ended(1, 0))},
      {"6.5.2", "HEADER_TABLE_SIZE of any value", settings({{1, 0}}) + settings({{1, UINT32_MAX}}), says("ACK ACK ")},
      {"6.5.2", "ENABLE_PUSH 0 and 1", settings({{2, 0}, {2, 1}}), says("ACK ")},
      {"6.5.2", "ENABLE_PUSH 2", settings({{2, 2}}), ends_connection(protocol_error)},
      {"6.5.2", "MAX_CONCURRENT_STREAMS 0", settings({{3, 0}}) + subscribe(1), says("ACK " + ok_headers(1))},
      {"6.5.2", "INITIAL_WINDOW_SIZE at its bound", settings({{4, 0x7FFFFFFF}}), says("ACK ")},
      {"6.5.2", "INITIAL_WINDOW_SIZE over its bound", settings({{4, 0x80000000}}), ends_connection(flow_control_error)},
      {"6.5.2", "MAX_FRAME_SIZE at both bounds", settings({{5, 16'384}, {5, 16'777'215}}), says("ACK ")},
      {"6.5.2", "MAX_FRAME_SIZE below its bound", settings({{5, 16'383}}), ends_connection(protocol_error)},
      {"6.5.2", "MAX_FRAME_SIZE over its bound", settings({{5, 16'777'216}}), ends_connection(protocol_error)},
      {"6.5.2", "MAX_HEADER_LIST_SIZE of any value", settings({{6, 0}}), says("ACK ")},
      {"6.5.2", "a setting that is unknown", settings({{99, 7}}), says("ACK ")},
  });
}

TEST_CASE("http2 conformance: §6.6 to §6.8, PUSH_PROMISE, PING, GOAWAY") {
  check_rows({
      {"6.6", "PUSH_PROMISE by a client", frame(FrameType::push_promise, flag::end_headers, 1, u32(2)), ends_connection(protocol_error)},
      {"6.7", "PING is answered with what it says", ping() + frame(FrameType::ping, 0, 0, zeros(8)), says(pong + "PONG(0000000000000000) ")},
      {"6.7", "an answer is not answered", frame(FrameType::ping, flag::ack, 0, zeros(8)), is_silent()},
      {"6.7", "PING of a stream", frame(FrameType::ping, 0, 1, zeros(8)), ends_connection(protocol_error)},
      {"6.7", "PING of 7 bytes", frame(FrameType::ping, 0, 0, zeros(7)), ends_connection(frame_size_error)},
      {"6.7", "PING of 9 bytes", frame(FrameType::ping, 0, 0, zeros(9)), ends_connection(frame_size_error)},
      {"6.8", "GOAWAY of a stream", subscribe(1) + frame(FrameType::goaway, 0, 1, zeros(8)), ends_connection(protocol_error)},
      {"6.8", "GOAWAY of 7 bytes", frame(FrameType::goaway, 0, 0, zeros(7)), ends_connection(frame_size_error)},
      {"6.8", "what is open goes on behind GOAWAY", open_stream() + goaway() + end_data(1, grpc(message(1, "x"))),
       says(ok_headers(1) + "DATA(1,00000000040a026f6b) " + ended(1, 0))},
      {"6.8", "GOAWAY with text and an error that is unknown", subscribe(1) + frame(FrameType::goaway, 0, 0, u32(0) + u32(0xFF) + bytes("why")) + ping(), says(ok_headers(1) + pong)},
      {"7", "RST_STREAM with an error that is unknown", open_stream() + rst_stream(1, 0xFFFF) + ping(), says(ok_headers(1) + pong)},
  });
}

TEST_CASE("http2 conformance: §6.9, WINDOW_UPDATE and the windows") {
  const Wire check = call(1, "/grpc.health.v1.Health/Check") + end_data(1, grpc({}));
  const std::string answer = ok_headers(1) + "DATA(1,00000000020801) " + ended(1, 0);
  check_rows({
      {"6.9", "of 3 bytes", frame(FrameType::window_update, 0, 0, zeros(3)), ends_connection(frame_size_error)},
      {"6.9", "of 5 bytes", frame(FrameType::window_update, 0, 0, zeros(5)), ends_connection(frame_size_error)},
      {"6.9", "of the connection by 0", window_update(0, 0), ends_connection(protocol_error)},
      {"6.9", "of a stream by 0", half_closed() + window_update(1, 0), resets(1, protocol_error)},
      {"6.9", "of an idle stream", window_update(1, 1000), ends_connection(protocol_error)},
      {"6.9.1", "the connection's up to its bound", window_update(0, 0x7FFFFFFF - 65'535), is_silent()},
      {"6.9.1", "the connection's over its bound", window_update(0, 0x7FFFFFFF - 65'534), ends_connection(flow_control_error)},
      {"6.9.1", "the connection's over its bound, by several", window_update(0, 0x7FFFFFFF - 65'535) + window_update(0, 16), ends_connection(flow_control_error)},
      {"6.9.1", "a stream's up to its bound", half_closed() + window_update(1, 0x7FFFFFFF - 65'535), takes_call()},
      {"6.9.1", "a stream's over its bound", half_closed() + window_update(1, 0x7FFFFFFF), resets(1, flow_control_error)},
      {"6.9.1", "no more is sent than the stream's window", settings({{4, 1}}) + check, says("ACK " + ok_headers(1) + "DATA(1,00) ")},
      {"6.9.1", "nothing is sent without a window", settings({{4, 0}}) + check, says("ACK " + ok_headers(1))},
      {"6.9.1", "what waited goes on when the window opens", settings({{4, 0}}) + check + window_update(1, 100),
       says("ACK " + ok_headers(1) + "DATA(1,00000000020801) " + ended(1, 0))},
      {"6.9.2", "or when SETTINGS open it", settings({{4, 0}}) + check + settings({{4, 100}}),
       says("ACK " + ok_headers(1) + "ACK DATA(1,00000000020801) " + ended(1, 0))},
      {"6.9.2", "a window in debt is paid first", settings({{4, 3}}) + check + settings({{4, 0}}) + window_update(1, 3) + window_update(1, 4),
       says("ACK " + ok_headers(1) + "DATA(1,000000) ACK DATA(1,00020801) " + ended(1, 0))},
      {"6.9.2", "SETTINGS that push a stream's window over its bound", half_closed() + window_update(1, 1000) + settings({{4, 0x7FFFFFFF}}), ends_connection(flow_control_error)},
      {"6.9.2", "SETTINGS do not change the connection's window", settings({{4, 0x7FFFFFFF}}) + window_update(0, 0x7FFFFFFF - 65'535), says("ACK ")},
      {"6.9", "answers fill the windows as they are", check, says(answer)},
  });
}

TEST_CASE("http2 conformance: §6.10, CONTINUATION") {
  check_rows({
      {"6.10", "a block in two frames", cut_request(0, 9) + continuation(1, flag::end_headers, rest_of_request(9)), takes_call()},
      {"6.10", "a block in many, also empty ones",
       cut_request(0, 9) + continuation(1, 0) + continuation(1, 0) + continuation(1, flag::end_headers, rest_of_request(9)), takes_call()},
      {"6.10", "of the connection", cut_request(0, 9) + continuation(0, flag::end_headers), ends_connection(protocol_error)},
      {"6.10", "of another stream", cut_request(0, 9) + continuation(3, flag::end_headers), ends_connection(protocol_error)},
      {"6.10", "of no block", continuation(1, flag::end_headers), ends_connection(protocol_error)},
      {"6.10", "behind a block that has ended", open_stream() + continuation(1, flag::end_headers), ends_connection(protocol_error)},
      {"6.10", "behind a CONTINUATION that ended the block",
       cut_request(0, 9) + continuation(1, flag::end_headers, rest_of_request(9)) + continuation(1, flag::end_headers), ends_connection(protocol_error)},
      {"6.10", "behind DATA", open_stream() + data(1, grpc(message(1, "x"))) + continuation(1, flag::end_headers), ends_connection(protocol_error)},
      {"6.10", "HEADERS again instead of it", cut_request(0, 9) + open_stream(), ends_connection(protocol_error)},
  });
}
