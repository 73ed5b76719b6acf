// Covers native/codec/text/replay_wish.cc.
// Owner: the test. Thread: main.
#include "native/codec/text/replay_wish.h"

#include "test/native/doctest_last.h"

using From = codec::ReplayWish::From;

TEST_CASE("replay wish: a position is what its holder has, so the next one is wanted") {
  const auto wish = codec::parse_since("run1234A-41");
  REQUIRE(wish);
  CHECK(wish->from == From::since);
  CHECK(wish->epoch == "run1234A");
  CHECK(wish->offset == 42);
  CHECK(codec::parse_since("run1234A-0")->offset == 1);
  CHECK(codec::parse_since("run1234A--1")->offset == 0);
  CHECK(codec::parse_since("12345678901234567890123456789012-9007199254740991")->offset == 9007199254740992u);
}

TEST_CASE("replay wish: what is written is read again") {
  for (const std::uint64_t next : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{1000}, codec::offset_max + 1}) {
    const std::string text = codec::position_text("epoch_12", next);
    CAPTURE(text);
    const auto wish = codec::parse_since(text);
    REQUIRE(wish);
    CHECK(wish->epoch == "epoch_12");
    CHECK(wish->offset == next);
  }
}

TEST_CASE("replay wish: words for the beginning, for now, and none at all") {
  CHECK(codec::parse_since("beginning")->from == From::beginning);
  CHECK(codec::parse_since("live")->from == From::live);
  CHECK(codec::parse_since("")->from == From::live);
  CHECK(codec::parse_last("")->from == From::live);
  CHECK(codec::parse_last("25")->from == From::last);
  CHECK(codec::parse_last("25")->last == 25);
  CHECK(codec::parse_last("4294967295")->last == UINT32_MAX);
}

TEST_CASE("replay wish: everything else is refused") {
  for (const char* text : {"x", "42", "-", "-1", "run1234A", "run1234A-", "run1234A--", "run1234A--2", "run1234A-+1", "run1234A-01", "run1234A-1 ", " run1234A-1",
                           "run123-1", "123456789012345678901234567890123-1", "run 1234-1", "run1234%-1", "run1234A-9007199254740992",
                           "run1234A-18446744073709551616", "Beginning", "run1234\xC3\xA9-1"}) {
    CAPTURE(text);
    CHECK(!codec::parse_since(text));
  }
  for (const char* text : {"0", "-1", "+1", "01", "1.0", "1e3", "4294967296", "x"}) {
    CAPTURE(text);
    CHECK(!codec::parse_last(text));
  }
}
