// Covers native/codec/http2/http2_replies.cc and http2_frame.h.
// Owner: the test. Thread: main.
#include "native/codec/http2/http2_replies.h"

#include "test/native/codec/http2/http2_wire.h"

using codec::Http2Replies;
using wire::hex;

namespace {

std::string hex_of(const Http2Replies& replies) { return wire::to_hex(base::text_of(replies.unsent())); }

}  // namespace

TEST_CASE("replies: frames on the wire") {
  const auto check = [](auto write, const std::string& expected) {
    Http2Replies replies;
    write(replies);
    CHECK(hex_of(replies) == expected);
  };
  check([](Http2Replies& to) { to.settings({{codec::SettingId::max_concurrent_streams, 100'000}}); }, "00000604" "0000000000" "0003000186a0");
  check([](Http2Replies& to) { to.settings_ack(); }, "000000" "0401" "00000000");
  check([](Http2Replies& to) { to.ping(hex("0102030405060708")); }, "000008" "0600" "00000000" "0102030405060708");
  check([](Http2Replies& to) { to.ping_ack(hex("0102030405060708")); }, "000008" "0601" "00000000" "0102030405060708");
  check([](Http2Replies& to) { to.window_update(5, 0x7FFFFFFF); }, "000004" "0800" "00000005" "7fffffff");
  check([](Http2Replies& to) { to.rst_stream(5, codec::Http2Error::refused_stream); }, "000004" "0300" "00000005" "00000007");
  check([](Http2Replies& to) { to.goaway(9, codec::Http2Error::enhance_your_calm, "hi"); }, "00000a" "0700" "00000000" "00000009" "0000000b" "6869");
  check([](Http2Replies& to) { to.headers(1, hex("88"), codec::frame_flag::end_stream); }, "000001" "0105" "00000001" "88");
  check([](Http2Replies& to) { to.data(3, hex("aabb")); }, "000002" "0000" "00000003" "aabb");
}

TEST_CASE("replies: what was written leaves from the front, in any pieces") {
  Http2Replies replies;
  std::string sent;
  std::string queued;
  for (std::uint32_t i = 1; i < 3000; ++i) {
    Http2Replies one;
    one.window_update(i, i);
    queued += hex_of(one);
    replies.window_update(i, i);
    const std::size_t count = std::min<std::size_t>(replies.unsent().size(), i % 27);
    sent += wire::to_hex(base::text_of(replies.unsent().first(count)));
    replies.consume(count);
  }
  sent += hex_of(replies);
  CHECK(sent == queued);
}

TEST_CASE("replies: acknowledgements wait until the last of them has left") {
  Http2Replies replies;
  replies.settings_ack();
  replies.ping_ack(hex("0000000000000000"));
  CHECK(replies.acks_waiting() == 2);
  replies.rst_stream(1, codec::Http2Error::cancel);
  replies.consume(9 + 16);
  CHECK(replies.acks_waiting() == 2);
  replies.consume(1);
  CHECK(replies.acks_waiting() == 0);
  replies.settings_ack();
  CHECK(replies.acks_waiting() == 1);
  replies.consume(replies.unsent().size());
  CHECK(replies.acks_waiting() == 0);
}

TEST_CASE("replies: heads are read as they were written, without the reserved bit") {
  const auto head = codec::read_frame_head(hex("ffffff 63 a5 ffffffff"));
  CHECK(head.length == 0xFFFFFF);
  CHECK(head.type == 0x63);
  CHECK(head.flags == 0xA5);
  CHECK(head.stream == 0x7FFFFFFF);
}
