// Covers native/base/pace.h.
// Owner: the test. Thread: main.
#include "native/base/pace.h"

#include "test/native/vendor/doctest.h"

using base::Pace;

namespace {
constexpr std::int64_t ms = 1'000'000;
constexpr std::int64_t second = 1000 * ms;
}  // namespace

TEST_CASE("pace: none is no limit") {
  CHECK_FALSE(Pace().limits());
  CHECK(Pace(1).limits());
}

TEST_CASE("pace: a second's worth at once, then one at a time") {
  const Pace pace(10);
  std::int64_t full = 0;
  const std::int64_t now = 77 * second;
  CHECK(pace.left(full, now) == 10);
  CHECK(pace.wait_ns(full, now) == 0);
  for (int i = 10; i > 0; --i) {
    CHECK(pace.left(full, now) == i);
    CHECK(pace.wait_ns(full, now) == 0);
    full = pace.take(full, now, 1);
  }
  CHECK(pace.left(full, now) == 0);
  CHECK(pace.wait_ns(full, now) == 100 * ms);
  CHECK(pace.wait_ns(full, now + 99 * ms) == ms);
  CHECK(pace.wait_ns(full, now + 100 * ms) == 0);
  CHECK(pace.left(full, now + 100 * ms) == 1);
  CHECK(pace.left(full, now + 3600 * second) == 10);
}

TEST_CASE("pace: what is taken beyond what there is, is owed") {
  const Pace pace(1000);
  const std::int64_t full = pace.take(0, 5 * second, 3500);
  CHECK(pace.left(full, 5 * second) == -2500);
  CHECK(pace.wait_ns(full, 5 * second) == 2501 * ms);
  CHECK(pace.left(full, 5 * second + 2501 * ms) == 1);
}

TEST_CASE("pace: never more than the rate, whatever it is, however it is asked") {
  for (const std::uint64_t rate : {1ull, 3ull, 7ull, 999ull, 65'537ull, 4'294'967'295ull}) {
    CAPTURE(rate);
    const Pace pace(rate);
    std::int64_t full = 0;
    std::int64_t taken = 0;
    const std::int64_t step = 7 * ms + 13;
    for (std::int64_t now = 0; now < 20 * second; now += step) {
      const std::int64_t left = pace.left(full, now);
      CHECK(left <= static_cast<std::int64_t>(rate));
      CHECK((left >= 1) == (pace.wait_ns(full, now) == 0));
      if (left < 1) continue;
      full = pace.take(full, now, left);
      taken += left;
      CHECK(pace.left(full, now) <= 0);
      const std::int64_t whole_seconds_up = now / second + 1;
      CHECK(taken <= static_cast<std::int64_t>(rate) * (whole_seconds_up + 1));
    }
    CHECK(taken >= static_cast<std::int64_t>(rate) * 20);
  }
}
