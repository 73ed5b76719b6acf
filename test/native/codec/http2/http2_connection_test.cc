// Covers native/codec/http2/http2_connection.cc: the preface, frames in order and out of it, and what ends a connection.
// Owner: the test. Thread: main.
#include "native/codec/http2/http2_connection.h"

#include <string>

#include "test/native/codec/http2/http2_wire.h"

using namespace h2;
using codec::Http2Error;

namespace {

const std::string server_preface = "SETTINGS(3=100000,4=262144,6=16384) WINDOW(0,983041) ";

/// What a bare connection makes of it, whole and byte by byte.
std::string bare(const Wire& all) {
  Bare whole;
  whole.feed(all);
  Bare pieces;
  for (std::size_t at = 0; at < all.size(); ++at) pieces.feed(all, at, at + 1);
  CHECK(pieces.verdict() == whole.verdict());
  CHECK(pieces.replies() == words_of(whole.codec().replies()));
  return whole.replies() + whole.verdict();
}

Wire zeros(std::size_t count) { return Wire(count, 0); }

}  // namespace

TEST_CASE("http2: the server's preface waits from the beginning") {
  Bare connection;
  CHECK(connection.replies() == server_preface);
  CHECK(wire::to_hex(codec::http2_preface) == "505249202a20485454502f322e300d0a0d0a534d0d0a0d0a");
}

TEST_CASE("http2: the client's preface is followed by SETTINGS") {
  const Wire magic = bytes(codec::http2_preface);
  CHECK(bare(magic) == server_preface + "open");
  CHECK(bare(magic + settings()) == server_preface + "ACK open");
  CHECK(bare(magic + settings({{1, 4096}, {2, 0}, {3, 7}, {4, 1000}, {5, 20000}, {6, 5}, {8, 1}, {99, 0xFFFFFFFF}})) == server_preface + "ACK open");
  const std::string refused = server_preface + "GOAWAY(0,1,the first frame is not SETTINGS) failed(the first frame is not SETTINGS)";
  CHECK(bare(magic + ping()) == refused);
  CHECK(bare(magic + frame(FrameType::settings, flag::ack, 0, {})) == refused);
  CHECK(bare(magic + subscribe(1)) == refused);
}

TEST_CASE("http2: anything else is told that it is") {
  const std::string text = "this port speaks HTTP/2 with prior knowledge only";
  const std::string refused = server_preface + "GOAWAY(0,1," + text + ") failed(" + text + ")";
  CHECK(bare(bytes("GET / HTTP/1.1\r\nHost: x\r\n\r\n")) == refused);
  CHECK(bare(bytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\rX")) == refused);
  CHECK(bare(bytes("X")) == refused);
  CHECK(bare(hex("16030100")) == refused);  // TLS
  CHECK(bare({}) == server_preface + "open");
}

TEST_CASE("http2: nothing is understood after a failure") {
  Connection connection;
  connection.feed(frame(FrameType::ping, 0, 0, zeros(7)) + ping() + subscribe(1));
  CHECK(connection.replies() == "GOAWAY(0,6,a frame of a length that its type does not have) ");
  connection.feed(ping() + subscribe(1));
  CHECK(connection.replies() == "");
  CHECK(connection.commands() == "");
  CHECK(connection.verdict() == "failed(a frame of a length that its type does not have)");
  CHECK(connection.last().ending == codec::Ending::violation);
  CHECK(connection.codec().done());
  CHECK(connection.codec().open_streams() == 0);
}

TEST_CASE("http2: frames are at most 16,384 bytes long, told from the head alone") {
  check_wire(frame(0x77, 0, 0, zeros(16'384)), "open", "");
  check_fails(hex("004001 77 00 00000000"), 0, Http2Error::frame_size_error, "a frame over 16,384 bytes");
  check_fails(hex("ffffff 00 00 00000001"), 0, Http2Error::frame_size_error, "a frame over 16,384 bytes");
}

TEST_CASE("http2: each type has its length") {
  const auto check_length = [](FrameType type, std::uint8_t flags, std::uint32_t stream, std::size_t length) {
    check_fails(subscribe(1) + frame(type, flags, stream, zeros(length)), 1, Http2Error::frame_size_error, "a frame of a length that its type does not have");
  };
  for (const std::size_t length : {0u, 7u, 9u}) check_length(FrameType::ping, 0, 0, length);
  for (const std::size_t length : {1u, 5u, 7u}) check_length(FrameType::settings, 0, 0, length);
  check_length(FrameType::settings, flag::ack, 0, 6);
  for (const std::size_t length : {0u, 3u, 5u}) check_length(FrameType::rst_stream, 0, 1, length);
  for (const std::size_t length : {0u, 3u, 5u}) check_length(FrameType::window_update, 0, 1, length);
  for (const std::size_t length : {4u, 6u}) check_length(FrameType::priority, 0, 1, length);
  check_length(FrameType::goaway, 0, 0, 7);
}

TEST_CASE("http2: frames of the connection and frames of streams") {
  for (const FrameType type : {FrameType::settings, FrameType::ping, FrameType::goaway}) {
    const std::size_t length = type == FrameType::settings ? 0 : 8;
    check_fails(subscribe(1) + frame(type, 0, 1, zeros(length)), 1, Http2Error::protocol_error, "a frame of the connection names a stream");
  }
  for (const FrameType type : {FrameType::data, FrameType::headers, FrameType::priority, FrameType::rst_stream}) {
    const std::size_t length = type == FrameType::priority ? 5 : type == FrameType::rst_stream ? 4 : 0;
    check_fails(frame(type, flag::end_headers, 0, zeros(length)), 0, Http2Error::protocol_error, "a frame of a stream names none");
  }
  check_fails(frame(FrameType::push_promise, flag::end_headers, 1, u32(2)), 0, Http2Error::protocol_error, "a client does not push");
}

TEST_CASE("http2: streams that nobody has opened") {
  const std::string reason = "a stream that was never opened";
  check_fails(data(1, zeros(5)), 0, Http2Error::protocol_error, reason);
  check_fails(rst_stream(1), 0, Http2Error::protocol_error, reason);
  check_fails(window_update(1, 100), 0, Http2Error::protocol_error, reason);
  check_fails(subscribe(1) + window_update(3, 100), 1, Http2Error::protocol_error, reason);
  check_fails(subscribe(5) + window_update(2, 100), 5, Http2Error::protocol_error, reason);
  check_wire(subscribe(5) + window_update(3, 100), "subscribe(5,default,s,-,0) open", ok_headers(5));  // 3 was passed over: closed
}

TEST_CASE("http2: what is unknown or given up is passed over") {
  check_wire(frame(0x10, 0xFF, 0, zeros(4)) + frame(0xFF, 0xFF, 0x7FFFFFFF, zeros(300)) + frame(FrameType::priority, 0, 7, zeros(5)) +
                 frame(FrameType::settings, flag::ack, 0, {}) + subscribe(1),
             "subscribe(1,default,s,-,0) open", ok_headers(1));
}

TEST_CASE("http2: pings are answered, answers are not") {
  check_wire(ping(), "open", "PONG(0102030405060708) ");
  check_wire(frame(FrameType::ping, flag::ack, 0, zeros(8)), "open", "");
  Connection connection;
  connection.codec().ping();
  CHECK(connection.replies() == "PING(0000000000000000) ");
}

TEST_CASE("http2: a peer that leaves is done when its streams are") {
  Connection connection;
  connection.feed(subscribe(1) + goaway());
  CHECK(connection.verdict() == "open");
  CHECK(!connection.codec().done());
  connection.feed(rst_stream(1));
  CHECK(connection.verdict() == "closed");
  CHECK(connection.codec().done());
}

TEST_CASE("http2: how long something incomplete has been waited for") {
  const auto since = [](Connection& connection) { return connection.codec().waits().request_since_ms; };
  Bare bare_connection;
  CHECK(bare_connection.codec().waits().request_since_ms == 0u);  // for the preface
  Connection connection;
  CHECK(!since(connection).has_value());
  const auto feed_at = [&](std::uint32_t now_ms, const Wire& bytes_then) {
    connection.codec().set_now(now_ms);
    connection.feed(bytes_then);
  };
  feed_at(100, hex("0000"));
  CHECK(since(connection) == 100u);
  feed_at(200, hex("08 06 00"));
  CHECK(since(connection) == 100u);
  feed_at(300, hex("00000000 0102030405060708"));
  CHECK(!since(connection).has_value());
  // Frames come and go, always cut: each wait begins anew.
  const Wire pings = ping() + ping();
  feed_at(400, Wire(pings.begin(), pings.begin() + 20));
  feed_at(500, Wire(pings.begin() + 20, pings.end()));
  CHECK(!since(connection).has_value());
  // A header block is one wait, however many frames it has.
  feed_at(600, headers(1, block(call_fields(subscribe_path)), 0));
  feed_at(700, frame(FrameType::continuation, 0, 1, {}));
  CHECK(since(connection) == 600u);
  feed_at(800, frame(FrameType::continuation, flag::end_headers, 1, {}));
  CHECK(!since(connection).has_value());
  // Content is not: a publisher may be as slow as it likes.
  feed_at(900, hex("000010 00 00 00000001 00"));
  CHECK(!since(connection).has_value());
}

TEST_CASE("http2: giving up says why, once") {
  Connection connection;
  connection.feed(subscribe(1));
  connection.replies();
  connection.codec().give_up("a header block took too long");
  connection.codec().give_up("again");
  CHECK(connection.replies() == "GOAWAY(1,11,a header block took too long) ");
  connection.feed(ping());
  CHECK(connection.verdict() == "failed(a header block took too long)");
  CHECK(connection.last().ending == codec::Ending::policy_violation);
  CHECK(connection.codec().done());
}
