// Covers native/topic/grants.cc. What patterns stand for is one table with src/auth: test/support/grants/pairs.json.
// Owner: the test. Thread: main.
#include "native/topic/grants.h"

#include <fstream>
#include <random>
#include <regex>
#include <string>
#include <vector>

#include "test/native/shard/counted_allocations.h"
#include "test/native/vendor/doctest.h"

namespace {

using topic::Grants;
using topic::Use;

struct Pair {
  std::string pattern;
  std::string topic;
  bool expected = false;
};

/// The tests run in their own folder or in the root.
std::ifstream open_table() {
  const std::string name = "support/grants/pairs.json";
  std::ifstream file("../" + name);
  return file ? std::move(file) : std::ifstream("test/" + name);
}

/// The only escape there is.
std::string unescaped(const std::string& text) { return std::regex_replace(text, std::regex(R"(\\\\)"), R"(\)"); }

/// One pair a line: ["pattern","topic",true].
std::vector<Pair> table() {
  std::vector<Pair> pairs;
  std::ifstream file = open_table();
  const std::regex row(R"raw(^\s*\["((?:[^"\\]|\\\\)*)","((?:[^"\\]|\\\\)*)",(true|false)\],?$)raw");
  std::smatch found;
  for (std::string line; std::getline(file, line);) {
    if (line == "[" || line == "]" || line.empty()) continue;
    REQUIRE_MESSAGE(std::regex_match(line, found, row), line);
    pairs.push_back({unescaped(found[1]), unescaped(found[2]), found[3] == "true"});
  }
  return pairs;
}

/// What the rules say, as a regular expression.
std::regex reference(const std::string& pattern) {
  std::string source;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern.compare(i, std::string::npos, "**") == 0) {
      source += "[\\s\\S]+";
      break;
    }
    source += pattern[i] == '*' ? "[^/]+" : std::string(1, pattern[i]);
  }
  return std::regex("^" + source + "$");
}

std::string any_text(std::minstd_rand& random, const std::vector<std::string>& pieces) {
  std::string text;
  for (std::size_t left = 1 + random() % 7; left > 0; --left) text += pieces[random() % pieces.size()];
  return text;
}

/// At most one star in a level, `**` as the last one.
bool is_pattern(const std::string& text) {
  static const std::regex valid(R"(^([^*/]*\*?[^*/]*/)*([^*/]*\*?[^*/]*|\*\*)$)");
  return std::regex_match(text, valid);
}

}  // namespace

TEST_CASE("grants: the table of patterns and topics") {
  const std::vector<Pair> pairs = table();
  REQUIRE(pairs.size() >= 200);
  for (const Pair& each : pairs) {
    CAPTURE(each.pattern);
    CAPTURE(each.topic);
    CHECK(topic::grants(each.pattern, each.topic) == each.expected);
    const Grants grants({each.pattern}, {"elsewhere/" + each.pattern});
    CHECK(grants.permits(Use::publish, each.topic) == each.expected);
    CHECK(grants.permits(Use::subscribe, "elsewhere/" + each.topic) == each.expected);
  }
}

TEST_CASE("grants: any pattern and topic, as the reference says") {
  const unsigned seed = std::random_device()();
  CAPTURE(seed);
  std::minstd_rand random(seed);
  unsigned matched = 0;
  for (unsigned compared = 0; compared < 5000;) {
    const std::string pattern = any_text(random, {"a", "b", "*", "/", "/**", "ab", "\xC3\xA9"});
    if (!is_pattern(pattern)) continue;
    const std::string name = any_text(random, {"a", "b", "/", "ab", "\xC3\xA9", "*"});
    const bool is = topic::grants(pattern, name);
    CAPTURE(pattern);
    CAPTURE(name);
    CHECK(is == std::regex_match(name, reference(pattern)));
    ++compared;
    matched += is ? 1 : 0;
  }
  CHECK(matched > 100);
}

TEST_CASE("grants: publishing and subscribing are apart, and any pattern of a list counts") {
  const Grants grants({"b", "a", "prices/*"}, {});
  for (const char* const name : {"a", "b", "prices/eur"}) {
    CHECK(grants.permits(Use::publish, name));
    CHECK(!grants.permits(Use::subscribe, name));
  }
  CHECK(!grants.permits(Use::publish, "c"));
  CHECK(!grants.permits(Use::publish, ""));
  CHECK(!grants.is_empty(Use::publish));
  CHECK(grants.is_empty(Use::subscribe));
}

TEST_CASE("grants: what is no pattern grants nothing but its own spelling") {
  CHECK(!topic::grants("", "a"));
  CHECK(!topic::grants("a**", "ab"));
  CHECK(!topic::grants("**/a", "b/a"));
  CHECK(!topic::grants("*a*", "bab"));
}

TEST_CASE("grants: a topic is compared without an allocation") {
  std::vector<std::string> patterns;
  for (int i = 0; i < 100; ++i) patterns.push_back("tenants/" + std::to_string(i) + "/a-long-name-of-a-level/*/**");
  for (int i = 0; i < 100; ++i) patterns.push_back("exact/" + std::to_string(i) + "/a-name-that-no-small-string-holds");
  const Grants grants(patterns, {});
  const std::string inside = "tenants/99/a-long-name-of-a-level/x/y/z";
  const std::string exact = "exact/57/a-name-that-no-small-string-holds";
  const std::string outside = "tenants/100/a-long-name-of-a-level/x/y/z";
  const std::size_t before = allocations;
  const bool right = grants.permits(Use::publish, inside) && grants.permits(Use::publish, exact) && !grants.permits(Use::publish, outside);
  CHECK(allocations == before);
  CHECK(right);
}
