// Covers native/topic/last_values.cc.
// Owner: the test. Thread: main, and publishers of some tests.
#include "native/topic/last_values.h"

#include <atomic>
#include <functional>
#include <thread>
#include <utility>
#include <vector>

#include "test/native/topic/topic_fixture.h"
#include "test/native/doctest_last.h"

namespace {

struct Fixture {
  topic::TopicRef topic(const std::string& name) { return std::make_shared<topic::Topic>(name); }
  std::uint64_t publish(topic::LastValues& values, const topic::TopicRef& topic, const std::string& payload) {
    return values.publish(topic, {codec::PayloadKind::text, base::bytes_of(payload)}, 0, memory).offset;
  }
  std::string find(const topic::LastValues& values, const std::string& name) {
    const auto value = values.find(name);
    return value ? std::string(base::text_of(value->payload)) : "nothing";
  }

  os::LinuxKernel kernel;
  topic::LogMemory memory{kernel, 64 << 20};
};

topic::LastLimits limits(std::size_t topics_max, std::size_t bytes_max) { return {{"*"}, topics_max, bytes_max}; }

}  // namespace

TEST_CASE_FIXTURE(Fixture, "last values: only topics that a pattern chooses") {
  const topic::LastValues none({});
  CHECK(!none.wants("a"));
  const topic::LastValues some({{"exact", "prices/*"}, 10, 100});
  CHECK(some.wants("exact"));
  CHECK(!some.wants("exactly"));
  CHECK(some.wants("prices/"));
  CHECK(some.wants("prices/eur"));
  CHECK(!some.wants("price"));
}

TEST_CASE_FIXTURE(Fixture, "last values: the latest publication") {
  topic::LastValues values(limits(10, 100));
  const topic::TopicRef a = topic("a");
  CHECK(find(values, "a") == "nothing");
  publish(values, a, "one");
  publish(values, a, "three");
  CHECK(find(values, "a") == "three");
  CHECK(values.find("a")->offset == 1);
  CHECK(values.size() == 1);
  CHECK(values.bytes_now() == 5);
}

TEST_CASE_FIXTURE(Fixture, "last values: the latest counts, whichever of several threads comes first") {
  topic::LastValues values(limits(10, 1000));
  const topic::TopicRef a = topic("a");
  std::atomic<std::uint64_t> latest{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 2000; ++n) {
        const std::uint64_t offset = publish(values, a, "x");
        std::uint64_t seen = latest.load();
        while (seen < offset && !latest.compare_exchange_weak(seen, offset)) {
        }
        if (values.find("a")->offset < offset) latest = UINT64_MAX;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(latest.load() == 7999);
  CHECK(values.find("a")->offset == 7999);
  CHECK(values.bytes_now() == 1);
}

namespace {

/// Calls what a publisher's other threads do while it fetches memory, and while it gives back what it did not need: that is behind
/// its publication, and before it has come to LastValues with it.
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
    return values.publish(topic, {codec::PayloadKind::text, base::bytes_of(payload)}, 0, memory).offset;
  }

  HookedKernel kernel;
  topic::LogMemory memory{kernel, 64 << 20};
  topic::LastValues values{limits(1, 3000)};
  const topic::TopicRef a = std::make_shared<topic::Topic>("a"), b = std::make_shared<topic::Topic>("b");
  fixture::Reader reader{*a, 0};
};

}  // namespace

TEST_CASE_FIXTURE(Overtaken, "last values: an older one does not come back when the newer one was too large") {
  kernel.on_unmap = [this] { CHECK(publish(a, std::string(4000, 'L')) == 17); };
  CHECK(publish(a, std::string(2000, 'o')) == 16);
  CHECK(!kernel.on_unmap);
  CHECK(values.find("a") == nullptr);
  CHECK(values.size() == 0);
  CHECK(a->last() == nullptr);
}

TEST_CASE_FIXTURE(Overtaken, "last values: an older one does not come back when the newer one had to make room") {
  kernel.on_unmap = [this] {
    CHECK(publish(a, std::string(10, 'n')) == 17);
    publish(b, "b");
  };
  CHECK(publish(a, std::string(2000, 'o')) == 16);
  CHECK(!kernel.on_unmap);
  CHECK(values.find("a") == nullptr);
  CHECK(a->last() == nullptr);
  CHECK(values.find("b") == b->last());
  CHECK(values.size() == 1);
}

TEST_CASE_FIXTURE(Overtaken, "last values: whoever comes first keeps the newest") {
  kernel.on_unmap = [this] {
    CHECK(a->last()->offset == 16);
    publish(a, std::string(10, 'n'));
  };
  CHECK(publish(a, std::string(2000, 'o')) == 16);
  CHECK(values.find("a") == a->last());
  CHECK(values.find("a")->offset == 17);
  CHECK(values.bytes_now() == 10);
}

TEST_CASE_FIXTURE(Fixture, "last values: who comes while others publish starts with the one before what it sees") {
  topic::LastValues values(limits(10, 1000));
  const topic::TopicRef a = topic("a");
  std::atomic<bool> stop{false};
  std::thread publisher([&] {
    for (int n = 0; !stop.load(); ++n) publish(values, a, std::to_string(n));
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

TEST_CASE_FIXTURE(Fixture, "last values: topics published to longest ago make room") {
  topic::LastValues values(limits(2, 100));
  const topic::TopicRef a = topic("a"), b = topic("b"), c = topic("c");
  publish(values, a, "1");
  publish(values, b, "2");
  publish(values, a, "3");
  publish(values, c, "4");
  CHECK(find(values, "a") == "3");
  CHECK(find(values, "b") == "nothing");
  CHECK(find(values, "c") == "4");
}

TEST_CASE_FIXTURE(Fixture, "last values: all payloads together have a bound") {
  topic::LastValues values(limits(10, 10));
  const topic::TopicRef a = topic("a"), b = topic("b");
  publish(values, a, "123456");
  const auto held = values.find("a");
  publish(values, b, "12345");
  CHECK(find(values, "a") == "nothing");
  CHECK(base::text_of(held->payload) == "123456");  // whoever reads it goes on
  CHECK(values.bytes_now() == 5);
  publish(values, b, "more than ten");
  CHECK(find(values, "b") == "nothing");
  CHECK(values.size() == 0);
  CHECK(values.bytes_now() == 0);
}

TEST_CASE_FIXTURE(Fixture, "last values: a topic lives as long as its value") {
  topic::LastValues values(limits(1, 10));
  topic::TopicRef a = topic("a");
  const std::weak_ptr<topic::Topic> watch = a;
  publish(values, a, "1");
  a.reset();
  CHECK(!watch.expired());
  publish(values, topic("b"), "2");
  CHECK(watch.expired());
}

TEST_CASE_FIXTURE(Fixture, "last values: what is retained no longer is no start either") {
  topic::LastValues values(limits(1, 10));
  const topic::TopicRef a = topic("a"), b = topic("b");
  publish(values, a, "1");
  CHECK(a->add_interest(fixture::websocket, 0).last == values.find("a"));
  publish(values, b, "2");
  CHECK(a->add_interest(fixture::websocket, 0).last == nullptr);
  publish(values, b, "more than ten bytes");
  CHECK(b->add_interest(fixture::websocket, 0).last == nullptr);
}
