// Bugs that were, each made to happen again on purpose, and the seeds that found them.
// Owner: the test. Thread: main.
#include "test/native/sim/engine_on_fake.h"
#include "test/native/sim/simulation.h"
#include "test/native/doctest_last.h"

using metrics::Metric;
using sim::Client;
using sim::EngineOnFake;
using sim::GrpcClient;
using sim::Pace;

namespace {

shard::EngineOptions with_rule(conn::SlowPolicyId policy, std::uint64_t bytes_behind_max, std::uint32_t age_max_ms) {
  shard::EngineOptions options;
  options.slow_rules = {{"*", policy, {bytes_behind_max, age_max_ms}}};
  return options;
}

/// As it was when it failed: the clock began elsewhere.
std::string life_of(std::uint64_t seed) {
  sim::Plan plan = sim::Plan::from_seed(seed);
  plan.begins_ms = 1000;
  return sim::Simulation(std::move(plan)).run();
}

}  // namespace

TEST_CASE("regression: seeds that have failed") {
  for (const std::uint64_t seed : {7, 8, 24, 39, 117, 176, 181, 281}) {
    CAPTURE(seed);
    CHECK(life_of(seed) == "");
  }
}

TEST_CASE("regression: a subscriber served aside during a pass of several turns does not keep the log") {
  EngineOnFake on;
  Client& several = on.subscriber("/?topic=t&topic=other");
  for (int i = 0; i < 1500; ++i) on.subscriber("/t");
  on.settle();
  on.publish("t", 100);
  on.settle();
  CHECK(several.messages.size() == 1);
  CHECK(on.clients.back()->messages.size() == 1);
  CHECK(on.engine->memory().bytes_now() == 0);
}

TEST_CASE("regression: a publisher that we do not read is not asked for a pong") {
  shard::EngineOptions options = with_rule(conn::SlowPolicyId::disconnect, 1 << 30, 3'600'000);
  options.log_bytes_max = 300 * 1024;
  options.idle = {1000, 2000};
  EngineOnFake on(options);
  Client& publisher = on.publisher("/t");
  Client& many = on.subscriber("/u", 1 << 30);
  on.settle();
  REQUIRE(publisher.is_open());
  on.turn(1200);  // a ping is on its way to the publisher, unanswered
  REQUIRE(on.stat(Metric::pings_sent) >= 1);
  many.pace = Pace::stuck;
  // A shard that is not turned holds what is published: the logs are full although nobody is refused.
  while (on.publish("u", 10'000) == shard::PublishStatus::ok) {
  }
  on.kernel.faults.refused_send = 1000;
  publisher.step();
  publisher.send_message(sim::payload_of({0, 1, 0}, 10));
  publisher.step();
  on.turn();
  REQUIRE(on.stat(Metric::publishers_paused) >= 1);
  on.kernel.faults.refused_send = 0;
  on.turn(2500);
  CHECK(publisher.step() == false);
  CHECK(!on.kernel.was_reset(publisher.socket()));
  CHECK(!publisher.is_over());
}

TEST_CASE("regression: who had to read something else first when it was to be pinged is pinged all the same, and lives") {
  shard::EngineOptions options = with_rule(conn::SlowPolicyId::disconnect, 1 << 30, 3'600'000);
  options.idle = {1000, 2000};
  EngineOnFake on(options);
  Client& subscriber = on.subscriber("/t", 2000);
  on.settle();
  subscriber.pace = Pace::stuck;
  for (int i = 0; i < 4; ++i) on.publish("t", 1500);
  subscriber.send_ping("its pong waits behind what is not read");
  on.settle();
  on.settle(400);  // silence for longer than an interval
  REQUIRE(on.kernel.is_refusing(subscriber.socket()));
  subscriber.pace = Pace::eager;
  on.settle();
  REQUIRE(subscriber.messages.size() == 4);
  for (int i = 0; i < 5; ++i) on.settle(300);
  CHECK(subscriber.is_open());
  CHECK(on.stat(Metric::connections_now) == 1);
}

TEST_CASE("regression: who read everything while the process stood still has time for its pong, but no more than others") {
  shard::EngineOptions options = with_rule(conn::SlowPolicyId::disconnect, 1 << 30, 3'600'000);
  options.idle = {1000, 2000};
  EngineOnFake on(options);
  Client& subscriber = on.subscriber("/t", 2000);
  on.settle();
  subscriber.pace = Pace::stuck;
  for (int i = 0; i < 4; ++i) on.publish("t", 1500);
  on.settle(400);
  REQUIRE(on.stat(Metric::pings_sent) == 1);
  REQUIRE(on.kernel.is_refusing(subscriber.socket()));
  // The process is stopped: what its kernel holds is read, but the rest, and the ping behind it, cannot leave.
  subscriber.pace = Pace::eager;
  while (subscriber.step()) {
  }
  on.kernel.advance_ns(60'000'000'000);
  on.settle();
  CHECK(subscriber.messages.size() == 4);
  CHECK(subscriber.is_open());
  // Once more, and now nothing is read afterwards either.
  subscriber.pace = Pace::stuck;
  on.settle(400);
  REQUIRE(on.stat(Metric::pings_sent) == 2);
  on.kernel.advance_ns(60'000'000'000);
  on.turn();
  CHECK(on.stat(Metric::connections_now) == 1);
  on.turn(199);
  CHECK(on.stat(Metric::connections_now) == 1);
  on.turn(20);
  CHECK(on.stat(Metric::connections_now) == 0);
}

TEST_CASE("regression: age counts also for who was refused before anything was published") {
  EngineOnFake on(with_rule(conn::SlowPolicyId::drop_oldest, 1 << 30, 200));
  Client& slow = on.subscriber("/t", 2000);
  on.settle();
  slow.pace = Pace::stuck;
  for (int i = 0; i < 4; ++i) on.publish("t", 1500);
  for (int i = 0; i < 10; ++i) on.turn(50);  // all are too old: nothing is behind any more, and the kernel still refuses
  REQUIRE(on.count<shard::Slow>() == 1);
  on.publish("t", 1500);
  for (int i = 0; i < 12; ++i) on.turn(50);
  CHECK(on.count<shard::Slow>() == 2);
}

TEST_CASE("regression: what a deadline sets in motion does not wait for the next event") {
  EngineOnFake on(with_rule(conn::SlowPolicyId::drop_oldest, 1 << 30, 200));
  Client& slow = on.subscriber("/t", 2000);
  on.settle();
  slow.pace = Pace::stuck;
  for (int i = 0; i < 4; ++i) on.publish("t", 1500);
  on.turn();
  REQUIRE(on.engine->memory().bytes_now() > 0);
  for (int i = 0; i < 100 && on.count<shard::Slow>() == 0; ++i) on.engine->shard(0).turn(20);  // sleeps when idle
  REQUIRE(on.count<shard::Slow>() == 1);
  const std::int64_t before_ns = on.kernel.now_ns();
  on.engine->shard(0).turn(10'000);
  CHECK(on.kernel.now_ns() - before_ns < 1'000'000);
  slow.pace = Pace::eager;
  on.settle();  // the frame that was partly on the wire holds its segment until here
  CHECK(on.engine->memory().bytes_now() == 0);
}

TEST_CASE("regression: one address cannot take every place with connections that are only to be refused") {
  shard::EngineOptions options;
  options.connections_max = 1000;
  options.connections_per_address_max = 10;
  EngineOnFake on(options);
  on.same_address = true;
  for (int i = 0; i < 500; ++i) on.subscriber("/t");
  for (int i = 0; i < 20; ++i) on.turn();  // nobody has sent a request yet
  CHECK(on.stat(Metric::connections_now) <= 10 + 32);
  on.settle();
  int let_in = 0;
  int told = 0;
  for (const auto& client : on.clients) {
    let_in += client->status == 101 ? 1 : 0;
    told += client->status == 503 ? 1 : 0;
  }
  CHECK(let_in == 10);
  CHECK(told == 32);
}

TEST_CASE("regression: who is cut for the rest of a frame may have subscribed where nothing was published since") {
  shard::EngineOptions options;
  options.log_bytes_max = 300 * 1024;
  EngineOnFake on(options);
  on.subscriber("/u");  // keeps the topic, whose place goes on
  GrpcClient& first = on.grpc();
  const auto heard = first.subscribe("u");
  on.settle();
  on.publish("u", std::string("x"));
  on.settle();
  first.reset(heard);
  on.settle();
  for (int i = 0; on.publish("other", std::string("x")) == shard::PublishStatus::ok; ++i) {
    REQUIRE(i < 100);
    GrpcClient& client = on.grpc({.send_buffer_bytes = 2000});
    const std::string topic = "t" + std::to_string(i);
    const auto stream = client.subscribe(topic);
    on.settle();
    client.reads = false;
    on.publish(topic, std::string(15'000, 'x'));
    on.turn();
    client.reset(stream);
    client.subscribe("u");
    client.step();
    on.turn();
  }
  for (int i = 0; i < 20; ++i) {
    on.publish("other", std::string("x"));
    on.step(200);
  }
  CHECK(on.publish("other", std::string("x")) == shard::PublishStatus::ok);
  CHECK(on.stat(Metric::connections_closed_slow) > 0);
}
