// What the flight recorder has noted of small lives on the fake kernel (native/shard/trace_points.def).
// Owner: the test. Thread: main.
#include <algorithm>
#include <string>
#include <vector>

#include "test/native/sim/engine_on_fake.h"
#include "test/native/doctest_last.h"

using sim::Client;
using sim::EngineOnFake;
using sim::Pace;

namespace {

/// Their names, in order.
std::vector<std::string> noted(EngineOnFake& on) {
  std::vector<std::string> names;
  const std::vector<std::string> lines = on.engine->flight_records().front();
  for (const std::string& line : lines) {
    const std::size_t begin = line.find(' ') + 1;
    names.push_back(line.substr(begin, line.find(' ', begin) - begin));
  }
  return names;
}

bool has(EngineOnFake& on, const std::string& name) {
  const std::vector<std::string> names = noted(on);
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

TEST_CASE("trace points: a life from its accept to its end, with its numbers") {
  EngineOnFake on;
  Client& client = on.subscriber("/t");
  on.settle();
  REQUIRE(client.is_open());
  client.vanish();
  on.settle();
  CHECK(noted(on) == std::vector<std::string>{"accepted", "opened", "doomed"});
  const std::vector<std::string> lines = on.engine->flight_records().front();
  CHECK(lines[0].find(" connection ") != std::string::npos);
  CHECK(lines[0].find(" listener 1") != std::string::npos);
  CHECK(lines[2].find(" code 1006") != std::string::npos);
}

TEST_CASE("trace points: deliveries and writes leave no trace") {
  EngineOnFake on;
  on.subscriber("/t");
  on.settle();
  const std::size_t before = noted(on).size();
  for (int i = 0; i < 100; ++i) {
    on.publish("t", 100);
    on.settle();
  }
  CHECK(noted(on).size() == before);
}

TEST_CASE("trace points: who does not read is blocked, judged and closed; who reads again is writable") {
  shard::EngineOptions options;
  options.slow_rules = {{"*", conn::SlowPolicyId::disconnect, {1 << 20, 3'600'000}}};
  EngineOnFake on(options);
  Client& client = on.subscriber("/t", 4096);
  on.settle();
  client.pace = Pace::stuck;
  for (int i = 0; i < 4; ++i) on.publish("t", 10'000);
  on.settle();
  CHECK(has(on, "blocked"));
  CHECK(!has(on, "writable"));
  client.pace = Pace::eager;
  on.settle();
  CHECK(has(on, "writable"));
  CHECK(!has(on, "slow_judged"));
  client.pace = Pace::stuck;
  for (int i = 0; i < 200; ++i) on.publish("t", 10'000);
  on.settle();
  CHECK(has(on, "slow_judged"));
  CHECK(has(on, "close_begun"));
}

TEST_CASE("trace points: full logs pause publishers and begin a relief") {
  shard::EngineOptions options;
  options.slow_rules = {{"*", conn::SlowPolicyId::disconnect, {1 << 30, 3'600'000}}};
  options.log_bytes_max = 2 << 20;
  EngineOnFake on(options);
  Client& stuck = on.subscriber("/t", 4096);
  Client& publisher = on.publisher("/t");
  on.settle();
  stuck.pace = Pace::stuck;
  while (on.publish("t", 10'000) == shard::PublishStatus::ok) {
  }
  publisher.send_message(sim::payload_of({0, 1, 0}, 60'000));
  on.settle(5);
  CHECK(has(on, "paused"));
  for (int ms = 0; ms < 1000; ms += 5) on.step(5);
  CHECK(has(on, "relief_begun"));
  CHECK(has(on, "resumed"));
}

TEST_CASE("trace points: the steps of a drain") {
  EngineOnFake on;
  on.subscriber("/t");
  on.publisher("/t");
  on.settle();
  on.engine->drain(1000);
  for (int ms = 0; ms < 2000; ms += 5) on.step(5);
  std::vector<std::string> steps;
  for (const std::string& name : noted(on)) {
    if (name.starts_with("drain_")) steps.push_back(name);
  }
  CHECK(steps == std::vector<std::string>{"drain_begun", "drain_publishers_closed", "drain_subscribers_closed", "drain_ending", "drain_ended"});
}

TEST_CASE("trace points: a turn with much work") {
  EngineOnFake on;
  for (int i = 0; i < 200; ++i) on.subscriber("/t");
  on.settle();
  CHECK(!has(on, "busy_turn"));
  for (const auto& client : on.clients) client->send_ping("all at once");
  on.settle();
  CHECK(has(on, "busy_turn"));
}
