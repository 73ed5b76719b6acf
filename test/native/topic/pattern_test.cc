// Covers native/topic/pattern.h.
// Owner: the test. Thread: main.
#include "native/topic/pattern.h"

#include "test/native/doctest_last.h"

using topic::matches_pattern;

TEST_CASE("pattern: a name means that topic only") {
  CHECK(matches_pattern("exact", "exact"));
  CHECK(!matches_pattern("exact", "exactly"));
  CHECK(!matches_pattern("exact", "exac"));
  CHECK(!matches_pattern("", "exact"));
  CHECK(matches_pattern("", ""));
}

TEST_CASE("pattern: a star at the end means whatever begins with what stands before it") {
  CHECK(matches_pattern("prices/*", "prices/"));
  CHECK(matches_pattern("prices/*", "prices/eur"));
  CHECK(matches_pattern("prices/*", "prices/eur/usd"));
  CHECK(!matches_pattern("prices/*", "prices"));
  CHECK(!matches_pattern("prices/*", "price"));
  CHECK(matches_pattern("*", "anything"));
  CHECK(matches_pattern("*", ""));
}

TEST_CASE("pattern: a star elsewhere is a character like any other") {
  CHECK(matches_pattern("a*b", "a*b"));
  CHECK(!matches_pattern("a*b", "axb"));
  CHECK(matches_pattern("a**", "a*b"));
  CHECK(!matches_pattern("a**", "ab"));
}
