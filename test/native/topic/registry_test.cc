// Covers native/topic/registry.cc.
// Owner: the test. Thread: main, and three more where it says so.
#include "native/topic/registry.h"

#include <atomic>
#include <thread>

#include "native/base/base62.h"

#include "test/native/doctest_last.h"

TEST_CASE("registry: one topic for one name, whoever asks") {
  topic::Registry registry(10);
  const topic::TopicRef a = registry.open("a");
  CHECK(a->name() == "a");
  CHECK(registry.open("a") == a);
  CHECK(registry.open("b") != a);
  CHECK(registry.open("") != nullptr);
  CHECK(registry.size() == 3);
  CHECK(registry.all().size() == 3);
}

TEST_CASE("registry: a bound for topics in use; those that nobody holds make room") {
  topic::Registry registry(3);
  std::vector<topic::TopicRef> held = {registry.open("a"), registry.open("b"), registry.open("c")};
  CHECK(registry.open("d") == nullptr);
  CHECK(registry.open("a") == held[0]);
  held.erase(held.begin());
  CHECK(registry.open("d") != nullptr);
  CHECK(registry.size() == 3);
}

TEST_CASE("registry: forgets unused topics before it grows for ever, never used ones") {
  topic::Registry registry(1'000'000);
  const topic::TopicRef kept = registry.open("kept");
  kept->count_skipped(0, 5);
  for (int i = 0; i < 20'000; ++i) registry.open("once-" + std::to_string(i));
  CHECK(registry.size() < 5000);
  CHECK(registry.open("kept") == kept);
}

TEST_CASE("registry: what was used long ago is forgotten in the end, but for a number that is remembered") {
  topic::Registry registry(100'000);
  std::vector<topic::TopicRef> held;
  for (int i = 0; i < 60'000; ++i) held.push_back(registry.open("t-" + std::to_string(i)));
  registry.forget_unused_in_parts();
  CHECK(registry.size() == 60'000);
  held.resize(5000);
  registry.forget_unused_in_parts();
  CHECK(registry.size() == 5000);
  for (int i = 0; i < 5000; ++i) REQUIRE(registry.find("t-" + std::to_string(i)) == held[static_cast<std::size_t>(i)]);
  held.clear();
  registry.forget_unused_in_parts();
  CHECK(registry.size() == topic::Registry::remembered_max);
  registry.forget_unused_in_parts();
  CHECK(registry.size() == topic::Registry::remembered_max);
}

TEST_CASE("registry: many threads open and drop, and see one topic") {
  topic::Registry registry(8);
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (unsigned seed = 0; seed < 3; ++seed) {
    threads.emplace_back([&registry, &wrong, seed] {
      unsigned state = seed;
      for (int i = 0; i < 3000; ++i) {
        state = state * 1664525 + 1013904223;
        const std::string name = "t" + std::to_string((state >> 16) % 16);
        const topic::TopicRef topic = registry.open(name);
        if (i % 64 == 0) registry.forget_unused_in_parts();
        if (topic && (topic->name() != name || registry.open(name) != topic)) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
  CHECK(registry.size() <= 8);
}

TEST_CASE("registry: each topic that is made has an epoch of its own, also one that was forgotten before") {
  topic::Registry registry(1, "run1234");
  const std::string first = registry.open("a")->epoch();
  CHECK(first.size() >= 8);
  CHECK(first.size() <= 32);
  CHECK(first.starts_with("run1234"));
  CHECK(first.find_first_not_of(base::base62_digits) == std::string::npos);
  CHECK(registry.open("a")->epoch() == first);
  CHECK(registry.open("b")->epoch() != first);  // it takes the place of "a"
  CHECK(registry.open("a")->epoch() != first);
}
