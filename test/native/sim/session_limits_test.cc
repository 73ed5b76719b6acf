// Sessions that are silent, slow or greedy, on the fake kernel. (The drain: session_drain_test.cc.)
// Owner: the test. Thread: main.
#include <algorithm>

#include "test/native/sim/sessions_on_fake.h"
#include "test/native/doctest_last.h"

using metrics::Metric;
using sim::Pace;
using sim::PusherClient;
using sim::SessionsOnFake;
using sim::Texts;

namespace {

shard::EngineOptions impatient() {
  shard::EngineOptions options;
  options.sessions = {1000, 500};
  options.idle = {3'000'000, 500};
  return options;
}

shard::EngineOptions with_limits(std::uint64_t bytes_behind_max, std::uint32_t age_max_ms) {
  shard::EngineOptions options;
  options.slow_rules = {{"*", conn::SlowPolicyId::disconnect, {bytes_behind_max, age_max_ms}}};
  return options;
}

}  // namespace

TEST_CASE("session pings: the protocol's own are answered without the control plane") {
  SessionsOnFake on;
  PusherClient& client = on.open();
  for (int i = 0; i < 3; ++i) {
    client.send_application_ping();
    on.settle();
  }
  client.send_ping("and WebSocket's");
  on.settle();
  CHECK(client.application_pongs == 3);
  CHECK(client.pongs == 1);
  CHECK(on.messages_of(client).empty());
  CHECK(on.stat(Metric::pings_received) == 4);
}

TEST_CASE("session pings: a flood of them is closed with 1008") {
  shard::EngineOptions options;
  options.control_frames_per_second_max = 10;
  SessionsOnFake on(options);
  PusherClient& client = on.open();
  for (int i = 0; i < 11; ++i) client.send_application_ping();
  client.send_text("behind");
  on.settle();
  CHECK(client.close_code == 1008);
  CHECK(on.messages_of(client).empty());
}

TEST_CASE("session pings: whoever asks and does not read has one answer waiting, not all of them") {
  SessionsOnFake on;
  PusherClient& client = on.open(sim::terms_of(0), 3000);
  client.pace = Pace::stuck;
  for (int second = 0; second < 20; ++second) {
    for (int i = 0; i < 90; ++i) {
      client.send_application_ping();
      client.step();
      on.turn();
    }
    on.turn(1000);
  }
  CHECK(on.stat(Metric::pings_received) >= 1800);  // and some that clients send between fragments
  client.pace = Pace::eager;
  on.settle();
  CHECK(client.application_pongs > 1);
  CHECK(client.application_pongs < 100);  // what the kernel had room for, and that one
  CHECK(client.trouble.empty());
  CHECK(client.is_open());
}

TEST_CASE("session pings: silence is asked, an answer is enough") {
  SessionsOnFake on(impatient());
  PusherClient& client = on.open();
  for (int i = 0; i < 100; ++i) on.settle(20);
  CHECK(client.application_pings >= 2);
  CHECK(client.application_pings <= 10);
  CHECK(client.is_open());
  CHECK(on.messages_of(client).empty());
}

TEST_CASE("session pings: no answer is closed with 4201, and not a moment too early") {
  SessionsOnFake on(impatient());
  PusherClient& client = on.open();
  client.answers_pings = false;
  while (client.application_pings == 0) on.settle(10);
  on.kernel.advance_ns(400'000'000);
  on.settle();
  CHECK(!client.close_code);
  on.kernel.advance_ns(200'000'000);
  on.settle();
  CHECK(client.close_code == 4201);
  CHECK(client.application_pings == 1);
  CHECK(client.events == std::vector<sim::PusherEvent>{{"pusher:error", "", R"({"message":"no answer to a ping","code":4201})"}});
  CHECK(on.end_of(client).code == 4201);
}

TEST_CASE("session ends: told of when it is given up, not when its connection has gone") {
  shard::EngineOptions options = impatient();
  options.close_ms = 5000;
  SessionsOnFake on(options);
  PusherClient& silent = on.open();
  silent.pace = Pace::stuck;  // it answers neither a ping nor a close frame
  on.join(silent, "c");
  const std::int64_t before_ns = on.kernel.now_ns();
  while (on.count<shard::SessionEnded>() == 0 && on.stat(Metric::connections_now) == 1) on.turn(10);
  CHECK(on.end_of(silent).code == 4201);
  CHECK(on.end_of(silent).reason == "no answer to a ping");
  CHECK((on.kernel.now_ns() - before_ns) / 1'000'000 <= 1000 + 1000 / 8 + 500 + 50);
  CHECK(on.subscribers("c") == 0);
  CHECK(on.stat(Metric::connections_now) == 1);
  while (on.stat(Metric::connections_now) == 1) on.turn(10);
  CHECK(on.count<shard::SessionEnded>() == 1);
}

TEST_CASE("session ends: a slow session, one that breaks a rule and one that is closed are over at once, though they do not read") {
  shard::EngineOptions options = with_limits(50'000, 1 << 30);
  SessionsOnFake on(options);
  PusherClient& slow = on.open(sim::terms_of(0), 3000);
  PusherClient& wrong = on.open(sim::terms_of(0), 3000);
  PusherClient& unwanted = on.open(sim::terms_of(0), 3000);
  on.join(slow, "c");
  on.settle();
  for (PusherClient* each : {&slow, &wrong, &unwanted}) each->pace = Pace::stuck;
  for (int i = 0; i < 60; ++i) on.publish_event("c", std::string(1000, 'x'));
  wrong.send_binary("bytes");
  on.engine->close_session(on.id_of(unwanted), 4009, "not you");
  for (int i = 0; i < 5; ++i) on.settle();
  CHECK(on.end_of(slow).code == 4100);
  CHECK(on.end_of(wrong).code == 1003);
  CHECK(on.end_of(unwanted).code == 4009);
  CHECK(on.stat(Metric::connections_now) == 3);
}

TEST_CASE("session pings: whoever says anything is not asked") {
  SessionsOnFake on(impatient());
  PusherClient& client = on.open();
  client.answers_pings = false;
  for (int i = 0; i < 10; ++i) {
    on.kernel.advance_ns(900'000'000);
    client.send_text("something");
    on.settle();
  }
  CHECK(client.application_pings == 0);
  CHECK(client.is_open());
}

TEST_CASE("slow sessions: too many bytes behind is closed with 4100, when it reads again") {
  SessionsOnFake on(with_limits(50'000, 1 << 30));
  PusherClient& slow = on.open(sim::terms_of(0), 3000);
  PusherClient& other = on.open();
  on.join(slow, "c");
  on.join(other, "c");
  on.settle();
  slow.pace = Pace::stuck;
  for (int i = 0; i < 60; ++i) {
    on.publish_event("c", std::string(1000, 'x'));
    on.settle();
  }
  CHECK(on.count<shard::Slow>() == 1);
  slow.pace = Pace::eager;
  on.settle();
  CHECK(slow.close_code == 4100);
  CHECK(slow.trouble.empty());
  REQUIRE(!slow.events.empty());
  CHECK(slow.events.back().name == "pusher:error");
  CHECK(slow.events.back().data.find("slow consumer: ") != std::string::npos);
  CHECK(slow.events.back().data.ends_with(R"(,"code":4100})"));
  CHECK(other.heard("c").size() == 60);
  CHECK(on.end_of(slow).code == 4100);
  CHECK(on.engine->memory().bytes_now() == 0);
}

TEST_CASE("slow sessions: one that did not read before it joined is judged by age in time") {
  shard::EngineOptions options = with_limits(1 << 30, 1000);
  options.sessions = {3'600'000, 500};
  SessionsOnFake on(options);
  PusherClient& slow = on.open(sim::terms_of(0), 3000);
  slow.pace = Pace::stuck;
  for (int i = 0; i < 10; ++i) on.send(slow, std::string(1000, 'p'));
  on.turn();
  on.turn();
  on.join(slow, "c");
  on.turn();
  on.publish_event("c", "too late for it");
  for (int i = 0; i < 30; ++i) on.turn(50);
  CHECK(on.count<shard::Slow>() == 1);
  slow.pace = Pace::eager;
  on.settle();
  CHECK(slow.close_code == 4100);
  CHECK(on.engine->memory().bytes_now() == 0);
}

TEST_CASE("greedy sessions: whoever asks and does not read is ended before its answers fill the memory") {
  for (const bool by_joins : {false, true}) {
    CAPTURE(by_joins);
    SessionsOnFake on;
    PusherClient& greedy = on.open(sim::terms_of(0), 3000);
    greedy.pace = Pace::stuck;
    const std::string answer(10'000, 'a');
    for (int i = 0; i < 50; ++i) {
      by_joins ? static_cast<void>(on.join(greedy, "c" + std::to_string(i), answer)) : on.send(greedy, answer);
      on.turn();
    }
    CHECK(on.count<shard::SessionEnded>() == 0);
    for (int i = 50; i < 120; ++i) {
      by_joins ? static_cast<void>(on.join(greedy, "c" + std::to_string(i), answer)) : on.send(greedy, answer);
      on.turn();
    }
    CHECK(on.count<shard::SessionEnded>() == 1);
    CHECK(on.end_of(greedy).code == 1006);
    CHECK(on.stat(Metric::connections_closed_slow) == 1);
    CHECK(on.stat(Metric::connections_now) == 0);
    CHECK(on.stat(Metric::subscriptions_now) == 0);
  }
}

TEST_CASE("regression: one answer may be larger than what may wait unread") {
  SessionsOnFake on;
  PusherClient& client = on.open(sim::terms_of(0), 3000);
  const std::string list(3'000'000, 'm');
  on.join(client, "presence-crowd", list);
  on.settle();
  CHECK(!client.close_code);
  CHECK(on.stat(Metric::subscriptions_now) == 1);
  client.pace = Pace::stuck;
  on.send(client, list);
  on.turn();
  CHECK(on.count<shard::SessionEnded>() == 0);
  on.send(client, "one more");
  on.turn();
  CHECK(on.count<shard::SessionEnded>() == 1);
}

TEST_CASE("regression: sessions that leave within a frame and never read its rest do not fill the logs for ever") {
  shard::EngineOptions options;
  options.log_bytes_max = 300 * 1024;
  SessionsOnFake on(options);
  for (int i = 0; on.publish("pusher/1/other", std::string("x")) == shard::PublishStatus::ok; ++i) {
    REQUIRE(i < 100);
    PusherClient& client = on.open(sim::terms_of(0), 3000);
    const std::string channel = "c" + std::to_string(i);
    on.join(client, channel);
    on.settle();
    client.pace = Pace::stuck;
    on.publish_event(channel, std::string(15'000, 'x'));
    on.turn();
    on.leave(client, channel);
    on.turn();
  }
  CHECK(on.stat(Metric::subscriptions_now) == 0);
  for (int i = 0; i < 10; ++i) {
    on.publish("pusher/1/other", std::string("x"));
    on.step(200);
  }
  CHECK(on.engine->memory().below_resume(topic::Demand::little));
  CHECK(on.publish("pusher/1/other", std::string("x")) == shard::PublishStatus::ok);
}

TEST_CASE("full logs: sessions that publish are not read, the logs stay in their bound, and nothing is lost") {
  shard::EngineOptions options = with_limits(1 << 30, 1 << 30);
  options.shards = 2;
  options.log_bytes_max = 300 * 1024;
  SessionsOnFake on(options);
  std::vector<PusherClient*> publishers;
  for (int i = 0; i < 4; ++i) {
    publishers.push_back(&on.open(sim::terms_of(60'000)));
    on.join_to_publish(*publishers.back(), "c" + std::to_string(i));
  }
  PusherClient& stuck = on.open(sim::terms_of(0), 3000);
  for (int i = 0; i < 4; ++i) on.join(stuck, "c" + std::to_string(i));
  on.settle();
  on.kernel.faults.refused_send = 1000;
  Texts sent;
  for (int i = 0; i < 1000; ++i) {
    sent.push_back(std::to_string(i) + std::string(1000, '.'));
    for (std::size_t who = 0; who < 4; ++who) publishers[who]->send_event({"client-e", "c" + std::to_string(who), sent.back()});
  }
  std::size_t bytes_max = 0;
  for (int i = 0; i < 200; ++i) {
    for (PusherClient* each : publishers) each->step();
    for (unsigned index = 0; index < 2; ++index) {
      on.engine->shard(index).turn(0);
      bytes_max = std::max(bytes_max, on.engine->memory().bytes_now());
    }
  }
  CHECK(on.stat(Metric::publishers_paused) >= 1);
  CHECK(bytes_max >= options.log_bytes_max);
  CHECK(bytes_max <= options.log_bytes_max + 4 * 1024 * 1024);  // a read and a burst segment for each of four topics on top
  on.kernel.faults.refused_send = 0;
  for (int i = 0; i < 100; ++i) on.settle(5);
  for (std::size_t who = 0; who < 4; ++who) CHECK(stuck.heard("c" + std::to_string(who)) == sent);
  CHECK(on.count<shard::SessionMessage>() == 0);
  CHECK(on.engine->memory().bytes_now() == 0);
}
