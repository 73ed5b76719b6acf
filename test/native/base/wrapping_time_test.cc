// Covers native/base/wrapping_time.h: also where the clock's sign changes (2^31) and where it begins again (2^32).
// Owner: the test. Thread: main.
#include "native/base/wrapping_time.h"

#include "test/native/doctest_last.h"

namespace {

constexpr std::uint32_t half = 0x8000'0000;
/// In the middle of nowhere, and at each of the places where a naive comparison turns round.
constexpr std::uint32_t moments[] = {5000, half - 1, half, half + 1, UINT32_MAX, 0, 1};

}  // namespace

TEST_CASE("wrapping time: what comes first") {
  for (const std::uint32_t at : moments) {
    CAPTURE(at);
    for (const std::uint32_t ms : {1u, 2u, 1000u, half - 1}) {
      CHECK(base::is_before(at, at + ms));
      CHECK(!base::is_before(at + ms, at));
      CHECK(base::sooner_ms(at, at + ms) == at);
      CHECK(base::sooner_ms(at + ms, at) == at);
    }
    CHECK(!base::is_before(at, at));
    CHECK(base::sooner_ms(at, at) == at);
  }
}

TEST_CASE("wrapping time: a deadline is due from its millisecond on") {
  for (const std::uint32_t due_ms : moments) {
    CAPTURE(due_ms);
    CHECK(!base::is_due(due_ms, due_ms - 1));
    CHECK(base::is_due(due_ms, due_ms));
    CHECK(base::is_due(due_ms, due_ms + 1));
    CHECK(base::is_due(due_ms, due_ms + half - 1));
    CHECK(base::time_left_ms(due_ms, due_ms - 1) == 1);
    CHECK(base::time_left_ms(due_ms, due_ms - 3'600'000) == 3'600'000);
    CHECK(base::time_left_ms(due_ms, due_ms) == 0);
    CHECK(base::time_left_ms(due_ms, due_ms + 5) == 0);
  }
}

TEST_CASE("wrapping time: how long ago; what another thread has marked a moment ahead is new") {
  for (const std::uint32_t since_ms : moments) {
    CAPTURE(since_ms);
    CHECK(base::age_ms(since_ms, since_ms) == 0);
    CHECK(base::age_ms(since_ms, since_ms + 1) == 1);
    CHECK(base::age_ms(since_ms, since_ms + 3'600'000) == 3'600'000);
    CHECK(base::age_ms(since_ms, since_ms + half - 1) == half - 1);
    CHECK(base::age_ms(since_ms, since_ms - 1) == 0);
  }
}

TEST_CASE("wrapping time: a mark of any age is near only within the asked time around it") {
  for (const std::uint32_t mark_ms : moments) {
    CAPTURE(mark_ms);
    CHECK(base::distance_ms(mark_ms, mark_ms) == 0);
    CHECK(base::distance_ms(mark_ms, mark_ms + 20) == 20);
    CHECK(base::distance_ms(mark_ms + 20, mark_ms) == 20);
    for (const std::uint32_t ms : {21u, half - 1, half, half + 1, UINT32_MAX - 20}) CHECK(base::distance_ms(mark_ms, mark_ms + ms) > 20);
  }
}

TEST_CASE("wrapping time: of a clock's nanoseconds") {
  CHECK(base::moment_of_ns(0) == 0);
  CHECK(base::moment_of_ns(1'999'999) == 1);
  CHECK(base::moment_of_ns((std::int64_t{1} << 31) * 1'000'000 - 1) == half - 1);
  CHECK(base::moment_of_ns((std::int64_t{1} << 32) * 1'000'000 - 1) == UINT32_MAX);
  CHECK(base::moment_of_ns((std::int64_t{1} << 32) * 1'000'000) == 0);
}
