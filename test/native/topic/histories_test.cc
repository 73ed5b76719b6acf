// Covers native/topic/histories.cc: rules, the bound that all histories have together, and epochs.
// Owner: the test. Thread: main, publishers and a sweeper where it says so.
#include "native/topic/histories.h"

#include <atomic>
#include <thread>

#include "test/native/topic/history_fixture.h"
#include "test/native/doctest_last.h"

using namespace fixture;

namespace {
std::size_t held(std::size_t payload) { return topic::Kept::held_bytes_of({codec::PayloadKind::text, base::bytes_of(std::string(payload, 'x'))}); }
}  // namespace

TEST_CASE("histories: the first rule that matches counts, and where none does nothing is kept or counted") {
  topic::HistoryLimits limits;
  limits.rules = {{"prices/eur", 2, 1 << 20, 300}, {"prices/*", 1, 1 << 20, 300}};
  HistoryScene scene(limits);
  for (const char* name : {"prices/eur", "prices/usd", "other"}) {
    const topic::TopicRef topic = scene.open(name);
    for (const char* text : {"a", "b", "c"}) scene.publish(topic, text);
  }
  CHECK(scene.kept(scene.open("prices/eur")) == "1:b 2:c");
  CHECK(scene.kept(scene.open("prices/usd")) == "2:c");
  CHECK(scene.open("other")->history() == nullptr);
  CHECK(scene.kept(scene.open("other")) == "");
  CHECK(scene.histories.topics_now() == 2);
  CHECK(scene.histories.messages_now() == 3);
}

TEST_CASE("histories: over their bound the topics that were used longest ago lose their oldest, counted") {
  topic::HistoryLimits limits = history_of(1000);
  limits.bytes_max = 10 * held(100);
  HistoryScene scene(limits);
  const topic::TopicRef a = scene.open("a"), b = scene.open("b");
  for (int i = 0; i < 5; ++i) scene.publish(a, std::string(100, 'x'));
  for (int i = 0; i < 5; ++i) scene.publish(b, std::string(100, 'x'));
  CHECK(scene.histories.evicted() == 0);
  scene.publish(b, std::string(100, 'x'));
  CHECK(scene.histories.evicted() >= 1);
  CHECK(a->read_history(beginning(), 100, SIZE_MAX, 0).recovery.first_offset == scene.histories.evicted());
  CHECK(b->read_history(beginning(), 100, SIZE_MAX, 0).kept.size() == 6);
  CHECK(scene.histories.bytes_now() <= limits.bytes_max);
}

TEST_CASE("histories: who reads one uses it") {
  topic::HistoryLimits limits = history_of(1000);
  limits.bytes_max = 10 * held(100);
  HistoryScene scene(limits);
  const topic::TopicRef a = scene.open("a"), b = scene.open("b"), c = scene.open("c");
  for (int i = 0; i < 5; ++i) scene.publish(a, std::string(100, 'x'));
  for (int i = 0; i < 5; ++i) scene.publish(b, std::string(100, 'x'));
  a->read_history(beginning(), 1, SIZE_MAX, 0);
  scene.publish(c, std::string(100, 'x'));
  CHECK(a->read_history(beginning(), 100, SIZE_MAX, 0).kept.size() == 5);
  CHECK(b->read_history(beginning(), 100, SIZE_MAX, 0).kept.size() < 5);
}

TEST_CASE("histories: a bound for topics that have one; the one used longest ago makes room") {
  topic::HistoryLimits limits = history_of(1000);
  limits.topics_max = 2;
  HistoryScene scene(limits);
  const topic::TopicRef a = scene.open("a"), b = scene.open("b"), c = scene.open("c");
  scene.publish(a, "1");
  scene.publish(b, "2");
  scene.publish(a, "3");
  scene.publish(c, "4");
  CHECK(scene.histories.topics_now() == 2);
  CHECK(scene.kept(a) == "0:1 1:3");
  CHECK(scene.kept(b) == "");
  CHECK(scene.histories.evicted() == 1);
  scene.publish(b, "5");  // it comes back
  CHECK(scene.kept(b) == "1:5");
}

TEST_CASE("histories: a topic lives as long as something of it is kept, and with it its epoch") {
  HistoryScene scene(history_of(10, 1 << 20, 10));
  const std::string epoch = scene.open("a")->epoch();
  scene.publish(scene.open("a"), "kept");
  for (int i = 0; i < 5000; ++i) scene.open("once-" + std::to_string(i));
  scene.topics.forget_unused_in_parts();
  CHECK(scene.open("a")->epoch() == epoch);
  CHECK(scene.kept(scene.open("a"), 10'000) == "0:kept");
  scene.histories.expire(10'001);
  for (int i = 0; i < 5000; ++i) scene.open("again-" + std::to_string(i));
  scene.topics.forget_unused_in_parts();
  CHECK(scene.open("a")->epoch() != epoch);
  CHECK(scene.open("a")->published() == 0);
}

TEST_CASE("histories: publishers on many threads, a sweeper, and a bound that is always kept in the end") {
  topic::HistoryLimits limits = history_of(200, 1 << 20, 1);
  limits.bytes_max = 64 * 1024;
  HistoryScene scene(limits);
  std::atomic<bool> done{false};
  std::vector<std::thread> threads;
  for (int publisher = 0; publisher < 4; ++publisher) {
    threads.emplace_back([&scene, publisher] {
      for (int i = 0; i < 2000; ++i) scene.publish(scene.open("t" + std::to_string((publisher + i) % 7)), std::string(200, 'x'), static_cast<std::uint32_t>(i));
    });
  }
  std::thread sweeper([&] {
    for (std::uint32_t now_ms = 0; !done.load(); now_ms += 10) scene.histories.expire(now_ms % 2000);
  });
  for (std::thread& thread : threads) thread.join();
  done.store(true);
  sweeper.join();
  CHECK(scene.histories.bytes_now() <= limits.bytes_max);
  std::size_t messages = 0;
  std::uint64_t published = 0;
  for (int i = 0; i < 7; ++i) {
    const topic::TopicRef topic = scene.open("t" + std::to_string(i));
    messages += topic->read_history(beginning(), SIZE_MAX, SIZE_MAX, 0).kept.size();
    published += topic->published();
  }
  CHECK(published == 8000);
  CHECK(scene.histories.messages_now() == messages);
  scene.histories.expire(100'000);
  CHECK(scene.histories.bytes_now() == 0);
  CHECK(scene.histories.topics_now() == 0);
}
