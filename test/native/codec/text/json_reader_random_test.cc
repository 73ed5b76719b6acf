// Covers native/codec/text/json_reader.cc: random documents, mostly damaged, judged by it and by a plain recursive reader.
// Owner: the test. Thread: main.
#include <random>
#include <string>

#include "native/codec/text/json_reader.h"
#include "test/native/codec/random_seed.h"
#include "test/native/codec/text/json_grammar.h"
#include "test/native/doctest_last.h"

namespace {

class RandomDocument {
 public:
  explicit RandomDocument(std::uint32_t seed) : random_(seed) {}

  std::string document() { return space() + (below(4) == 0 ? value(0) : object(0)) + space(); }
  void damage(std::string& text) {
    static constexpr std::string_view marks = "{}[]\",:\\ \t\n\x01 0123456789-+.eEtrufalsn/bx\xC3\xA9";
    const std::size_t place = below(text.size());
    switch (below(4)) {
      case 0: text[place] = marks[below(marks.size())]; break;
      case 1: text.insert(place, 1, marks[below(marks.size())]); break;
      case 2: text.erase(place, 1 + below(3)); break;
      default: std::swap(text[place], text[below(text.size())]); break;
    }
  }
  std::size_t below(std::size_t bound) { return random_() % bound; }

 private:
  std::string pick(std::initializer_list<std::string_view> choices) {
    return std::string(choices.begin()[below(choices.size())]);
  }
  std::string space() { return below(3) == 0 ? pick({" ", "\n", "\t", "\r\n  "}) : ""; }
  std::string string() {
    std::string text = "\"";
    for (std::size_t parts = below(below(8) == 0 ? 40 : 5); parts > 0; --parts) {
      text += pick({"a", "event", "\\\"", "\\\\", "\\n", "\\u00e9", "\\uD83D\\uDE00", "\xE2\x82\xAC", " ", "{", "]", "\\/",
                    "0123456789"});
    }
    return text + "\"";
  }
  std::string number() {
    return pick({"", "-"}) + pick({"0", "7", "10", "902"}) + pick({"", "", ".0", ".25"}) + pick({"", "", "e1", "E-07", "e+3"});
  }
  std::string array(std::size_t depth) {
    std::string text = "[" + space();
    for (std::size_t i = 0, count = below(4); i < count; ++i) text += (i > 0 ? "," + space() : "") + value(depth + 1) + space();
    return text + "]";
  }
  std::string object(std::size_t depth) {
    std::string text = "{" + space();
    for (std::size_t i = 0, count = below(5); i < count; ++i) {
      text += (i > 0 ? "," + space() : "") + string() + space() + ":" + space() + value(depth + 1) + space();
    }
    return text + "}";
  }
  /// Rarely deep enough to be refused for it.
  std::string value(std::size_t depth) {
    if (below(400) == 0) {
      const std::size_t levels = 25 + below(10);
      return std::string(levels, '[') + std::string(levels, ']');
    }
    switch (below(depth > 5 ? 3 : 6)) {
      case 0: return string();
      case 1: return number();
      case 2: return pick({"true", "false", "null"});
      case 3: return array(depth);
      default: return object(depth);
    }
  }

  std::mt19937 random_;
};

}  // namespace

TEST_CASE("json reader: it judges random documents as the grammar does") {
  const std::uint32_t seed = seed_of_run(8259);
  MESSAGE("CORE_TEST_SEED=" << seed);
  RandomDocument random(seed);
  std::size_t valid = 0;
  std::size_t malformed = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string text = random.document();
    for (std::size_t changes = random.below(4); changes > 0 && !text.empty(); --changes) random.damage(text);
    const std::string expected = json_grammar::GrammarReader(text).judge();
    ++(expected == "malformed" ? malformed : valid);
    if (json_grammar::judged_by_reader(text) == expected) continue;
    CAPTURE(round);
    CAPTURE(text);
    REQUIRE(json_grammar::judged_by_reader(text) == expected);
  }
  CHECK(valid > 4000);
  CHECK(malformed > 4000);
}
