// Covers native/codec/pusher/pusher_codec.cc.
// Owner: the test. Thread: main.
#include "native/codec/pusher/pusher_codec.h"

#include <string>

#include "native/codec/text/json_reader.h"
#include "test/native/codec/recorded_commands.h"
#include "test/native/codec/text/malformed_json.h"

using namespace wire;

namespace {

constexpr Setup pusher = {{}, codec::DataFrames::deliver, codec::make_pusher_codec};
// The data is a text, as in every message of the protocol: clients in typed languages read no other.
const std::string ponged = R"(application-ping({"event":"pusher:pong","data":"{}"}) )";

/// What one text message makes of itself, whole and cut everywhere.
void check_text(const std::string& text, const std::string& expected) {
  CAPTURE(text);
  check_commands(frame(0x81, text), expected + "open", pusher);
}

void check_session(const std::string& text) { check_text(text, "session(" + text + ") "); }

}  // namespace

TEST_CASE("pusher: a ping on the wire is answered, a pong is not") {
  check_commands(hex("81 97 00000000 7b226576656e74223a227075736865723a70696e67227d"), ponged + "open", pusher);
  check_commands(hex("81 97 00000000 7b226576656e74223a227075736865723a706f6e67227d"), "open", pusher);
  check_text(R"({"event":"pusher:ping","data":{}})", ponged);
  check_text(R"( { "data" : null , "event" : "pusher:ping" } )", ponged);
  check_text(R"({"event":"pusher:ping","channel":7,"data":[[]]})", ponged);
  check_text(R"({"\u0065vent":"pusher\u003aping"})", ponged);
  check_text(R"({"event":"pusher:pong","data":{}})", "");
}

TEST_CASE("pusher: a client event on the wire") {
  // {"event":"client-a","channel":"c","data":"d"} with the mask of RFC 6455 §5.7
  check_commands(hex("81 ad 37fa213d 4cd8444b5294551f0dd842515e9f4f491a9b0311"
                     "1599495c5994445115c0035e15d60359568e401f0dd8451f4a"),
                 "client(client-a|c|d) open", pusher);
}

TEST_CASE("pusher: what subscribers get of a client event") {
  const auto check_data = [](const std::string& data, const std::string& expected) {
    const std::string text = R"({"event":"client-a","channel":"private-c","data":)" + data + "}";
    check_text(text, "client(client-a|private-c|" + expected + ") ");
  };
  check_data(R"("a text")", "a text");
  check_data(R"("")", "");
  check_data(R"("{\"x\":1,\"y\":\"\u20ac\\n\"}")", "{\"x\":1,\"y\":\"\xE2\x82\xAC\\n\"}");
  check_data(R"("\ud83d\ude00 \ud83d")", "\xF0\x9F\x98\x80 \xEF\xBF\xBD");
  check_data(R"({"x":1, "y":"\u20ac"})", R"({"x":1, "y":"\u20ac"})");
  check_data(" [1 , 2] ", "[1 , 2]");
  check_data("-1.50", "-1.50");
  check_data("true", "true");
  check_data("null", "null");
  check_text(R"({"event":"client-a","channel":"private-c"})", "client(client-a|private-c|) ");
}

TEST_CASE("pusher: names of client events") {
  check_text(R"({"channel":"presence-x","more":[{}],"event":"client-","data":{}})", "client(client-|presence-x|{}) ");
  check_text(R"({"event":"client-\u00e9\"","channel":"a\/b\u0000","data":"d"})",
             "client(client-\xC3\xA9\"|a/b" + std::string(1, '\0') + "|d) ");
  check_text(R"({"event":"\u0063lient-x","channel":"c","data":"d"})", "client(client-x|c|d) ");
  check_text(R"({"event":"client-x","channel":"","data":""})", "client(client-x||) ");
}

TEST_CASE("pusher: of equal names the last one counts, however it is written") {
  check_text(R"({"event":"pusher:subscribe","event":"client-x","channel":"a","channel":"b","data":1,"data":2})",
             "client(client-x|b|2) ");
  check_session(R"({"event":"client-x","channel":"c","data":"d","event":"pusher:subscribe"})");
  check_session(R"({"event":"client-x","channel":"c","data":"d","\u0065vent":"pusher:subscribe"})");
  check_session(R"({"event":"client-x","channel":"c","data":"d","event":null})");
  check_session(R"({"event":"client-x","channel":"c","data":"d","channel":["c"]})");
  check_text(R"({"event":"client-x","channel":"c","data":"d","\u0064\u0061\u0074\u0061":"e"})", "client(client-x|c|e) ");
}

TEST_CASE("pusher: everything else is the control plane's") {
  for (const std::string text :
       {R"({"event":"pusher:subscribe","data":{"channel":"private-c","auth":"key:5f"}})",
        R"({"event":"pusher:unsubscribe","data":{"channel":"c"}})",
        R"({"event":"pusher:signin","data":{"auth":"a","user_data":"{}"}})", R"({"event":"Client-x","channel":"c"})",
        R"({"event":"client","channel":"c"})", R"({"event":"client_x","channel":"c"})",
        R"({"event":" client-x","channel":"c"})", R"({"event":"","channel":"c"})", R"({"event":"pusher:ping "})",
        R"({"event":"pusher:Ping"})", R"({"event":"pusher:pings"})", R"({"event":"pusher:ping\u0000"})",
        R"({"event":["pusher:ping"]})", R"({"event":{"event":"pusher:ping"}})", R"({"Event":"pusher:ping"})",
        R"({"data":{"event":"pusher:ping"}})", R"([{"event":"pusher:ping"}])", R"("pusher:ping")",
        R"({"event":"client-x"})", R"({"event":"client-x","channel":7,"data":1})",
        R"({"event":"client-x","channel":null})", R"({"event":7})", "{}", "[]", "0", "\"\"", "null", "true"}) {
    check_session(text);
  }
}

TEST_CASE("pusher: malformed texts reach the control plane as they are, and the next message too") {
  static_assert(std::size(malformed_json) >= 100);
  for (const std::string_view text : malformed_json) {
    const std::string message(text);
    CAPTURE(message);
    check_commands(frame(0x81, message) + frame(0x81, R"({"event":"pusher:ping"})"),
                   "session(" + message + ") " + ponged + "open", pusher);
  }
}

TEST_CASE("pusher: data that is nested too deeply is not judged here") {
  const auto event = [](std::size_t levels) {
    return R"({"event":"client-a","channel":"c","data":)" + std::string(levels, '[') + std::string(levels, ']') + "}";
  };
  const std::size_t most = codec::JsonReader::depth_max - 1;
  check_text(event(most), "client(client-a|c|" + std::string(most, '[') + std::string(most, ']') + ") ");
  check_session(event(most + 1));
  check_session(std::string(5000, '['));
}

TEST_CASE("pusher: the control plane can have the whole message of a client event") {
  const std::string text = R"( {"event":"\u0063lient-x","channel":"c","data":"\n"} )";
  Run run(pusher);
  run.feed(frame(0x81, text));
  CHECK(run.recorder().last_message == text);
}

TEST_CASE("pusher: fragments are joined first; pings, pongs and the close frame pass") {
  check_commands(frame(0x01, R"({"event":"pus)") + frame(0x89, "p") + frame(0x8A, "q") + frame(0x80, R"(her:ping"})"),
                 "ping(p) pong(q) " + ponged + "open", pusher);
  check_commands(frame(0x81, R"({"event":"client-a","channel":"c"})") + close_frame(1001, "bye") + frame(0x81, "late"),
                 "client(client-a|c|) close(1001,bye) closed", pusher);
}

TEST_CASE("pusher: what WebSocket refuses is refused as there") {
  check_commands(frame(0x81, "\xFF"), "failed(1007)", pusher);
  check_commands(frame(0x81, "{}") + frame(0x80, "{}"), "session({}) failed(1002)", pusher);
  constexpr Setup small = {{.message_bytes_max = 4, .fragments_per_message_max = 2}, codec::DataFrames::deliver,
                           codec::make_pusher_codec};
  check_commands(frame(0x81, "[  ]") + frame(0x81, "[   ]"), "session([  ]) failed(1009)", small);
  check_commands(frame(0x82, "bytes"), "failed(1009)", small);
}

TEST_CASE("pusher: a binary message ends it, and nothing more is reported") {
  const Wire binary = frame(0x82, R"({"event":"pusher:ping"})");
  check_commands(binary, "failed(1003)", pusher);
  check_commands(frame(0x82, ""), "failed(1003)", pusher);
  check_commands(frame(0x02, "a") + frame(0x89, "p") + frame(0x80, "b") + frame(0x89, "q"), "ping(p) failed(1003)", pusher);
  check_commands(frame(0x81, "{}") + binary + frame(0x81, "{}") + frame(0x89, "p") + frame(0x8A, "p") + binary,
                 "session({}) failed(1003)", pusher);
  check_commands(binary + close_frame(1000), "failed(1003)", pusher);
  check_commands(binary + hex("ff ff"), "failed(1003)", pusher);
  Run run(pusher);
  run.feed(binary);
  CHECK(run.last().reason == "only text is understood here");
}

TEST_CASE("pusher: the codec of an idle connection is small") { CHECK(sizeof(codec::PusherCodec) <= 128); }
