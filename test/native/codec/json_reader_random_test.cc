// Covers native/codec/json_reader.cc: random documents, mostly damaged, judged by it and by a plain recursive reader.
// Owner: the test. Thread: main.
#include <random>
#include <string>

#include "native/codec/json_reader.h"
#include "test/native/codec/random_seed.h"
#include "test/native/doctest_last.h"

namespace {

/// The grammar of RFC 8259 word for word, one function a rule; each returns where its rule ends, or npos.
class GrammarReader {
 public:
  explicit GrammarReader(const std::string& text) : text_(text) {}

  /// The members of the outermost object, "name=value;" each, or "malformed".
  std::string judge() {
    const std::size_t end = space(value(space(0), 0));
    return end == text_.size() ? members_ + "valid" : "malformed";
  }

 private:
  static constexpr std::size_t npos = std::string::npos;

  bool is_any(std::size_t at, std::string_view set) const { return at < text_.size() && set.find(text_[at]) != npos; }
  std::size_t one_of(std::size_t at, std::string_view set) const { return is_any(at, set) ? at + 1 : npos; }
  std::size_t word(std::size_t at, std::string_view word) const {
    return text_.compare(at, word.size(), word) == 0 ? at + word.size() : npos;
  }
  std::size_t space(std::size_t at) const { return at == npos || !is_any(at, " \t\r\n") ? at : space(at + 1); }
  std::size_t digits(std::size_t at) const {
    const std::size_t next = one_of(at, "0123456789");
    return is_any(next, "0123456789") ? digits(next) : next;
  }
  std::size_t number(std::size_t at) const {
    if (is_any(at, "-")) ++at;
    at = is_any(at, "0") ? at + 1 : digits(at);
    if (is_any(at, ".")) at = digits(at + 1);
    if (!is_any(at, "eE")) return at;
    ++at;
    return digits(is_any(at, "+-") ? at + 1 : at);
  }
  std::size_t string(std::size_t at) const {
    at = one_of(at, "\"");
    while (at < text_.size() && text_[at] != '"') {
      if (static_cast<unsigned char>(text_[at]) < 0x20) return npos;
      if (text_[at++] != '\\') continue;
      if (!is_any(at, "\"\\/bfnrtu")) return npos;
      if (text_[at++] != 'u') continue;
      for (int i = 0; i < 4; ++i) at = one_of(at, "0123456789abcdefABCDEF");
    }
    return one_of(at, "\"");
  }
  std::size_t array(std::size_t at, unsigned depth) {
    at = space(at + 1);
    if (is_any(at, "]")) return at + 1;
    for (;;) {
      at = space(value(at, depth));
      if (is_any(at, "]")) return at + 1;
      at = one_of(at, ",");
      if (at == npos) return npos;
      at = space(at);
    }
  }
  std::size_t object(std::size_t at, unsigned depth) {
    at = space(at + 1);
    if (is_any(at, "}")) return at + 1;
    for (;;) {
      const std::size_t name = at;
      const std::size_t name_end = string(at);
      const std::size_t begin = space(one_of(space(name_end), ":"));
      if (begin == npos) return npos;
      const std::size_t end = value(begin, depth);
      if (end == npos) return npos;
      if (depth == 1) members_ += text_.substr(name, name_end - name) + "=" + text_.substr(begin, end - begin) + ";";
      at = space(end);
      if (is_any(at, "}")) return at + 1;
      at = one_of(at, ",");
      if (at == npos) return npos;
      at = space(at);
    }
  }
  std::size_t value(std::size_t at, unsigned depth) {
    if (at >= text_.size() || (is_any(at, "[{") && depth == codec::JsonReader::depth_max)) return npos;
    switch (text_[at]) {
      case '{': return object(at, depth + 1);
      case '[': return array(at, depth + 1);
      case '"': return string(at);
      case 't': return word(at, "true");
      case 'f': return word(at, "false");
      case 'n': return word(at, "null");
      default: return number(at);
    }
  }

  const std::string& text_;
  std::string members_;
};

/// The same words from the reader under test.
std::string read(const std::string& text) {
  codec::JsonReader reader(text);
  std::string words;
  while (const auto member = reader.next()) {
    const std::string_view quote = member->kind == codec::JsonKind::string ? "\"" : "";
    words.append("\"").append(member->name).append("\"=").append(quote).append(member->value).append(quote).append(";");
  }
  return reader.valid() ? words + "valid" : "malformed";
}

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
    const std::string expected = GrammarReader(text).judge();
    ++(expected == "malformed" ? malformed : valid);
    if (read(text) == expected) continue;
    CAPTURE(round);
    CAPTURE(text);
    REQUIRE(read(text) == expected);
  }
  CHECK(valid > 4000);
  CHECK(malformed > 4000);
}
