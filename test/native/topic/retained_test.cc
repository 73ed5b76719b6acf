// Covers native/topic/retained.cc.
// Owner: the test. Thread: main, and publishers of some tests.
#include "native/topic/retained.h"

#include <atomic>
#include <functional>
#include <thread>
#include <utility>
#include <vector>

#include "test/native/topic/topic_fixture.h"
#include "test/native/doctest_last.h"

namespace {

/// As shard/publishing.cc does it, of a topic that is chosen.
std::uint64_t publish_retained(topic::Retained& retained, const topic::TopicRef& topic, const std::string& payload, topic::LogMemory& memory) {
  const codec::Publication publication{codec::PayloadKind::text, base::bytes_of(payload)};
  const std::uint64_t offset = topic->publish(publication, 0, memory, retained.copy_of(publication)).offset;
  retained.follow(topic);
  return offset;
}

struct Fixture {
  topic::TopicRef topic(const std::string& name) { return std::make_shared<topic::Topic>(name); }
  std::uint64_t publish(topic::Retained& retained, const topic::TopicRef& topic, const std::string& payload) {
    return publish_retained(retained, topic, payload, memory);
  }
  std::string find(const topic::Retained& retained, const std::string& name) {
    const auto value = retained.find(name);
    return value ? std::string(base::text_of(value->payload)) : "nothing";
  }

  os::LinuxKernel kernel;
  topic::LogMemory memory{kernel, 64 << 20};
};

topic::RetainLimits limits(std::size_t topics_max, std::size_t bytes_max) { return {{"*"}, topics_max, bytes_max}; }

}  // namespace

TEST_CASE_FIXTURE(Fixture, "retained: only topics that a pattern chooses") {
  const topic::Retained none({});
  CHECK(!none.wants("a"));
  const topic::Retained some({{"exact", "prices/*"}, 10, 100});
  CHECK(some.wants("exact"));
  CHECK(!some.wants("exactly"));
  CHECK(some.wants("prices/"));
  CHECK(some.wants("prices/eur"));
  CHECK(!some.wants("price"));
}

TEST_CASE_FIXTURE(Fixture, "retained: the latest publication") {
  topic::Retained retained(limits(10, 100));
  const topic::TopicRef a = topic("a");
  CHECK(find(retained, "a") == "nothing");
  publish(retained, a, "one");
  publish(retained, a, "three");
  CHECK(find(retained, "a") == "three");
  CHECK(retained.find("a")->offset == 1);
  CHECK(retained.size() == 1);
  CHECK(retained.bytes_now() == 5);
}

TEST_CASE_FIXTURE(Fixture, "retained: the latest counts, whichever of several threads comes first") {
  topic::Retained retained(limits(10, 1000));
  const topic::TopicRef a = topic("a");
  std::atomic<std::uint64_t> latest{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 2000; ++n) {
        const std::uint64_t offset = publish(retained, a, "x");
        std::uint64_t seen = latest.load();
        while (seen < offset && !latest.compare_exchange_weak(seen, offset)) {
        }
        if (retained.find("a")->offset < offset) latest = UINT64_MAX;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(latest.load() == 7999);
  CHECK(retained.find("a")->offset == 7999);
  CHECK(retained.bytes_now() == 1);
}

namespace {

/// Calls what a publisher's other threads do while it fetches memory, and while it gives back what it did not need: that is behind
/// its publication, and before it has come to Retained with it.
struct HookedKernel final : os::LinuxKernel {
  os::Mapping map(std::size_t bytes) override {
    if (on_map) std::exchange(on_map, nullptr)();
    return LinuxKernel::map(bytes);
  }
  void unmap(const os::Mapping& mapping) override {
    if (on_unmap) std::exchange(on_unmap, nullptr)();
    LinuxKernel::unmap(mapping);
  }
  std::function<void()> on_map;
  std::function<void()> on_unmap;
};

/// A topic whose next publication needs a mapping that it finds unneeded in the end.
struct Overtaken {
  Overtaken() {
    for (int i = 0; i < 15; ++i) publish(a, std::string(1000, 'a'));  // fills the first segment
    kernel.on_map = [this] { publish(a, std::string(2000, 'm')); };
  }
  std::uint64_t publish(const topic::TopicRef& topic, const std::string& payload) {
    return publish_retained(retained, topic, payload, memory);
  }

  HookedKernel kernel;
  topic::LogMemory memory{kernel, 64 << 20};
  topic::Retained retained{limits(1, 3000)};
  const topic::TopicRef a = std::make_shared<topic::Topic>("a"), b = std::make_shared<topic::Topic>("b");
  fixture::Reader reader{*a, 0};
};

}  // namespace

TEST_CASE_FIXTURE(Overtaken, "retained: an older one does not come back when the newer one was too large") {
  kernel.on_unmap = [this] { CHECK(publish(a, std::string(4000, 'L')) == 17); };
  CHECK(publish(a, std::string(2000, 'o')) == 16);
  CHECK(!kernel.on_unmap);
  CHECK(retained.find("a") == nullptr);
  CHECK(retained.size() == 0);
  CHECK(a->last() == nullptr);
}

TEST_CASE_FIXTURE(Overtaken, "retained: an older one does not come back when the newer one had to make room") {
  kernel.on_unmap = [this] {
    CHECK(publish(a, std::string(10, 'n')) == 17);
    publish(b, "b");
  };
  CHECK(publish(a, std::string(2000, 'o')) == 16);
  CHECK(!kernel.on_unmap);
  CHECK(retained.find("a") == nullptr);
  CHECK(a->last() == nullptr);
  CHECK(retained.find("b") == b->last());
  CHECK(retained.size() == 1);
}

TEST_CASE_FIXTURE(Overtaken, "retained: whoever comes first keeps the newest") {
  kernel.on_unmap = [this] {
    CHECK(a->last()->offset == 16);
    publish(a, std::string(10, 'n'));
  };
  CHECK(publish(a, std::string(2000, 'o')) == 16);
  CHECK(retained.find("a") == a->last());
  CHECK(retained.find("a")->offset == 17);
  CHECK(retained.bytes_now() == 10);
}

TEST_CASE_FIXTURE(Fixture, "retained: who comes while others publish starts with the one before what it sees") {
  topic::Retained retained(limits(10, 1000));
  const topic::TopicRef a = topic("a");
  std::atomic<bool> stop{false};
  std::thread publisher([&] {
    for (int n = 0; !stop.load(); ++n) publish(retained, a, std::to_string(n));
  });
  unsigned starts = 0;
  for (int round = 0; round < 2000; ++round) {
    const topic::Interest interest = a->add_interest(fixture::websocket, 0);
    topic::LogWindow window;
    std::vector<topic::SegmentRef> garbage;
    while (window.head_position() <= interest.begin.position) a->take(fixture::websocket, 0, window, garbage);
    const topic::Range first = window.range(interest.begin.position, 100);
    const std::string frame(reinterpret_cast<const char*>(first.bytes), first.length);
    const std::string next = std::to_string(interest.last ? std::stoull(std::string(base::text_of(interest.last->payload))) + 1 : 0);
    if (frame.starts_with(fixture::frame_of(next))) ++starts;
    a->remove_interest(fixture::websocket, 0, garbage);
  }
  stop = true;
  publisher.join();
  CHECK(starts == 2000);
}

TEST_CASE_FIXTURE(Fixture, "retained: topics published to longest ago make room") {
  topic::Retained retained(limits(2, 100));
  const topic::TopicRef a = topic("a"), b = topic("b"), c = topic("c");
  publish(retained, a, "1");
  publish(retained, b, "2");
  publish(retained, a, "3");
  publish(retained, c, "4");
  CHECK(find(retained, "a") == "3");
  CHECK(find(retained, "b") == "nothing");
  CHECK(find(retained, "c") == "4");
}

TEST_CASE_FIXTURE(Fixture, "retained: all payloads together have a bound") {
  topic::Retained retained(limits(10, 10));
  const topic::TopicRef a = topic("a"), b = topic("b");
  publish(retained, a, "123456");
  const auto held = retained.find("a");
  publish(retained, b, "12345");
  CHECK(find(retained, "a") == "nothing");
  CHECK(base::text_of(held->payload) == "123456");  // whoever reads it goes on
  CHECK(retained.bytes_now() == 5);
  publish(retained, b, "more than ten");
  CHECK(find(retained, "b") == "nothing");
  CHECK(retained.size() == 0);
  CHECK(retained.bytes_now() == 0);
}

TEST_CASE_FIXTURE(Fixture, "retained: of many topics those published to longest ago make room, whichever names they have") {
  topic::Retained retained(limits(100, 10'000));
  std::vector<topic::TopicRef> topics;
  for (int i = 0; i < 300; ++i) topics.push_back(topic("room/" + std::to_string(i)));
  for (const topic::TopicRef& each : topics) publish(retained, each, "first");
  for (std::size_t i = 200; i < 250; ++i) publish(retained, topics[i], "again");
  for (std::size_t i = 0; i < 20; ++i) publish(retained, topics[i], "back");
  CHECK(retained.size() == 100);
  CHECK(retained.bytes_now() == 80 * 5 + 20 * 4);
  for (std::size_t i = 0; i < topics.size(); ++i) {
    const bool kept = i < 20 || (i >= 200 && i < 250) || i >= 270;
    CAPTURE(i);
    CHECK((retained.find(topics[i]->name()) != nullptr) == kept);
    CHECK(retained.find(topics[i]->name()) == topics[i]->last());
  }
}

TEST_CASE_FIXTURE(Fixture, "retained: threads that publish to many topics keep the bounds, and topics agree") {
  topic::Retained retained(limits(50, 400));
  std::vector<topic::TopicRef> topics;
  for (int i = 0; i < 200; ++i) topics.push_back(topic("room/" + std::to_string(i)));
  std::vector<std::thread> threads;
  for (std::size_t thread = 0; thread < 3; ++thread) {
    threads.emplace_back([&, thread] {
      for (std::size_t n = 0; n < 3000; ++n) publish(retained, topics[(n * 7 + thread * 31) % topics.size()], std::string(1 + n % 12, 'x'));
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(retained.size() <= 50);
  CHECK(retained.bytes_now() <= 400);
  std::size_t count = 0;
  std::size_t bytes = 0;
  for (const topic::TopicRef& each : topics) {
    const topic::LastValueRef value = retained.find(each->name());
    CHECK(value == each->last());
    count += value ? 1 : 0;
    bytes += value ? value->payload.size() : 0;
  }
  CHECK(count == retained.size());
  CHECK(bytes == retained.bytes_now());
}

TEST_CASE_FIXTURE(Fixture, "retained: a topic lives as long as its value") {
  topic::Retained retained(limits(1, 10));
  topic::TopicRef a = topic("a");
  const std::weak_ptr<topic::Topic> watch = a;
  publish(retained, a, "1");
  a.reset();
  CHECK(!watch.expired());
  publish(retained, topic("b"), "2");
  CHECK(watch.expired());
}

TEST_CASE_FIXTURE(Fixture, "retained: what is retained no longer is no start either") {
  topic::Retained retained(limits(1, 10));
  const topic::TopicRef a = topic("a"), b = topic("b");
  publish(retained, a, "1");
  CHECK(a->add_interest(fixture::websocket, 0).last == retained.find("a"));
  publish(retained, b, "2");
  CHECK(a->add_interest(fixture::websocket, 0).last == nullptr);
  publish(retained, b, "more than ten bytes");
  CHECK(b->add_interest(fixture::websocket, 0).last == nullptr);
}
