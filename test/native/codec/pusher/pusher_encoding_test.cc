// Covers native/codec/pusher/pusher_encoding.cc.
// Owner: the test. Thread: main.
#include "native/codec/pusher/pusher_encoding.h"

#include <optional>
#include <random>
#include <string>
#include <vector>

#include "native/codec/text/json_reader.h"
#include "native/codec/text/json_text.h"
#include "native/codec/text/utf8.h"
#include "test/native/codec/random_seed.h"
#include "test/native/codec/wire.h"
#include "test/native/doctest_last.h"

namespace {

using codec::PayloadKind;

struct Event {
  std::string payload;
  PayloadKind kind = PayloadKind::text;
  std::string event = "e";
  std::string topic = "pusher/1/c";
  std::string user_id = "";
};

/// The frame, from buffers of their exact sizes, so that ASan sees a byte too many.
std::string frame_of(const Event& event) {
  const codec::Publication publication = {event.kind,    base::bytes_of(event.payload), event.event,
                                          event.user_id, event.topic,                   7};
  const codec::PusherEncoding encoding;
  std::vector<std::uint8_t> out(encoding.encoded_bytes(publication));
  encoding.encode(publication, out);
  return std::string(base::text_of(out));
}

/// The envelope in a frame of up to 65,535 bytes.
std::string envelope_of(const Event& event) {
  const std::string frame = frame_of(event);
  const bool is_short = static_cast<std::uint8_t>(frame[1]) < 126;
  return frame.substr(is_short ? 2 : 4);
}

std::string unescaped(std::string_view raw) {
  std::vector<std::uint8_t> out(raw.size());
  return std::string(base::text_of(base::Bytes(out).first(codec::unescape_json(raw, out))));
}

/// A string member of an envelope; nothing when it is not there. The envelope must be valid.
std::optional<std::string> member(const std::string& envelope, std::string_view name) {
  codec::JsonReader reader(envelope);
  std::optional<std::string> found;
  while (const auto each = reader.next()) {
    if (each->name == name && each->kind == codec::JsonKind::string) found = unescaped(each->value);
  }
  REQUIRE(reader.valid());
  return found;
}

}  // namespace

TEST_CASE("pusher encoding: one text frame on the wire") {
  // {"event":"e","channel":"c","data":"{\"a\":1}"}
  CHECK(wire::to_hex(frame_of({.payload = R"({"a":1})"})) ==
        "812e7b226576656e74223a2265222c226368616e6e656c223a2263222c2264617461223a227b5c22615c223a317d227d");
}

TEST_CASE("pusher encoding: the envelope") {
  CHECK(envelope_of({.payload = ""}) == R"({"event":"e","channel":"c","data":""})");
  CHECK(envelope_of({.payload = "say \"hi\"\n"}) == R"({"event":"e","channel":"c","data":"say \"hi\"\n"})");
  CHECK(envelope_of({.payload = "x", .user_id = "42"}) == R"({"event":"e","channel":"c","data":"x","user_id":"42"})");
  CHECK(envelope_of({.payload = "x", .event = ""}) == R"({"event":"message","channel":"c","data":"x"})");
  CHECK(envelope_of({.payload = "\\", .event = "client-\"", .topic = "pusher/1/a\"b", .user_id = "\x01"}) ==
        R"({"event":"client-\"","channel":"a\"b","data":"\\","user_id":"\u0001"})");
}

TEST_CASE("pusher encoding: the channel is the topic without its namespace") {
  const auto channel_of = [](const std::string& topic) {
    return member(envelope_of({.payload = "x", .topic = topic}), "channel");
  };
  CHECK(channel_of("pusher/app-1/private-room") == "private-room");
  CHECK(channel_of("pusher/1/#server-to-user-5") == "#server-to-user-5");
  CHECK(channel_of("pusher/1/a/b") == "a/b");
  CHECK(channel_of("pusher/1/") == "");
  CHECK(channel_of("pusher/1") == "pusher/1");
  CHECK(channel_of("plain") == "plain");
  CHECK(channel_of("") == "");
}

TEST_CASE("pusher encoding: bytes travel as the text that they are, or as base64") {
  const auto data_of = [](const std::string& bytes) {
    constexpr std::string_view before = R"({"event":"e","channel":"c","data":)";
    return envelope_of({.payload = bytes, .kind = PayloadKind::binary}).substr(before.size());
  };
  CHECK(data_of("\"\xE2\x82\xAC\"") == "\"\\\"\xE2\x82\xAC\\\"\"}");
  CHECK(data_of("") == "\"\"}");
  CHECK(data_of("\xFF") == "\"/w==\"}");
  CHECK(data_of("\xFF\xFE") == "\"//4=\"}");
  CHECK(data_of("\xFF\"\\") == "\"/yJc\"}");
  CHECK(data_of("ok\xE2\x82") == "\"b2vigg==\"}");
}

TEST_CASE("pusher encoding: the length takes its shortest form") {
  const std::size_t around = envelope_of({.payload = ""}).size();
  const auto header_of = [&](std::size_t envelope_bytes) {
    const std::string frame = frame_of({.payload = std::string(envelope_bytes - around, 'x')});
    return wire::to_hex(frame.substr(0, frame.size() - envelope_bytes));
  };
  CHECK(header_of(around) == "81" + wire::to_hex(std::string(1, static_cast<char>(around))));
  CHECK(header_of(125) == "817d");
  CHECK(header_of(126) == "817e007e");
  CHECK(header_of(65535) == "817effff");
  CHECK(header_of(65536) == "817f0000000000010000");
  CHECK(header_of(70000) == "817f0000000000011170");
}

TEST_CASE("pusher encoding: every length writes exactly what it announced") {
  for (std::size_t length = 0; length < 300; ++length) {
    for (const char c : {'x', '"', '\n', '\x02', '\xFF'}) {
      const Event event = {.payload = std::string(length, c), .kind = PayloadKind::binary};
      const auto data = member(envelope_of(event), "data");
      REQUIRE(data.has_value());
      if (c != '\xFF') CHECK(*data == event.payload);
      else CHECK(data->size() == (length + 2) / 3 * 4);
    }
  }
}

TEST_CASE("pusher encoding: random publications are read back as they were") {
  const std::uint32_t seed = seed_of_run(6001);
  MESSAGE("CORE_TEST_SEED=" << seed);
  std::mt19937 random(seed);
  const auto text = [&](std::size_t parts_max) {
    static constexpr std::string_view parts[] = {"\"", "\\", "\n", "\x01", "a", "words and words", "\xC3\xA9",
                                                 "\xF0\x9F\x98\x80", "{", "}"};
    std::string made;
    for (std::size_t left = random() % parts_max; left > 0; --left) made += parts[random() % std::size(parts)];
    return made;
  };
  for (int round = 0; round < 5000; ++round) {
    const std::string name = text(8);
    const std::string channel = text(8);
    const PayloadKind kind = random() % 2 == 0 ? PayloadKind::text : PayloadKind::binary;
    const Event event = {text(random() % 10 == 0 ? 3000 : 40), kind, name, "pusher/app/" + channel, text(4)};
    const std::string envelope = envelope_of(event);
    CAPTURE(round);
    REQUIRE(base::is_valid_utf8(base::bytes_of(envelope)));
    REQUIRE(member(envelope, "event") == (name.empty() ? "message" : name));
    REQUIRE(member(envelope, "channel") == channel);
    REQUIRE(member(envelope, "data") == event.payload);
    REQUIRE(member(envelope, "user_id") == (event.user_id.empty() ? std::nullopt : std::optional(event.user_id)));
  }
}
