// Covers native/topic/replay.cc and topic_replay.cc: what a start from a position brings, and what it says of it.
// Owner: the test. Thread: main.
#include "native/topic/replay.h"

#include "test/native/topic/history_fixture.h"
#include "test/native/doctest_last.h"

using namespace fixture;

namespace {

/// The frames of texts, one after another.
std::string frames(const std::vector<std::string>& texts) {
  std::string bytes;
  for (const std::string& text : texts) bytes += frame_of(text);
  return bytes;
}

std::vector<std::string> numbered(int from, int to) {
  std::vector<std::string> texts;
  for (int i = from; i < to; ++i) texts.push_back("message " + std::to_string(i));
  return texts;
}

struct Scene : HistoryScene {
  explicit Scene(std::size_t messages = 1000) : HistoryScene(history_of(messages)), topic(open("t")) {}
  void publish_some(int from, int to) {
    for (const std::string& text : numbered(from, to)) publish(topic, text);
  }
  topic::TopicRef topic;
};

}  // namespace

TEST_CASE_FIXTURE(Scene, "replay: from a position on, then what is published from now on, nothing twice and nothing left out") {
  publish_some(0, 10);
  ReplayReader reader(*this, topic, 0, since(*topic, 4));
  CHECK(reader.recovery.epoch == topic->epoch());
  CHECK(reader.recovery.first_offset == 4);
  CHECK(reader.recovery.live_offset == 10);
  CHECK(reader.recovery.whole);
  CHECK(reader.recovery.skipped == 0u);
  CHECK(!reader.recovery.gap("t"));
  CHECK(reader.encodes == 6);
  CHECK(reader.read(7) == frames(numbered(4, 10)));
  publish_some(10, 13);
  reader.take();
  CHECK(reader.read() == frames(numbered(10, 13)));
  reader.settle();
  CHECK(reader.window.empty());
}

TEST_CASE_FIXTURE(Scene, "replay: the newest N, the beginning, and from now on") {
  publish_some(0, 10);
  CHECK(ReplayReader(*this, topic, 0, last(3)).read() == frames(numbered(7, 10)));
  CHECK(ReplayReader(*this, topic, 0, last(30)).read() == frames(numbered(0, 10)));
  CHECK(ReplayReader(*this, topic, 0, beginning()).read() == frames(numbered(0, 10)));
  ReplayReader live(*this, topic, 0, {});
  CHECK(live.read().empty());
  CHECK(live.recovery.live_offset == 10);
  CHECK(!live.recovery.asked);
  ReplayReader up_to_date(*this, topic, 1, since(*topic, 10));
  CHECK(up_to_date.read().empty());
  CHECK(up_to_date.recovery.whole);
}

TEST_CASE("replay: what is no longer kept is told exactly") {
  Scene scene(5);
  scene.publish_some(0, 10);
  ReplayReader reader(scene, scene.topic, 0, since(*scene.topic, 2));
  CHECK(reader.read() == frames(numbered(5, 10)));
  CHECK(!reader.recovery.whole);
  CHECK(reader.recovery.skipped == 3u);
  const auto gap = reader.recovery.gap("t");
  REQUIRE(gap);
  CHECK(gap->first == 2u);
  CHECK(gap->last == 4u);
  ReplayReader all(scene, scene.topic, 1, beginning());
  CHECK(all.recovery.skipped == 5u);
  CHECK(!all.recovery.whole);
  ReplayReader some(scene, scene.topic, 1, last(100));
  CHECK(some.recovery.whole);  // it asked for what there is
}

TEST_CASE_FIXTURE(Scene, "replay: of another epoch, or a position that is yet to come, nobody knows what was missed: it gets all there is") {
  publish_some(0, 4);
  for (const codec::ReplayWish& wish : {codec::ReplayWish{codec::ReplayWish::From::since, "elsewhere", 2, 0}, since(*topic, 5)}) {
    ReplayReader reader(*this, topic, 0, wish);
    CHECK(reader.read() == frames(numbered(0, 4)));
    CHECK(!reader.recovery.whole);
    CHECK(!reader.recovery.skipped);
    const auto gap = reader.recovery.gap("t");
    REQUIRE(gap);
    CHECK(!gap->first);
    CHECK(!gap->skipped);
  }
}

TEST_CASE("replay: a topic without a history counts what was missed") {
  HistoryScene scene({});
  const topic::TopicRef topic = scene.open("t");
  for (int i = 0; i < 5; ++i) scene.publish(topic, "x");
  ReplayReader reader(scene, topic, 0, since(*topic, 2));
  CHECK(reader.read().empty());
  CHECK(reader.recovery.skipped == 3u);
  ReplayReader whole(scene, topic, 1, since(*topic, 5));
  CHECK(whole.recovery.whole);
  scene.publish(topic, "live");
  reader.take();
  CHECK(reader.read() == frame_of("live"));
}

TEST_CASE_FIXTURE(Scene, "replay: who comes back at about the same time shares what was encoded, on every shard") {
  publish_some(0, 100);
  std::uint64_t encodes = 0;
  ReplayReader stays(*this, topic, 9, {});
  for (unsigned i = 0; i < 50; ++i) {
    ReplayReader one(*this, topic, i % 3, since(*topic, 0));
    ReplayReader other(*this, topic, 3 + i % 3, since(*topic, 50));
    CHECK(one.read() == frames(numbered(0, 100)));
    CHECK(other.read() == frames(numbered(50, 100)));
    encodes += one.encodes + other.encodes;
  }
  CHECK(encodes == 100);
}

TEST_CASE_FIXTURE(Scene, "replay: while others publish, each publication is encoded once for all that come back") {
  ReplayReader stays(*this, topic, 5, {});
  publish_some(0, 50);
  std::uint64_t encodes = 0;
  for (int i = 50; i < 100; ++i) {
    ReplayReader reader(*this, topic, 0, since(*topic, 0));
    encodes += reader.encodes;
    CHECK(reader.read() == frames(numbered(0, i)));
    publish_some(i, i + 1);
    reader.take();
    CHECK(reader.read() == frames(numbered(i, i + 1)));
  }
  CHECK(encodes == 99);
}

TEST_CASE_FIXTURE(Scene, "replay: what was encoded is used for a while, and let go of behind it") {
  publish_some(0, 10);
  ReplayReader stays(*this, topic, 5, {});
  CHECK(ReplayReader(*this, topic, 0, since(*topic, 0)).encodes == 10);
  const std::size_t bytes = memory.bytes_now();
  CHECK(ReplayReader(*this, topic, 0, since(*topic, 0), {16 << 20, topic::replay_reuse_ms - 1}).encodes == 0);
  CHECK(ReplayReader(*this, topic, 0, since(*topic, 0), {16 << 20, topic::replay_reuse_ms}).encodes == 10);
  histories.expire(topic::replay_reuse_ms + 1);
  CHECK(memory.bytes_now() > 0);
  histories.expire(2 * topic::replay_reuse_ms);
  CHECK(memory.bytes_now() < bytes);
}

TEST_CASE_FIXTURE(Scene, "replay: within bounds of bytes; the oldest are skipped, and told of") {
  publish_some(0, 100);
  const std::size_t each = frame_of("message 42").size();
  ReplayReader reader(*this, topic, 0, since(*topic, 20), {10 * each, 0});
  CHECK(reader.read() == frames(numbered(90, 100)));
  CHECK(reader.recovery.first_offset == 90);
  CHECK(reader.recovery.skipped == 70u);
  ReplayReader none(*this, topic, 1, since(*topic, 20), {each - 1, 0});
  CHECK(none.read().empty());
  CHECK(none.recovery.skipped == 80u);
  // Also when the bytes are there already.
  ReplayReader all(*this, topic, 2, since(*topic, 20));
  ReplayReader again(*this, topic, 2, since(*topic, 20), {10 * each + 1, 0});
  CHECK(again.read() == frames(numbered(90, 100)));
  CHECK(again.recovery.skipped == 70u);
}

TEST_CASE_FIXTURE(Scene, "replay: long ones lie in several segments") {
  std::string expected;
  for (int i = 0; i < 40; ++i) {
    const std::string text(20'000, static_cast<char>('a' + i % 26));
    publish(topic, text);
    expected += frame_of(text);
  }
  ReplayReader reader(*this, topic, 0, beginning());
  CHECK(reader.window.segments() > 2);
  CHECK(reader.read(60'000) == expected);
}

TEST_CASE_FIXTURE(Scene, "replay: what an encoding cannot say is passed over, wherever it stands") {
  const auto binary = [&] { HistoryScene::publish(topic, codec::Publication{codec::PayloadKind::binary, base::bytes_of("\xFF")}); };
  binary();
  publish_some(1, 3);
  binary();
  publish_some(4, 5);
  binary();
  ReplayReader reader(*this, topic, 0, beginning(), roomy, grpc);
  CHECK(reader.recovery.first_offset == 0);
  CHECK(reader.encodes == 3);
  const auto frame = [](int i) { return frame_of({codec::PayloadKind::text, base::bytes_of(numbered(i, i + 1)[0])}, grpc); };
  CHECK(reader.window.offset_at(reader.window.frame_end(reader.cursor)) == 1);
  CHECK(reader.window.frames_between(0, 6) == 3);
  CHECK(reader.read() == frame(1) + frame(2) + frame(4));
  publish_some(6, 7);
  reader.take();
  CHECK(reader.window.offset_at(reader.cursor) == 6);
  CHECK(reader.read() == frame(6));
  ReplayReader nothing_sayable(*this, topic, 1, since(*topic, 5), roomy, grpc);
  CHECK(nothing_sayable.read() == frame(6));
}

TEST_CASE("replay: what was encoded is let go of also when nothing is kept any more") {
  HistoryScene scene(history_of(10, 1 << 20, 1));
  const topic::TopicRef topic = scene.open("t");
  ReplayReader stays(scene, topic, 5, {});
  scene.publish(topic, "a", 1000);
  {
    ReplayReader reader(scene, topic, 0, beginning(), {16 << 20, 1900});
    CHECK(reader.encodes == 1);
  }
  stays.take();
  stays.read();
  stays.settle();
  scene.histories.expire(2500);  // nothing is kept any more, but what was encoded may still be used
  CHECK(scene.histories.messages_now() == 0);
  CHECK(scene.memory.bytes_now() > 0);
  scene.histories.expire(1900 + topic::replay_reuse_ms);
  CHECK(scene.memory.bytes_now() == 0);
  CHECK(scene.histories.topics_now() == 0);
}
