// Full logs on the fake kernel: whoever is stuck is let go of soon, under every policy, whatever it is that holds the logs.
// Owner: the test. Thread: main.
#include "test/native/sim/engine_on_fake.h"
#include "test/native/doctest_last.h"

using metrics::Metric;
using sim::Client;
using sim::EngineOnFake;
using sim::Pace;

namespace {

/// Patient, so that nobody is slow but by full logs.
shard::EngineOptions with_logs_of(std::size_t bytes, conn::SlowPolicyId policy = conn::SlowPolicyId::disconnect) {
  shard::EngineOptions options;
  options.slow_rules = {{"*", policy, {1 << 30, 3'600'000}}};
  options.log_bytes_max = bytes;
  return options;
}

/// Until the logs are full.
void fill(EngineOnFake& on, const std::string& topic, std::size_t message_bytes) {
  while (on.publish(topic, message_bytes) == shard::PublishStatus::ok) {
  }
}

/// How long publish() is refused, in steps of 5 ms; at most `most_ms`.
int refused_ms(EngineOnFake& on, int most_ms) {
  int ms = 0;
  for (; ms < most_ms && on.publish("calm", 100) != shard::PublishStatus::ok; ms += 5) on.step(5);
  return ms;
}

}  // namespace

TEST_CASE("regression: full logs are relieved after any time in which they were not") {
  constexpr std::int64_t half_ms = std::int64_t{1} << 31;
  for (const std::int64_t idle_ms : {std::int64_t{0}, half_ms - 50, half_ms + 3'600'000, 2 * half_ms - 50, 2 * half_ms + 1000}) {
    CAPTURE(idle_ms);
    EngineOnFake on(with_logs_of(2 << 20));
    on.kernel.advance_ns(idle_ms * 1'000'000);
    Client& stuck = on.subscriber("/t", 4096);
    on.settle();
    REQUIRE(stuck.is_open());
    stuck.pace = Pace::stuck;
    fill(on, "t", 30'000);
    CHECK(refused_ms(on, 1000) <= 300);
  }
}
