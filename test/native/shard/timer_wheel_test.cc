// Covers native/shard/timer_wheel.h: against a plain list of deadlines, also where the clock wraps around.
// Owner: the test. Thread: main.
#include "native/shard/timer_wheel.h"

#include <map>
#include <random>
#include <set>

#include "native/base/wrapping_time.h"
#include "test/native/doctest_last.h"

using shard::TimerWheel;

namespace {

std::set<std::uint32_t> fired(TimerWheel& wheel, std::uint32_t now_ms) {
  std::set<std::uint32_t> slots;
  wheel.advance(now_ms, [&](std::uint32_t slot) { CHECK(slots.insert(slot).second); });
  return slots;
}

/// The naive wheel: every deadline is looked at every time.
struct Model {
  std::map<std::uint32_t, std::uint32_t> due;
  std::set<std::uint32_t> fire(std::uint32_t now_ms) {
    std::set<std::uint32_t> slots;
    for (const auto& [slot, due_ms] : due) {
      if (base::is_due(due_ms, now_ms)) slots.insert(slot);
    }
    for (const std::uint32_t slot : slots) due.erase(slot);
    return slots;
  }
  std::int64_t next_in_ms(std::uint32_t now_ms) const {
    std::int64_t next = INT64_MAX;
    for (const auto& [slot, due_ms] : due) next = std::min<std::int64_t>(next, static_cast<std::int32_t>(due_ms - now_ms));
    return next;
  }
};

void run_against_model(std::uint32_t seed, std::uint32_t start_ms) {
  std::mt19937 random(seed);
  TimerWheel wheel;
  Model model;
  std::uint32_t now_ms = start_ms;
  fired(wheel, now_ms);
  const std::uint32_t ranges_ms[] = {1, 20, 300, 9000, 40'000};
  for (int i = 0; i < 4000; ++i) {
    const std::uint32_t slot = random() % 60;
    const std::uint32_t action = random() % 10;
    if (action < 5) {
      const std::uint32_t due_ms = now_ms + 1 + random() % ranges_ms[random() % 5];
      wheel.set(slot, due_ms, now_ms);
      model.due[slot] = due_ms;
    } else if (action < 6) {
      wheel.cancel(slot);
      model.due.erase(slot);
    } else {
      const int wait_ms = wheel.next_ms(now_ms);
      REQUIRE((wait_ms < 0) == model.due.empty());
      if (wait_ms >= 0) {
        CHECK(wait_ms >= 1);
        CHECK(wait_ms <= model.next_in_ms(now_ms) + static_cast<std::int64_t>(TimerWheel::tick_ms));
      }
      now_ms += random() % ranges_ms[random() % 5];
      REQUIRE(fired(wheel, now_ms) == model.fire(now_ms));
    }
  }
}

}  // namespace

TEST_CASE("timer wheel: fires what is due, once, and nothing that was cancelled or moved") {
  TimerWheel wheel;
  CHECK(wheel.next_ms(1000) == -1);
  fired(wheel, 1000);
  wheel.set(3, 1100, 1000);
  wheel.set(5, 1100, 1000);
  wheel.set(9, 1100, 1000);
  wheel.cancel(5);
  wheel.cancel(77);
  wheel.set(9, 1200, 1000);
  CHECK(fired(wheel, 1099).empty());
  CHECK(fired(wheel, 1100) == std::set<std::uint32_t>{3});
  CHECK(fired(wheel, 1199).empty());
  CHECK(fired(wheel, 5000) == std::set<std::uint32_t>{9});
  CHECK(wheel.next_ms(5000) == -1);
}

TEST_CASE("timer wheel: agrees with a list of deadlines") {
  for (std::uint32_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    run_against_model(seed, seed * 12'345);
  }
}

TEST_CASE("timer wheel: agrees where the clock changes its sign after 24 days, and where it begins again after 49") {
  for (const std::uint32_t turn_ms : {0x8000'0000u, 0u}) {
    for (std::uint32_t seed = 1; seed <= 20; ++seed) {
      CAPTURE(turn_ms);
      CAPTURE(seed);
      run_against_model(seed, turn_ms - 1 - seed * 3000);
    }
  }
}

TEST_CASE("timer wheel: a deadline is kept to after any time in which there was none") {
  for (const std::uint32_t idle_ms : {100'000u, 0x7FFF'0000u, 0x8000'1000u, 0xF000'0000u}) {
    CAPTURE(idle_ms);
    TimerWheel wheel;
    fired(wheel, 1000);
    const std::uint32_t now_ms = 1000 + idle_ms;
    wheel.set(1, now_ms + 300, now_ms);
    wheel.set(2, now_ms - 50, now_ms);
    CHECK(wheel.next_ms(now_ms) <= static_cast<int>(TimerWheel::tick_ms));
    CHECK(fired(wheel, now_ms) == std::set<std::uint32_t>{2});
    CHECK(wheel.next_ms(now_ms) <= 300 + static_cast<int>(TimerWheel::tick_ms));
    CHECK(fired(wheel, now_ms + 299).empty());
    CHECK(fired(wheel, now_ms + 300) == std::set<std::uint32_t>{1});
  }
}

TEST_CASE("timer wheel: deadlines that were set before the first turn fire too") {
  TimerWheel wheel;
  wheel.set(1, 5000, 4000);
  wheel.set(2, 5300, 4000);
  CHECK(fired(wheel, 5200) == std::set<std::uint32_t>{1});
  CHECK(fired(wheel, 5300) == std::set<std::uint32_t>{2});
}

TEST_CASE("timer wheel: a deadline in the past fires at the next turn") {
  TimerWheel wheel;
  fired(wheel, 100'000);
  wheel.set(1, 99'000, 100'000);
  wheel.set(2, 100'000, 100'000);
  CHECK(fired(wheel, 100'000) == std::set<std::uint32_t>{1, 2});
}

TEST_CASE("timer wheel: handlers may set, move and cancel deadlines, also their own and already passed ones") {
  TimerWheel wheel;
  fired(wheel, 1000);
  wheel.set(1, 1010, 1000);
  int calls = 0;
  wheel.advance(1300, [&](std::uint32_t slot) {
    ++calls;
    wheel.set(slot, 1310, 1300);
    wheel.set(2, 1250, 1300);  // passed meanwhile
    wheel.set(3, 1020, 1300);
    wheel.cancel(4);
  });
  CHECK(calls >= 1);
  std::set<std::uint32_t> later = fired(wheel, 1310);
  CHECK(later.contains(1));
  CHECK(wheel.next_ms(1310) == -1);
}

TEST_CASE("timer wheel: after a long stall everything fires at once") {
  TimerWheel wheel;
  fired(wheel, 0);
  for (std::uint32_t slot = 0; slot < 1000; ++slot) wheel.set(slot, 1 + slot * 37, 0);
  CHECK(fired(wheel, 1'000'000).size() == 1000);
}

TEST_CASE("timer wheel: of very many that are due at once, each call fires a part, and each fires once") {
  constexpr std::uint32_t count = 10'000;
  TimerWheel wheel;
  fired(wheel, 0);
  for (std::uint32_t slot = 0; slot < count; ++slot) wheel.set(slot, 30'000, 0);
  std::set<std::uint32_t> all = fired(wheel, 30'000);
  CHECK(all.size() < count / 5);
  for (std::uint32_t slot = count - 10; slot < count; ++slot) wheel.cancel(slot);
  wheel.set(count - 20, 31'000, 30'000);
  while (wheel.next_ms(30'000) == 0) {
    for (const std::uint32_t slot : fired(wheel, 30'000)) CHECK(all.insert(slot).second);
  }
  CHECK(all.size() == count - 11);
  CHECK(fired(wheel, 31'000) == std::set<std::uint32_t>{count - 20});
  CHECK(wheel.next_ms(31'000) == -1);
}
