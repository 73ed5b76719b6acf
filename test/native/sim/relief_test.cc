// Full logs on the fake kernel: whoever is stuck is let go of soon, under every policy, whatever it is that holds the logs.
// Owner: the test. Thread: main.
#include <algorithm>
#include <string>
#include <vector>

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

/// Until messages of that size are refused.
void fill(EngineOnFake& on, const std::string& topic, std::size_t message_bytes) {
  while (on.publish(topic, message_bytes) == shard::PublishStatus::ok) {
  }
}

/// Until the smallest are refused.
void fill(EngineOnFake& on, const std::string& topic) {
  fill(on, topic, 10'000);
  fill(on, topic, 10);
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
    fill(on, "t");
    const int ms = refused_ms(on, 1000);
    CHECK(ms >= 100);
    CHECK(ms <= 150);
  }
}

namespace {

constexpr std::size_t message_bytes = 60'000;

/// Messages of a publisher of its own for each of many topics, all at once, four each.
struct Flood {
  std::vector<Client*> publishers;

  Flood(EngineOnFake& on, int topics) {
    for (int i = 0; i < topics; ++i) publishers.push_back(&on.publisher("/stuck-" + std::to_string(i)));
    on.settle();
    for (Client* publisher : publishers) {
      for (unsigned k = 0; k < 4; ++k) publisher->send_message(sim::payload_of({0, 1, k}, message_bytes));
    }
  }
  bool is_over() const {
    return std::none_of(publishers.begin(), publishers.end(), [](const Client* publisher) { return publisher->has_unsent(); });
  }
};

/// The longest time between two messages of a calm topic of which one is published every 20 ms. While `say_more` says true the flood is
/// not over.
template <typename SayMore>
int longest_stall_ms(EngineOnFake& on, SayMore say_more) {
  Client& subscriber = on.subscriber("/calm");
  Client& publisher = on.publisher("/calm");
  on.settle();
  int longest_ms = 0;
  int since_ms = 0;
  std::size_t heard = 0;
  unsigned said = 0;
  for (int ms = 0; say_more() || ms < 3000; ms += 5) {
    REQUIRE(ms < 30'000);
    if (ms % 20 == 0) publisher.send_message(sim::payload_of({0, 1, said++}, 10));
    on.step(5);
    since_ms = subscriber.messages.size() > heard ? 0 : since_ms + 5;
    heard = subscriber.messages.size();
    longest_ms = std::max(longest_ms, since_ms);
  }
  CHECK(heard + 1 >= said);
  return longest_ms;
}

int longest_stall_ms(EngineOnFake& on, const Flood& flood) {
  return longest_stall_ms(on, [&] { return !flood.is_over(); });
}

/// Between two messages of the calm topic there are 20 ms when nothing holds them up; one turn may pass until they are read.
constexpr int no_stall_ms = 25;

shard::EngineOptions for_stuck_topics(conn::SlowPolicyId policy) {
  shard::EngineOptions options = with_logs_of(4 << 20, policy);
  options.idle = {3'600'000, 3'600'000};
  options.connections_max = options.connections_per_address_max = 10'000;
  return options;
}

}  // namespace

TEST_CASE("relief: stuck subscribers of many topics do not stop a calm one, whatever the policy") {
  for (const auto policy : {conn::SlowPolicyId::disconnect, conn::SlowPolicyId::drop_oldest, conn::SlowPolicyId::latest}) {
    CAPTURE(conn::slow_policy_name(policy));
    EngineOnFake on(for_stuck_topics(policy));
    std::vector<Client*> stuck;
    for (int i = 0; i < 70; ++i) stuck.push_back(&on.subscriber("/stuck-" + std::to_string(i), 4096));
    on.settle();
    for (Client* each : stuck) each->pace = Pace::stuck;
    CHECK(longest_stall_ms(on, Flood(on, 70)) <= no_stall_ms);
    CHECK(on.stat(Metric::publishers_paused) > 0);
  }
}

TEST_CASE("relief: who says little waits for nobody who says much, however many those are") {
  EngineOnFake on(for_stuck_topics(conn::SlowPolicyId::latest));
  std::vector<Client*> stuck;
  for (int i = 0; i < 400; ++i) stuck.push_back(&on.subscriber("/stuck-" + std::to_string(i), 4096));
  on.settle();
  for (Client* each : stuck) each->pace = Pace::stuck;
  CHECK(longest_stall_ms(on, Flood(on, 400)) <= no_stall_ms);
  CHECK(on.stat(Metric::publishers_paused) > 0);
}

TEST_CASE("relief: who says little waits for others of the kind no longer than their subscribers are judged") {
  for (const auto policy : {conn::SlowPolicyId::disconnect, conn::SlowPolicyId::drop_oldest, conn::SlowPolicyId::latest}) {
    CAPTURE(conn::slow_policy_name(policy));
    EngineOnFake on(for_stuck_topics(policy));
    std::vector<Client*> stuck;
    std::vector<Client*> publishers;
    for (int i = 0; i < 200; ++i) {
      const std::string topic = "/stuck-" + std::to_string(i);
      stuck.push_back(&on.subscriber(topic, 4096));
      publishers.push_back(&on.publisher(topic));
    }
    on.settle();
    for (Client* each : stuck) each->pace = Pace::stuck;
    unsigned said = 0;
    const auto say_more = [&] {
      for (Client* publisher : publishers) {
        if (!publisher->has_unsent()) publisher->send_message(sim::payload_of({0, 1, said}, 8000));
      }
      return ++said < 200;
    };
    CHECK(longest_stall_ms(on, say_more) <= 150);  // judging, and a relief or two
    CHECK(on.stat(Metric::publications_skipped) > 0);
    CHECK(on.stat(Metric::publishers_paused) > 0);
  }
}

TEST_CASE("relief: publish() to a topic that is held up counts as much, until its subscriber is let go of") {
  EngineOnFake on(with_logs_of(4 << 20));
  Client& stuck = on.subscriber("/t", 4096);
  on.settle();
  stuck.pace = Pace::stuck;
  on.publish("t", 10'000);
  on.turn();
  on.turn();
  fill(on, "t", 100);
  CHECK(on.engine->memory().bytes_now() < 4 << 20);
  CHECK(on.publish("calm", 100) == shard::PublishStatus::ok);
  on.turn(150);
  for (int i = 0; i < 10; ++i) on.turn(25);
  CHECK(on.publish("t", 100) == shard::PublishStatus::ok);
  CHECK(on.stat(Metric::connections_closed_slow) == 1);
}

TEST_CASE("relief: publish() of little is refused only when what says little has filled the logs") {
  EngineOnFake on(with_logs_of(4 << 20));
  Client& stuck = on.subscriber("/t", 4096);
  on.settle();
  stuck.pace = Pace::stuck;
  fill(on, "t", 30'000);
  CHECK(on.engine->memory().bytes_now() < 4 << 20);
  CHECK(on.publish("t", 30'000) == shard::PublishStatus::logs_full);
  CHECK(on.publish("calm", 30'000) == shard::PublishStatus::logs_full);
  CHECK(on.publish("calm", 100) == shard::PublishStatus::ok);
  fill(on, "t", 10'000);
  CHECK(on.engine->memory().bytes_now() >= 4 << 20);
  CHECK(on.publish("calm", 100) == shard::PublishStatus::logs_full);
}

TEST_CASE("relief: stuck gRPC connections of many topics do not stop a calm one") {
  for (const std::uint32_t window_bytes : {1000u, 1'000'000u}) {  // their streams' windows hold them, or the kernel
    CAPTURE(window_bytes);
    EngineOnFake on(for_stuck_topics(conn::SlowPolicyId::latest));
    for (int i = 0; i < 70; ++i) {
      sim::GrpcClient& client = on.grpc({.send_buffer_bytes = 4096, .stream_window_bytes = window_bytes});
      client.grows_windows = false;
      client.subscribe("stuck-" + std::to_string(i));
    }
    on.settle();
    if (window_bytes > 4096) {
      for (const auto& client : on.grpc_clients) client->reads = false;
    }
    CHECK(longest_stall_ms(on, Flood(on, 70)) <= no_stall_ms);
    CHECK(on.stat(Metric::publishers_paused) > 0);
  }
}

TEST_CASE("relief: what is lost with a frame that is not read to its end is told of and counted") {
  shard::EngineOptions options = with_logs_of(2 << 20, conn::SlowPolicyId::latest);
  options.slow_rules.insert(options.slow_rules.begin(), {"u", conn::SlowPolicyId::latest, {10'000, 3'600'000}});
  EngineOnFake on(options);
  Client& stuck = on.subscriber("/u", 4096);
  on.settle();
  stuck.pace = Pace::stuck;
  for (int i = 0; i < 5; ++i) {
    on.publish("u", 8000);
    on.turn(1);
  }
  REQUIRE(on.count<shard::Slow>() > 0);  // it has skipped, within a frame
  const std::int64_t skipped = on.stat(Metric::publications_skipped);
  const std::size_t told = on.count<shard::Slow>();
  on.turn(200);
  Client& other = on.subscriber("/t", 4096);  // whose lag would be judged, and is not old enough
  on.settle();
  on.turn(1000);
  other.pace = Pace::stuck;
  fill(on, "t", 30'000);
  on.turn();
  on.turn(25);
  on.publish("t", 30'000);
  on.turn();
  on.turn();
  const shard::Slow* slow = nullptr;
  for (const shard::Event& event : on.events) {
    if (const auto* const each = std::get_if<shard::Slow>(&event)) slow = each;
  }
  REQUIRE(on.count<shard::Slow>() > told);
  CHECK(slow->peer == stuck.setup.address.text());
  CHECK(slow->topic == "u");
  CHECK(slow->policy == conn::SlowPolicyId::disconnect);
  CHECK(on.stat(Metric::connections_closed_slow) == 1);
  // Of five the first came in part, and the last one was kept for it.
  CHECK(on.stat(Metric::publications_skipped) == 5);
  CHECK(on.stat(Metric::publications_skipped) > skipped);
  CHECK(on.kernel.was_reset(stuck.socket()));
}

TEST_CASE("relief: looks at nobody but those who are held, so many a turn") {
  shard::EngineOptions options = with_logs_of(2 << 20);
  options.connections_max = options.connections_per_address_max = 10'000;
  EngineOnFake on(options);
  for (int i = 0; i < 3000; ++i) on.subscriber("/reads");
  Client& stuck = on.subscriber("/t", 4096);
  on.settle();
  stuck.pace = Pace::stuck;
  fill(on, "t");
  CHECK(refused_ms(on, 1000) <= 150);
  const std::int64_t few = on.stat(Metric::relief_visits);
  CHECK(few > 0);
  CHECK(few <= 200);  // a few reliefs, of two walks over one

  for (const auto& client : on.clients) client->pace = Pace::stuck;
  for (int i = 0; i < 30; ++i) {
    on.publish("reads", 30'000);  // 64 KiB fit into each one's kernel buffer
    on.turn();
  }
  for (int i = 0; i < 20; ++i) on.turn();
  fill(on, "reads", 30'000);
  std::int64_t most = 0;
  for (int i = 0; i < 100; ++i) {
    const std::int64_t before = on.stat(Metric::relief_visits);
    on.turn(5);
    on.publish("reads", 30'000);
    most = std::max(most, on.stat(Metric::relief_visits) - before);
  }
  CHECK(most > 500);
  CHECK(most <= 1024 + 32);
}
