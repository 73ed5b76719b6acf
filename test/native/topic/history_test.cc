// Covers native/topic/history.cc and kept.h: one topic's history and its bounds.
// Owner: the test. Thread: main.
#include "native/topic/history.h"

#include <cstdlib>
#include <map>

#include "native/os/heap.h"
#include "test/native/codec/random_seed.h"
#include "test/native/topic/history_fixture.h"
#include "test/native/doctest_last.h"

using namespace fixture;

TEST_CASE("history: the newest publications, by number") {
  HistoryScene scene(history_of(3));
  const topic::TopicRef topic = scene.open("a");
  CHECK(scene.kept(topic) == "");
  for (const char* text : {"a", "b", "c"}) scene.publish(topic, text);
  CHECK(scene.kept(topic) == "0:a 1:b 2:c");
  scene.publish(topic, "d");
  CHECK(scene.kept(topic) == "1:b 2:c 3:d");
  CHECK(scene.histories.messages_now() == 3);
}

TEST_CASE("history: by age, also when nothing is published any more") {
  HistoryScene scene(history_of(100, 1 << 20, 10));
  const topic::TopicRef topic = scene.open("a");
  scene.publish(topic, "a", 1000);
  scene.publish(topic, "b", 5000);
  CHECK(scene.kept(topic, 11'000) == "0:a 1:b");
  CHECK(scene.kept(topic, 11'001) == "1:b");
  scene.histories.expire(15'000);
  CHECK(scene.histories.messages_now() == 1);
  scene.histories.expire(15'001);
  CHECK(scene.histories.messages_now() == 0);
  CHECK(scene.histories.bytes_now() == 0);
  CHECK(scene.histories.topics_now() == 0);
}

TEST_CASE("history: ages hold where the clock begins anew") {
  HistoryScene scene(history_of(100, 1 << 20, 10));
  const topic::TopicRef topic = scene.open("a");
  scene.publish(topic, "a", UINT32_MAX - 5000);
  CHECK(scene.kept(topic, 4000) == "0:a");
  CHECK(scene.kept(topic, 6000) == "");
}

TEST_CASE("history: by bytes, names included; what alone is too much empties it, so that there is never a hole") {
  const std::size_t each = topic::Kept::held_bytes_of({codec::PayloadKind::text, base::bytes_of(std::string(100, 'x'))});
  HistoryScene scene(history_of(100, 3 * each));
  const topic::TopicRef topic = scene.open("a");
  for (int i = 0; i < 4; ++i) scene.publish(topic, std::string(100, static_cast<char>('a' + i)));
  CHECK(scene.histories.bytes_now() == 3 * each);
  CHECK(topic->read_history(beginning(), SIZE_MAX, SIZE_MAX, 0).recovery.first_offset == 1);
  scene.publish(topic, std::string(3 * each, 'x'));
  CHECK(scene.kept(topic) == "");
  CHECK(scene.histories.bytes_now() == 0);
  scene.publish(topic, "small");
  CHECK(scene.kept(topic) == "5:small");
}

TEST_CASE("history: what a publication was is what is kept of it") {
  HistoryScene scene(history_of(10));
  const topic::TopicRef topic = scene.open("a");
  codec::Publication publication{codec::PayloadKind::binary, base::bytes_of("\xFF\x01"), "changed", "user 7"};
  scene.publish(topic, publication);
  const topic::HistoryPage page = topic->read_history(beginning(), SIZE_MAX, SIZE_MAX, 0);
  REQUIRE(page.kept.size() == 1);
  const codec::Publication kept = page.kept[0]->publication();
  CHECK(kept.kind == codec::PayloadKind::binary);
  CHECK(base::text_of(kept.payload) == "\xFF\x01");
  CHECK(kept.event == "changed");
  CHECK(kept.user_id == "user 7");
}

TEST_CASE("history: a page has bounds, but one publication at least") {
  HistoryScene scene(history_of(100));
  const topic::TopicRef topic = scene.open("a");
  for (int i = 0; i < 10; ++i) scene.publish(topic, std::string(1000, 'x'));
  CHECK(topic->read_history(since(*topic, 2), 3, SIZE_MAX, 0).kept.size() == 3);
  CHECK(topic->read_history(since(*topic, 2), 100, 2200, 0).kept.size() == 2);
  CHECK(topic->read_history(since(*topic, 2), 100, 1, 0).kept.size() == 1);
  CHECK(topic->read_history(last(4), 100, SIZE_MAX, 0).recovery.first_offset == 6);
  CHECK(topic->read_history({}, 100, SIZE_MAX, 0).kept.empty());
}

TEST_CASE("history: a kept message of 1 kB takes at most 1.15 kB") {
  constexpr std::size_t messages = 20'000;
  HistoryScene scene(history_of(messages, 64 << 20));
  const topic::TopicRef topic = scene.open("a");
  const std::string payload(1000, 'x');
  for (std::size_t i = 0; i < 1000; ++i) scene.publish(topic, payload);
  const std::size_t before = os::heap_state().in_use;
  for (std::size_t i = 0; i < messages - 1000; ++i) scene.publish(topic, payload);
  const std::size_t grown = os::heap_state().in_use - before;
  CHECK(grown <= (messages - 1000) * 1150);
  CHECK(scene.histories.bytes_now() <= messages * 1150);
  CHECK(scene.histories.bytes_now() + messages * 24 >= grown);  // what is counted is what is taken
}

TEST_CASE("history: whatever is published, every bound holds, nothing is missing in between, and sums are right") {
  const std::uint32_t seed = seed_of_run(20261127);
  CAPTURE(seed);
  std::srand(seed);
  for (int round = 0; round < 20; ++round) {
    const std::size_t messages = 1 + static_cast<std::size_t>(std::rand()) % 20;
    const std::size_t bytes = 200 + static_cast<std::size_t>(std::rand()) % 3000;
    const auto seconds = static_cast<std::uint32_t>(1 + std::rand() % 5);
    HistoryScene scene(history_of(messages, bytes, seconds));
    const topic::TopicRef topic = scene.open("a");
    std::map<std::uint64_t, std::pair<std::string, std::uint32_t>> all;
    std::uint32_t now_ms = 0;
    for (std::uint64_t offset = 0; offset < 300; ++offset) {
      now_ms += static_cast<std::uint32_t>(std::rand() % 1000);
      const std::string text(static_cast<std::size_t>(std::rand() % (std::rand() % 10 == 0 ? 4000 : 300)), static_cast<char>('a' + offset % 26));
      REQUIRE(scene.publish(topic, text, now_ms) == offset);
      all[offset] = {text, now_ms};
      const topic::HistoryPage page = topic->read_history(beginning(), SIZE_MAX, SIZE_MAX, now_ms);
      REQUIRE(page.kept.size() <= messages);
      REQUIRE(page.recovery.first_offset + page.kept.size() == offset + 1);
      std::size_t held = 0;
      for (std::size_t i = 0; i < page.kept.size(); ++i) {
        const auto& [payload, time_ms] = all[page.recovery.first_offset + i];
        REQUIRE(base::text_of(page.kept[i]->payload()) == payload);
        REQUIRE(now_ms - time_ms <= seconds * 1000);
        held += page.kept[i]->held_bytes();
      }
      REQUIRE(held <= bytes);
      REQUIRE(scene.histories.bytes_now() == held);
      REQUIRE(scene.histories.messages_now() == page.kept.size());
    }
  }
}
