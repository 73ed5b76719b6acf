// Covers native/topic/last_values.cc.
// Owner: the test. Thread: main.
#include "native/topic/last_values.h"

#include "test/native/doctest_last.h"

namespace {

struct Fixture {
  topic::TopicRef topic(const std::string& name) { return std::make_shared<topic::Topic>(name); }
  void keep(topic::LastValues& values, const topic::TopicRef& topic, const std::string& payload, std::uint64_t offset) {
    values.keep(topic, {codec::PayloadKind::text, base::bytes_of(payload)}, offset);
  }
  std::string find(const topic::LastValues& values, const std::string& name) {
    const auto value = values.find(name);
    return value ? std::string(base::text_of(value->payload)) : "nothing";
  }
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

TEST_CASE_FIXTURE(Fixture, "last values: the latest publication counts, whichever comes first") {
  topic::LastValues values(limits(10, 100));
  const topic::TopicRef a = topic("a");
  CHECK(find(values, "a") == "nothing");
  keep(values, a, "one", 0);
  keep(values, a, "three", 2);
  keep(values, a, "two", 1);  // from another shard, overtaken
  CHECK(find(values, "a") == "three");
  CHECK(values.find("a")->offset == 2);
  CHECK(values.size() == 1);
  CHECK(values.bytes_now() == 5);
}

TEST_CASE_FIXTURE(Fixture, "last values: topics published to longest ago make room") {
  topic::LastValues values(limits(2, 100));
  const topic::TopicRef a = topic("a"), b = topic("b"), c = topic("c");
  keep(values, a, "1", 0);
  keep(values, b, "2", 0);
  keep(values, a, "3", 1);
  keep(values, c, "4", 0);
  CHECK(find(values, "a") == "3");
  CHECK(find(values, "b") == "nothing");
  CHECK(find(values, "c") == "4");
}

TEST_CASE_FIXTURE(Fixture, "last values: all payloads together have a bound") {
  topic::LastValues values(limits(10, 10));
  const topic::TopicRef a = topic("a"), b = topic("b");
  keep(values, a, "123456", 0);
  const auto held = values.find("a");
  keep(values, b, "12345", 0);
  CHECK(find(values, "a") == "nothing");
  CHECK(base::text_of(held->payload) == "123456");  // whoever reads it goes on
  CHECK(values.bytes_now() == 5);
  keep(values, b, "more than ten", 1);
  CHECK(find(values, "b") == "nothing");
  CHECK(values.size() == 0);
  CHECK(values.bytes_now() == 0);
}

TEST_CASE_FIXTURE(Fixture, "last values: a topic lives as long as its value") {
  topic::LastValues values(limits(1, 10));
  topic::TopicRef a = topic("a");
  const std::weak_ptr<topic::Topic> watch = a;
  keep(values, a, "1", 0);
  a.reset();
  CHECK(!watch.expired());
  keep(values, topic("b"), "2", 0);
  CHECK(watch.expired());
}
