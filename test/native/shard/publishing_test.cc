// Covers native/shard/publishing.cc: the order of things behind the door, and what is refused before it.
// Owner: the test. Thread: main.
#include "native/shard/publishing.h"

#include <string>
#include <vector>

#include "test/native/shard/null_kernel.h"
#include "test/native/topic/topic_fixture.h"
#include "test/native/doctest_last.h"

using metrics::Metric;
using shard::PublishStatus;

namespace {

struct NoEvents final : shard::EventSink {
  bool post(shard::Event&&) override { return true; }
  bool congested() const override { return false; }
};

codec::Publication text(std::string_view payload) { return {codec::PayloadKind::text, base::bytes_of(payload)}; }

shard::EngineOptions options() {
  shard::EngineOptions options;
  options.topics_max = 2;
  options.log_bytes_max = 1 << 20;
  options.codecs.websocket.message_bytes_max = 100'000;
  options.retain.topics = {"kept*"};
  return options;
}

/// An engine without shards, and the door for those who publish from outside.
struct Fixture {
  std::int64_t count(Metric metric) const { return metrics.get(metric); }
  shard::PublishOutcome publish(std::string_view topic, std::string_view payload) { return door.publish_checked(topic, text(payload), 0); }

  ceilings::NullKernel kernel;
  NoEvents events;
  shard::EngineContext engine{options(), kernel, events};
  metrics::Block metrics;
  shard::Publishing door{engine, metrics};
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "publishing: every publication has its place and is counted, heard or not") {
  CHECK(publish("a", "1").offset == 0);
  CHECK(publish("a", "2").offset == 1);
  CHECK(count(Metric::publications) == 2);
  CHECK(count(Metric::publications_unheard) == 2);
  const fixture::Reader reader(*engine.topics.find("a"), 0, fixture::grpc);
  CHECK(door.publish(engine.topics.find("a"), {codec::PayloadKind::binary, base::bytes_of("\xFF")}, 0) == 2);
  CHECK(count(Metric::publications_not_encodable) == 1);
  CHECK(count(Metric::encodes) == 0);
}

TEST_CASE_FIXTURE(Fixture, "publishing: what a pattern chooses is retained by the topic and found by its name") {
  publish("kept", "1");
  publish("a", "1");
  REQUIRE(engine.retained.find("kept") != nullptr);
  CHECK(engine.retained.find("kept") == engine.topics.find("kept")->last());
  CHECK(engine.retained.find("a") == nullptr);
}

TEST_CASE_FIXTURE(Fixture, "publishing: who is refused leaves nothing behind") {
  CHECK(publish("", "1").status == PublishStatus::invalid_topic);
  CHECK(publish("a", std::string(100'001, 'x')).status == PublishStatus::too_big);
  CHECK(engine.topics.size() == 0);
  const topic::TopicRef a = engine.topics.open("a"), b = engine.topics.open("b");
  CHECK(publish("c", "1").status == PublishStatus::topics_full);
  CHECK(publish("a", std::string(1000, 'x')).status == PublishStatus::ok);
  CHECK(count(Metric::publications) == 1);
}

TEST_CASE_FIXTURE(Fixture, "publishing: full logs refuse, those who say much first, and ask for relief") {
  const std::uint32_t asked_ms = engine.relief_asked_ms;
  std::vector<topic::SegmentRef> held;
  const auto fill = [&](topic::Demand until) {
    while (!engine.memory.over_limit(until)) held.push_back(engine.memory.acquire(topic::heap_segment_bytes, topic::Backing::heap));
  };
  const std::string much(topic::little_bytes_max + 1, 'x');
  CHECK(publish("a", much).status == PublishStatus::ok);
  fill(topic::Demand::much);
  CHECK(publish("a", "little").status == PublishStatus::ok);
  CHECK(engine.relief_asked_ms == asked_ms);
  CHECK(publish("a", much).status == PublishStatus::logs_full);
  CHECK(engine.relief_asked_ms != asked_ms);
  fill(topic::Demand::little);
  CHECK(publish("a", "little").status == PublishStatus::logs_full);
  CHECK(count(Metric::publications) == 2);
  held.clear();
  CHECK(publish("a", much).status == PublishStatus::ok);
}
