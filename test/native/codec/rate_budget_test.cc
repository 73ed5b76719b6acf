// Covers native/codec/rate_budget.h.
// Owner: the test. Thread: main.
#include "native/codec/rate_budget.h"

#include "test/native/vendor/doctest.h"

namespace {

std::uint32_t takes(codec::RateBudget& budget, std::uint32_t now_ms, std::uint32_t tries) {
  std::uint32_t taken = 0;
  for (; tries > 0; --tries) taken += budget.take(now_ms) ? 1 : 0;
  return taken;
}

}  // namespace

TEST_CASE("rate budget: a burst, then so many a second") {
  codec::RateBudget budget({1000, 33});
  CHECK(takes(budget, 5000, 2000) == 1000);
  CHECK(takes(budget, 5030, 10) == 0);
  CHECK(takes(budget, 5031, 10) == 1);  // 31 ms × 33 = 1.023
  CHECK(takes(budget, 6000, 100) == 32);
  CHECK(takes(budget, 7000, 100) == 33);
}

TEST_CASE("rate budget: it never holds more than a burst") {
  codec::RateBudget budget({5, 100});
  CHECK(takes(budget, 0, 10) == 5);
  CHECK(takes(budget, 3'600'000, 10) == 5);
}

TEST_CASE("rate budget: several at once, or none of them") {
  codec::RateBudget budget({5, 0});
  CHECK(budget.take(0, 3));
  CHECK(!budget.take(0, 3));
  CHECK(budget.take(0, 2));
  CHECK(budget.take(0, 0));
}

TEST_CASE("rate budget: the clock may wrap") {
  codec::RateBudget budget({2, 1000});
  CHECK(takes(budget, 0xFFFFFFFF, 5) == 2);
  CHECK(takes(budget, 0, 5) == 1);
  CHECK(takes(budget, 0x10, 5) == 2);
}

TEST_CASE("rate budget: a budget of nothing gives nothing") {
  codec::RateBudget budget({0, 0});
  CHECK(takes(budget, 1000, 3) == 0);
}
