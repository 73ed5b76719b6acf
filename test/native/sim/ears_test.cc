// Subscribers within the process, on the fake kernel: what they hear, beside sockets and alone, and that they hold nobody up.
// Owner: the test. Thread: main.
#include "test/native/sim/engine_on_fake.h"
#include "test/native/doctest_last.h"

using metrics::Metric;
using shard::ListenStatus;
using sim::Client;
using sim::EngineOnFake;
using sim::Pace;

namespace {

shard::EngineOptions with_shards(unsigned shards) {
  shard::EngineOptions options;
  options.shards = shards;
  return options;
}

topic::EarRef listen(EngineOnFake& on, const std::string& topic, topic::EarLimits limits = {1000, 1 << 20}) {
  static std::uint64_t last = 0;
  const auto ear = std::make_shared<topic::Ear>(++last, limits);
  REQUIRE(on.engine->listen(topic, ear) == ListenStatus::ok);
  return ear;
}

std::vector<std::string> heard(const topic::EarRef& ear) {
  std::vector<topic::Hearing> into;
  ear->take(SIZE_MAX, into);
  std::vector<std::string> payloads;
  for (const topic::Hearing& each : into) {
    payloads.push_back(std::to_string(each.heard->offset) + (each.heard->kind == codec::PayloadKind::text ? " t " : " b ") + each.heard->payload);
  }
  return payloads;
}

using Payloads = std::vector<std::string>;

}  // namespace

TEST_CASE("ears: everything published after the call, from every side, as it was said and with its offset") {
  for (const unsigned shards : {1u, 3u}) {
    CAPTURE(shards);
    EngineOnFake on(with_shards(shards));
    Client& publisher = on.publisher("/t");
    on.publish("t", std::string("before"));
    on.settle();
    const topic::EarRef ear = listen(on, "t");
    on.publish("t", std::string("at once"));  // no shard has turned
    on.publish_binary("t", std::string("\xff\0", 2));
    const std::string large(65'536, 'l');
    on.publish("t", large);
    on.publish("t", std::string());
    on.publish("other", std::string("not this"));
    on.settle();
    publisher.send_message("over a socket");
    on.settle();
    CHECK(heard(ear) == Payloads{"1 t at once", "2 b " + std::string("\xff\0", 2), "3 t " + large, "4 t ", "5 b over a socket"});
    CHECK(on.count<shard::Heard>() == 1);
    CHECK(on.stat(Metric::heard) == 5);
    CHECK(on.stat(Metric::publications_unheard) == 2);
    CHECK(on.engine->memory().bytes_now() == 0);
  }
}

TEST_CASE("ears: beside subscribers, also stuck ones, and each with its own queue") {
  EngineOnFake on;
  Client& reader = on.subscriber("/t");
  Client& stuck = on.subscriber("/t", 2000);
  on.settle();
  stuck.pace = Pace::stuck;
  const topic::EarRef roomy = listen(on, "t");
  const topic::EarRef narrow = listen(on, "t", {2, 1 << 20});
  for (int i = 0; i < 100; ++i) {
    on.publish("t", 1000);
    on.turn();
  }
  on.settle();
  CHECK(reader.messages.size() == 100);
  CHECK(heard(roomy).size() == 100);
  CHECK(heard(narrow).size() == 2);
  CHECK(narrow->dropped() == 98);
  CHECK(on.stat(Metric::heard) == 200);
  CHECK(on.stat(Metric::heard_dropped) == 98);
  CHECK(on.engine->topic_count("t")->subscribers == 4);
}

TEST_CASE("ears: nobody who takes from them costs the log nothing, and the sockets neither") {
  EngineOnFake on;
  Client& reader = on.subscriber("/t");
  on.settle();
  const topic::EarRef ear = listen(on, "t", {10, 1 << 20});
  for (int i = 0; i < 2000; ++i) {
    REQUIRE(on.publish("t", 4000) == shard::PublishStatus::ok);
    on.settle();
  }
  CHECK(reader.messages.size() == 2000);
  CHECK(ear->dropped() == 1990);
  CHECK(on.count<shard::Heard>() == 1);
  CHECK(on.engine->memory().bytes_now() == 0);
}

TEST_CASE("ears: a burst larger than a turn comes whole and in order, and a turn that sockets use up leaves a little for them") {
  EngineOnFake on;
  for (int i = 0; i < 1024; ++i) on.subscriber("/t");  // a pass is exactly what a turn may write
  on.settle();
  const topic::EarRef ear = listen(on, "t", {100'000, std::size_t{1} << 30});
  for (int i = 0; i < 3000; ++i) on.publish("t", 10);
  on.turn();
  const std::size_t after_one_turn = heard(ear).size();
  CHECK(after_one_turn >= 64);
  CHECK(after_one_turn < 3000);
  on.settle();
  CHECK(after_one_turn + heard(ear).size() == 3000);
  CHECK(ear->dropped() == 0);
  CHECK(on.engine->memory().bytes_now() == 0);
}

TEST_CASE("ears: one that leaves hears nothing more, and takes its topic's interest along") {
  EngineOnFake on(with_shards(2));
  const topic::EarRef ear = listen(on, "t");
  const topic::EarRef other = listen(on, "t");
  on.publish("t", std::string("one"));
  on.engine->unlisten("t", *ear);  // before a shard has turned
  on.publish("t", std::string("two"));
  on.settle();
  CHECK(heard(ear).empty());
  CHECK(heard(other) == Payloads{"0 t one", "1 t two"});
  CHECK(on.stat(Metric::subscriptions_now) == 1);
  on.engine->unlisten("t", *other);
  on.settle();
  on.publish("t", std::string("three"));
  CHECK(on.stat(Metric::publications_unheard) == 1);
  CHECK(on.stat(Metric::subscriptions_now) == 0);
  CHECK(on.engine->topic_count("t")->subscribers == 0);
}

TEST_CASE("ears: the last socket leaves, the ear goes on; and the other way round") {
  EngineOnFake on;
  Client& reader = on.subscriber("/t");
  on.settle();
  const topic::EarRef ear = listen(on, "t");
  on.settle();
  reader.vanish();
  on.settle();
  on.publish("t", std::string("alone"));
  on.settle();
  CHECK(heard(ear) == Payloads{"0 t alone"});
  Client& next = on.subscriber("/t");
  on.settle();
  on.engine->unlisten("t", *ear);
  on.publish("t", 10);
  on.settle();
  CHECK(next.messages.size() == 1);
  CHECK(on.engine->memory().bytes_now() == 0);
}

TEST_CASE("ears: names that are none, and topics that are too many, are refused") {
  shard::EngineOptions options;
  options.topics_max = 1;
  EngineOnFake on(options);
  const auto ear = std::make_shared<topic::Ear>(1, topic::EarLimits{1, 1});
  CHECK(on.engine->listen("", ear) == ListenStatus::invalid_topic);
  CHECK(on.engine->listen("t", ear) == ListenStatus::ok);
  CHECK(on.engine->listen("u", ear) == ListenStatus::topics_full);
}
