// Covers native/codec/websocket/websocket_codec.cc: UTF-8 in messages and close reasons, refused as early as can be (Autobahn 6, 7.5).
// Owner: the test. Thread: main.
#include <string>

#include "native/codec/websocket/websocket_codec.h"
#include "test/native/codec/recorded_commands.h"

using namespace wire;

namespace {

const std::string kosme = "\xCE\xBA\xE1\xBD\xB9\xCF\x83\xCE\xBC\xCE\xB5";  // Autobahn's "κόσμε"
const std::string emoji = "\xF0\x9F\x98\x80";

}  // namespace

TEST_CASE("websocket: valid text, fragmented between and inside characters (Autobahn 6.1, 6.2)") {
  check_commands(frame(0x81, "Hello-\xC2\xB5@\xC3\x9F\xC3\xB6\xC3\xA4\xC3\xBC\xC3\xA0\xC3\xA1-UTF-8!!"),
                 "text(Hello-\xC2\xB5@\xC3\x9F\xC3\xB6\xC3\xA4\xC3\xBC\xC3\xA0\xC3\xA1-UTF-8!!) open");
  const std::string text = kosme + emoji + "x";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    CAPTURE(cut);
    check_commands(frame(0x01, text.substr(0, cut)) + frame(0x80, text.substr(cut)), "text(" + text + ") open");
  }
  Wire bytewise = frame(0x01, "");
  for (const char c : text) bytewise = bytewise + frame(0x00, std::string(1, c));
  check_commands(bytewise + frame(0x80, ""), "text(" + text + ") open");
}

TEST_CASE("websocket: invalid text (Autobahn 6.3, 6.8 to 6.21)") {
  const std::string invalid[] = {
      kosme + "\xED\xA0\x80" + "edited", "\x80", "\xBF", "\xFE", "\xFF",
      "\xC0\xAF", "\xC1\xBF", "\xE0\x80\xAF", "\xE0\x9F\xBF", "\xF0\x80\x80\xAF", "\xF0\x8F\xBF\xBF",  // overlong
      "\xF4\x90\x80\x80", "\xF8\x88\x80\x80\x80", "\xFC\x84\x80\x80\x80\x80",  // over U+10FFFF
      "\xED\xA0\x80", "\xED\xBF\xBF", "\xED\xA0\x80\xED\xB0\x80",  // surrogates
      "\xC2", "\xE2\x82", "\xF0\x9F\x98", "abc\xC2" "d",  // cut
  };
  for (const std::string& bad : invalid) {
    CAPTURE(to_hex(bad));
    check_commands(frame(0x81, bad), "failed(1007)");
    check_commands(frame(0x81, std::string(200, 'a') + bad), "failed(1007)");
    check_commands(frame(0x01, bad) + frame(0x80, ""), "failed(1007)");
    check_commands(frame(0x82, bad), "binary(" + to_hex(bad) + ") open");
  }
}

TEST_CASE("websocket: valid edge code points (Autobahn 6.7, 6.22, 6.23)") {
  const std::string valid[] = {
      std::string(1, '\0'), "\x7F", "\xC2\x80", "\xE0\xA0\x80", "\xF0\x90\x80\x80", "\xED\x9F\xBF", "\xEE\x80\x80",
      "\xEF\xBF\xBD", "\xF4\x8F\xBF\xBF", "\xEF\xBF\xBE", "\xEF\xBB\xBF",
  };
  for (const std::string& good : valid) {
    CAPTURE(to_hex(good));
    check_commands(frame(0x81, good), "text(" + good + ") open");
  }
}

TEST_CASE("websocket: invalid text is refused inside a frame that has not ended (Autobahn 6.4)") {
  const Wire start = frame_header(0x81, 1000);
  const auto masked = [](const std::string& text) {
    const Wire whole = frame(0x81, text);
    return Wire(whole.begin() + 6, whole.end());
  };
  check_commands(start + masked(kosme + "\xF4\x90"), "failed(1007)");
  check_commands(start + masked(kosme + "\xF4"), "open");
  check_commands(start + masked("\xED\xA0"), "failed(1007)");
  check_commands(start + masked("\xC1"), "failed(1007)");
  check_commands(frame(0x01, kosme) + frame(0x00, "\xF4\x90"), "failed(1007)");
}

TEST_CASE("websocket: a message may not end inside a character") {
  check_commands(frame(0x01, "\xF0\x9F") + frame(0x00, "\x98") + frame(0x80, ""), "failed(1007)");
  check_commands(frame(0x01, "\xF0\x9F") + frame(0x89, "p") + frame(0x80, "\x98\x80"), "ping(p) text(" + emoji + ") open");
  // What one message lacked does not carry over into the next.
  check_commands(frame(0x82, "\xF0\x9F") + frame(0x81, "ok"), "binary(f09f) text(ok) open");
}

TEST_CASE("websocket: the close reason must be UTF-8 (Autobahn 7.5)") {
  check_commands(close_frame(1000, kosme), "close(1000," + kosme + ") closed");
  check_commands(close_frame(1000, kosme + "\xED\xA0\x80"), "failed(1007)");
  check_commands(close_frame(1000, "\xC3"), "failed(1007)");
  check_commands(close_frame(999, "\xFF"), "failed(1002)");  // the code comes first
}

TEST_CASE("websocket: a bad close reason is refused before the frame has ended") {
  const Wire whole = close_frame(1000, "ab\xFF and so on");
  Wire cut(whole.begin(), whole.begin() + 6 + 5);
  check_commands(cut, "failed(1007)");
  cut.pop_back();
  check_commands(cut, "open");
}
