// Covers native/codec/text/json_text.cc.
// Owner: the test. Thread: main.
#include "native/codec/text/json_text.h"

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "test/native/codec/random_seed.h"
#include "test/native/codec/wire.h"
#include "test/native/doctest_last.h"

namespace {

/// The buffer has its exact size, so that ASan sees a byte too many.
std::string written(std::string_view given) {
  const std::string text(given);
  std::vector<std::uint8_t> out(codec::json_string_bytes(text));
  REQUIRE(codec::write_json_string(text, out) == out.size());
  return std::string(base::text_of(out));
}

std::string unescaped(std::string_view given) {
  const std::string raw(given);
  std::vector<std::uint8_t> out(raw.size());
  return std::string(base::text_of(base::Bytes(out).first(codec::unescape_json(raw, out))));
}

std::string inside(const std::string& json_string) { return json_string.substr(1, json_string.size() - 2); }

/// What RFC 8259 §7 asks for, a byte at a time.
std::string expected_of(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<std::uint8_t>(c);
    if (c == '"' || c == '\\') out.append("\\").append(1, c);
    else if (c == '\b') out += "\\b";
    else if (c == '\f') out += "\\f";
    else if (c == '\n') out += "\\n";
    else if (c == '\r') out += "\\r";
    else if (c == '\t') out += "\\t";
    else if (byte < 0x20) out += "\\u00" + wire::to_hex({&c, 1});
    else out += c;
  }
  return out + "\"";
}

}  // namespace

TEST_CASE("json text: what must be escaped is, and nothing else") {
  CHECK(written("") == "\"\"");
  CHECK(written("plain") == "\"plain\"");
  CHECK(written("say \"hi\" \\ / bye") == R"("say \"hi\" \\ / bye")");
  CHECK(written("\b\f\n\r\t") == R"("\b\f\n\r\t")");
  CHECK(written(std::string_view("\0\x01\x0B\x1F\x7F", 5)) == "\"\\u0000\\u0001\\u000b\\u001f\x7F\"");
  CHECK(written("\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80") == "\"\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80\"");
  CHECK(written("\xE2\x80\xA8\xE2\x80\xA9") == "\"\xE2\x80\xA8\xE2\x80\xA9\"");  // U+2028, U+2029
}

TEST_CASE("json text: every byte at every place of short and long texts") {
  for (const std::size_t length : {1u, 7u, 8u, 9u, 15u, 16u, 17u, 31u, 32u, 33u, 47u, 48u, 49u, 64u, 80u}) {
    for (std::size_t place = 0; place < length; ++place) {
      for (unsigned byte = 0; byte < 0x100; ++byte) {
        std::string text(length, 'a');
        text[place] = static_cast<char>(byte);
        const std::string expected = expected_of(text);
        const std::size_t first = expected.size() == length + 2 ? length : place;
        if (written(text) == expected && codec::find_json_escape(text) == first) continue;
        CAPTURE(place);
        CHECK(written(text) == expected);
        CHECK(codec::find_json_escape(text) == first);
      }
    }
  }
}

TEST_CASE("json text: texts of nothing but escapes") {
  for (std::size_t length = 0; length < 100; ++length) {
    for (const char c : {'"', '\\', '\n', '\x01'}) {
      const std::string text(length, c);
      CHECK(written(text) == expected_of(text));
      CHECK(unescaped(inside(written(text))) == text);
    }
  }
}

TEST_CASE("json text: random texts are written as expected and read back as they were") {
  const std::uint32_t seed = seed_of_run(627);
  MESSAGE("CORE_TEST_SEED=" << seed);
  std::mt19937 random(seed);
  static constexpr std::string_view plain[] = {"a", "/", "u", "letters", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80",
                                               "a longer run of it"};
  static constexpr std::string_view special[] = {"\"", "\\", "\n", "\t", "\x01", "\x1F"};
  for (int round = 0; round < 20'000; ++round) {
    const std::size_t rarity = 1 + random() % 8;
    std::string text;
    for (std::size_t left = random() % 60; left > 0; --left) {
      text += random() % rarity == 0 ? special[random() % std::size(special)] : plain[random() % std::size(plain)];
    }
    const std::string json = written(text);
    const bool right = json == expected_of(text) && unescaped(inside(json)) == text && codec::json_equals(inside(json), text);
    if (right) continue;
    CAPTURE(round);
    CHECK(json == expected_of(text));
    REQUIRE(unescaped(inside(json)) == text);
  }
}

TEST_CASE("json text: the escapes that a text may be written with") {
  CHECK(unescaped("") == "");
  CHECK(unescaped("plain") == "plain");
  CHECK(unescaped(R"(\"\\\/\b\f\n\r\t)") == "\"\\/\b\f\n\r\t");
  CHECK(unescaped(R"(a\u0041b\u007Fc)") == "aAb\x7F""c");
  CHECK(unescaped(R"(\u0000)") == std::string(1, '\0'));
  CHECK(unescaped(R"(\u0080\u07ff\u0800\uffff)") == "\xC2\x80\xDF\xBF\xE0\xA0\x80\xEF\xBF\xBF");
  CHECK(unescaped(R"(\u00e9\u00E9\u20aC)") == "\xC3\xA9\xC3\xA9\xE2\x82\xAC");
  CHECK(unescaped(R"(\\u0041)") == "\\u0041");
  CHECK(unescaped(R"(\\\u0041)") == "\\A");
}

TEST_CASE("json text: surrogates are joined, lone ones replaced") {
  const std::string lost = "\xEF\xBF\xBD";
  CHECK(unescaped(R"(\ud83d\ude00)") == "\xF0\x9F\x98\x80");
  CHECK(unescaped(R"(\uD800\uDC00\uDBFF\uDFFF)") == "\xF0\x90\x80\x80\xF4\x8F\xBF\xBF");
  CHECK(unescaped(R"(\ud83d)") == lost);
  CHECK(unescaped(R"(\ude00)") == lost);
  CHECK(unescaped(R"(\ude00\ud83d)") == lost + lost);
  CHECK(unescaped(R"(\ud83dx)") == lost + "x");
  CHECK(unescaped(R"(\ud83d\n)") == lost + "\n");
  CHECK(unescaped(R"(\ud83d\\ude00)") == lost + "\\ude00");
  CHECK(unescaped(R"(\ud83d\u0041)") == lost + "A");
  CHECK(unescaped(R"(\ud83d\ud83d\ude00)") == lost + "\xF0\x9F\x98\x80");
  CHECK(unescaped(R"(\ud83d\ude00\ude00)") == "\xF0\x9F\x98\x80" + lost);
}

TEST_CASE("json text: names are compared as what they stand for") {
  CHECK(codec::json_equals("event", "event"));
  CHECK(codec::json_equals(R"(\u0065vent)", "event"));
  CHECK(codec::json_equals(R"(even\u0074)", "event"));
  CHECK(codec::json_equals(R"(\u0065\u0076\u0065\u006E\u0074)", "event"));
  CHECK(codec::json_equals(R"(pusher\u003Aping)", "pusher:ping"));
  CHECK(codec::json_equals("", ""));
  CHECK(codec::json_equals(R"(\ud83d\ude00!)", "\xF0\x9F\x98\x80!"));
  CHECK_FALSE(codec::json_equals("Event", "event"));
  CHECK_FALSE(codec::json_equals("even", "event"));
  CHECK_FALSE(codec::json_equals("events", "event"));
  CHECK_FALSE(codec::json_equals(R"(event\u0000)", "event"));
  CHECK_FALSE(codec::json_equals(R"(\\u0065vent)", "event"));
  CHECK_FALSE(codec::json_equals(R"(\u0045vent)", "event"));
  CHECK_FALSE(codec::json_equals("", "event"));
}

TEST_CASE("json text: the length of what escapes stand for is known beforehand") {
  for (const std::string_view raw : {"", "plain", R"(\n)", R"(a\"b\\c)", R"(\u0041\u00e9\u20ac)", R"(\ud83d\ude00)", R"(\ud83d)", R"(\ude00x)", R"(\ud83d\u0041)"}) {
    std::vector<std::uint8_t> out(codec::unescaped_json_bytes(raw));
    CHECK(codec::unescape_json(raw, out) == out.size());
  }
}
