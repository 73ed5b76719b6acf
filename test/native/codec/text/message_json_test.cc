// Covers native/codec/text/message_json.cc.
// Owner: the test. Thread: main.
#include "native/codec/text/message_json.h"

#include <climits>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "native/codec/text/json_text.h"
#include "test/native/codec/random_seed.h"
#include "test/native/codec/text/malformed_json.h"
#include "test/native/doctest_last.h"

namespace {

std::string written(std::int32_t author, const std::string& data) {
  const codec::Message message = {author, data};
  std::vector<std::uint8_t> out(codec::json_message_bytes(message));
  REQUIRE(codec::write_json_message(message, out) == out.size());
  return std::string(out.begin(), out.end());
}

/// "author|raw data", or "other".
std::string read(const std::string& given) {
  const auto text = std::make_unique<char[]>(given.size());  // of the exact size, so that ASan sees every stray access
  given.copy(text.get(), given.size());
  const auto message = codec::read_json_message({text.get(), given.size()});
  if (!message) return "other";
  return std::to_string(message->author) + "|" + std::string(message->raw_data);
}

std::string unescaped(std::string_view raw) {
  std::vector<std::uint8_t> out(codec::unescaped_json_bytes(raw));
  REQUIRE(codec::unescape_json(raw, out) == out.size());
  return std::string(out.begin(), out.end());
}

}  // namespace

TEST_CASE("json message: written") {
  CHECK(written(0, "") == R"({"author":0,"data":""})");
  CHECK(written(-2147483648, "x") == R"({"author":-2147483648,"data":"x"})");
  CHECK(written(42, "say \"hi\"\n\x01\\") == R"({"author":42,"data":"say \"hi\"\n\u0001\\"})");
}

TEST_CASE("json message: read, in the form that is usual and in others") {
  CHECK(read(R"({"author":7,"data":"hello"})") == "7|hello");
  CHECK(read(R"({"author":7,"data":""})") == "7|");
  CHECK(read(R"({"author":-7,"data":"a\"b"})") == R"(-7|a\"b)");
  CHECK(read(R"({"author": 7, "data": "hello"})") == "7|hello");
  CHECK(read(R"({"data":"d","author":1})") == "1|d");
  CHECK(read(" {\n\"author\"\t:0 , \"data\":\"d\" } ") == "0|d");
  CHECK(read(R"({"\u0061uthor":1,"dat\u0061":"d"})") == "1|d");
  CHECK(read(R"({"author":2147483647,"data":"d"})") == "2147483647|d");
  CHECK(read(R"({"author":-2147483648,"data":"d"})") == "-2147483648|d");
  CHECK(read(R"({"author":-0,"data":"d"})") == "0|d");
}

TEST_CASE("json message: everything else is something else") {
  for (const std::string text :
       {R"({"author":2147483648,"data":"d"})", R"({"author":-2147483649,"data":"d"})", R"({"author":1.0,"data":"d"})", R"({"author":1e3,"data":"d"})",
        R"({"author":"1","data":"d"})", R"({"author":null,"data":"d"})", R"({"author":1,"data":null})", R"({"author":1,"data":2})",
        R"({"author":1,"data":["d"]})", R"({"author":1})", R"({"data":"d"})", "{}", "[]", "1", "\"d\"", "", " ", "hello",
        R"({"author":1,"data":"d","more":1})", R"({"author":1,"author":2,"data":"d"})", R"({"author":1,"data":"d","data":"e"})",
        R"({"Author":1,"data":"d"})", R"([{"author":1,"data":"d"}])", R"({"author":01,"data":"d"})", R"({"author":-01,"data":"d"})",
        R"({"author":+1,"data":"d"})", R"({"author":,"data":"d"})", R"({"author":-,"data":"d"})", R"({"author":1,"data":"d"} )" "x",
        R"({"author":1,"data":"d"}})", R"({"author":1,"data":"d")", R"({"author":1,"data":"d)", R"({"author":1,"data":"d\"})", R"({"author":1,"data":)",
        R"({"author":1,"data")", R"({"author":1,)", R"({"author":1)", R"({"author":)", "{\"author\":1,\"data\":\"a\nb\"}", R"({"author":1,"data":"\x"})"}) {
    CAPTURE(text);
    CHECK(read(text) == "other");
  }
  for (const std::string_view text : malformed_json) CHECK(read(std::string(text)) == "other");
}

TEST_CASE("json message: random messages are read back as they were") {
  const std::uint32_t seed = seed_of_run(8259);
  MESSAGE("CORE_TEST_SEED=" << seed);
  std::mt19937 random(seed);
  static constexpr std::string_view parts[] = {"\"", "\\", "\n", "\x01", "a", "words and words", "\xC3\xA9", "\xF0\x9F\x98\x80", "{", "}", ","};
  for (int round = 0; round < 5000; ++round) {
    std::string data;
    for (std::size_t left = random() % 30; left > 0; --left) data += parts[random() % std::size(parts)];
    const auto author = static_cast<std::int32_t>(random());
    const std::string text = written(author, data);
    const auto message = codec::read_json_message(text);
    REQUIRE(message.has_value());
    REQUIRE(message->author == author);
    REQUIRE(unescaped(message->raw_data) == data);
    const std::string_view cut = std::string_view(text).substr(0, random() % text.size());
    REQUIRE(read(std::string(cut)) == "other");
  }
}
