// Covers native/codec/websocket/websocket_codec.cc: what is refused, with which code, and how early (Autobahn 3, 4, 5 and 7).
// Owner: the test. Thread: main.
#include <string>

#include "native/codec/websocket/websocket_codec.h"
#include "test/native/codec/recorded_commands.h"

using namespace wire;

TEST_CASE("websocket: every first byte is accepted or refused as RFC 6455 §5.2 says") {
  for (int byte = 0; byte < 256; ++byte) {
    CAPTURE(byte);
    const int opcode = byte & 0x0F;
    const bool final = (byte & 0x80) != 0;
    const bool data = opcode == 1 || opcode == 2;
    const bool control = opcode >= 8 && opcode <= 10;
    const bool accepted = (byte & 0x70) == 0 && (data || (control && final));  // opcode 0 is a stray continuation
    Run run;
    run.feed(Wire{static_cast<std::uint8_t>(byte)});
    CHECK(run.result() == (accepted ? "open" : "failed(1002)"));
  }
}

TEST_CASE("websocket: reserved bits and opcodes inside a stream (Autobahn 3, 4)") {
  for (const int byte : {0x91, 0xA1, 0xC1, 0xB1, 0xD2, 0xE9, 0xF8, 0x83,
                         0x84, 0x85, 0x86, 0x87, 0x8B, 0x8C, 0x8D, 0x8E, 0x8F}) {
    CAPTURE(byte);
    const auto first = static_cast<std::uint8_t>(byte);
    check_commands(frame(0x81, "ok") + frame(first, "bad") + frame(0x81, "never"), "text(ok) failed(1002)");
    check_commands(frame(0x01, "in a message") + frame(first, "bad"), "failed(1002)");
  }
}

TEST_CASE("websocket: unmasked frames (RFC 6455 §5.1)") {
  check_commands(hex("81 05 48656c6c6f"), "failed(1002)");
  check_commands(hex("81 00"), "failed(1002)");
  check_commands(hex("89 00"), "failed(1002)");
  check_commands(hex("88 02 03e8"), "failed(1002)");
  check_commands(hex("82 7f"), "failed(1002)");
}

TEST_CASE("websocket: control frames over 125 bytes or fragmented (RFC 6455 §5.5)") {
  for (const std::uint8_t opcode : {0x8, 0x9, 0xA}) {
    CAPTURE(opcode);
    const auto final = static_cast<std::uint8_t>(0x80 | opcode);
    check_commands(frame(final, std::string(126, 'x')), "failed(1002)");
    check_commands(Wire{final, 0xFE}, "failed(1002)");  // from two bytes
    check_commands(Wire{final, 0xFF}, "failed(1002)");
    check_commands(frame(opcode, "x"), "failed(1002)");
  }
}

TEST_CASE("websocket: continuations and messages out of order (Autobahn 5)") {
  check_commands(frame(0x80, "stray"), "failed(1002)");
  check_commands(frame(0x00, "stray") + frame(0x80, ""), "failed(1002)");
  check_commands(frame(0x81, "whole") + frame(0x80, "stray"), "text(whole) failed(1002)");
  check_commands(frame(0x01, "a") + frame(0x80, "b") + frame(0x80, "c"), "text(ab) failed(1002)");
  check_commands(frame(0x01, "a") + frame(0x81, "b"), "failed(1002)");
  check_commands(frame(0x01, "a") + frame(0x02, "b"), "failed(1002)");
  check_commands(frame(0x01, "") + frame(0x89, "p") + frame(0x01, ""), "ping(p) failed(1002)");
}

TEST_CASE("websocket: lengths must be in their shortest form and have no sign (RFC 6455 §5.2)") {
  check_commands(hex("82 fe 007d 00000000"), "failed(1002)");
  check_commands(hex("82 fe 0000"), "failed(1002)");
  check_commands(hex("82 ff 000000000000ffff 00000000"), "failed(1002)");
  check_commands(hex("82 ff 0000000000000000"), "failed(1002)");
  check_commands(hex("82 ff 8000000000000000"), "failed(1002)");
  check_commands(hex("82 ff ffffffffffffffff"), "failed(1002)");
}

TEST_CASE("websocket: messages over the limit are refused from the header alone") {
  const Setup setup = {{.message_bytes_max = 200, .fragments_per_message_max = 10}, codec::DataFrames::deliver};
  const std::string at_limit(200, 'x');
  check_commands(frame(0x81, at_limit), "text(" + at_limit + ") open", setup);
  check_commands(hex("82 fe 00c9"), "failed(1009)", setup);  // 201, before the mask
  check_commands(hex("82 ff 0000000000010000"), "failed(1009)", setup);
  check_commands(hex("82 ff 7fffffffffffffff"), "failed(1009)", setup);
  check_commands(hex("01 fe 00c9"), "failed(1009)", setup);
}

TEST_CASE("websocket: the limit holds for the sum of fragments, whatever they announce") {
  const Setup setup = {{.message_bytes_max = 200, .fragments_per_message_max = 10}, codec::DataFrames::deliver};
  const std::string half(100, 'x');
  check_commands(frame(0x01, half) + frame(0x80, half), "text(" + half + half + ") open", setup);
  check_commands(frame(0x01, half) + frame(0x00, half) + hex("80 81"), "failed(1009)", setup);
  check_commands(frame(0x01, half) + frame(0x00, half) + frame(0x80, ""), "text(" + half + half + ") open", setup);
  check_commands(frame(0x02, half) + hex("80 ff 7fffffffffffffff"), "failed(1009)", setup);
  check_commands(frame(0x02, half) + hex("80 ff ffffffffffffffff"), "failed(1002)", setup);
  // A ping in between is not part of the sum.
  check_commands(frame(0x01, half) + frame(0x89, half) + frame(0x80, half),
                 "ping(" + half + ") text(" + half + half + ") open", setup);
}

TEST_CASE("websocket: without a limit on messages nothing overflows") {
  const Setup setup = {{.message_bytes_max = UINT64_MAX, .fragments_per_message_max = UINT32_MAX},
                       codec::DataFrames::deliver};
  check_commands(frame(0x02, "abc") + frame_header(0x80, (1ull << 63) - 1) + hex("00 00"), "open", setup);
}

TEST_CASE("websocket: an empty-message limit still lets empty messages through") {
  const Setup setup = {{.message_bytes_max = 0, .fragments_per_message_max = 2}, codec::DataFrames::deliver};
  check_commands(frame(0x81, ""), "text() open", setup);
  check_commands(frame(0x01, "") + frame(0x80, ""), "text() open", setup);
  check_commands(hex("81 81"), "failed(1009)", setup);
}

TEST_CASE("websocket: one fragment too many, empty ones included, is 1008 from its first byte") {
  const Setup setup = {{.message_bytes_max = 100, .fragments_per_message_max = 3}, codec::DataFrames::deliver};
  const Wire three = frame(0x01, "a") + frame(0x00, "") + frame(0x00, "b");
  check_commands(frame(0x01, "a") + frame(0x00, "") + frame(0x80, "b"), "text(ab) open", setup);
  check_commands(three + frame(0x89, "p") + Wire{0x80}, "ping(p) failed(1008)", setup);
  check_commands(three + Wire{0x00}, "failed(1008)", setup);
  // The count starts again with the next message.
  const Wire whole = frame(0x01, "a") + frame(0x00, "") + frame(0x80, "b");
  check_commands(whole + whole, "text(ab) text(ab) open", setup);
}

TEST_CASE("websocket: close codes (Autobahn 7.7, 7.9; RFC 6455 §7.4)") {
  for (const int code : {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999}) {
    CAPTURE(code);
    check_commands(close_frame(code), "close(" + std::to_string(code) + ",) closed");
  }
  for (const int code : {0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535}) {
    CAPTURE(code);
    check_commands(close_frame(code), "failed(1002)");
    check_commands(close_frame(code, "reason"), "failed(1002)");
  }
}

TEST_CASE("websocket: a bad close code is refused as soon as it is there") {
  const Wire cut = frame_header(0x88, 20) + Wire{0x37 ^ (999 >> 8), 0xFA ^ (999 & 0xFF)};
  check_commands(cut, "failed(1002)");
}

TEST_CASE("websocket: a close frame with half a code is refused from its header") {
  check_commands(hex("88 81"), "failed(1002)");
}

TEST_CASE("websocket: after a failure nothing more is decoded and the answer stays") {
  Run run;
  run.feed(frame(0x83, "bad"));
  CHECK(run.result() == "failed(1002)");
  run.feed(frame(0x81, "late") + close_frame(1000));
  CHECK(run.result() == "failed(1002)");
  run.feed({});
  CHECK(run.result() == "failed(1002)");
}

TEST_CASE("websocket: no input is no news") {
  Run run;
  run.feed({});
  CHECK(run.result() == "open");
}
