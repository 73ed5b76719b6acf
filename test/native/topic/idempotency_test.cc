// Covers native/topic/idempotency.cc: a key's first publication, and how many keys are remembered.
// Owner: the test. Thread: main, and two others in the last one.
#include "native/topic/idempotency.h"

#include <atomic>
#include <thread>

#include "test/native/doctest_last.h"

using topic::Idempotency;
using Claim = topic::Idempotency::Claim;

namespace {

Claim claim(Idempotency& keys, const std::string& topic, const std::string& key) {
  topic::KeptPosition position;
  return keys.claim(topic, key, position);
}

void publish(Idempotency& keys, const std::string& topic, const std::string& key, std::uint64_t offset) {
  CHECK(claim(keys, topic, key) == Claim::first);
  keys.settle(topic, key, "epoch000", offset);
}

}  // namespace

TEST_CASE("idempotency: a key is the first one's until that has published, and known from then on") {
  Idempotency keys({});
  topic::KeptPosition position;
  CHECK(keys.claim("a", "k", position) == Claim::first);
  CHECK(keys.claim("a", "k", position) == Claim::under_way);
  CHECK(keys.claim("b", "k", position) == Claim::first);
  keys.settle("a", "k", "epoch000", 7);
  CHECK(keys.claim("a", "k", position) == Claim::known);
  CHECK(position.epoch == "epoch000");
  CHECK(position.offset == 7);
  CHECK(keys.claim("b", "k", position) == Claim::under_way);
}

TEST_CASE("idempotency: who could not publish leaves the key to the next one") {
  Idempotency keys({});
  CHECK(claim(keys, "a", "k") == Claim::first);
  keys.give_up("a", "k");
  CHECK(keys.size() == 0);
  CHECK(claim(keys, "a", "k") == Claim::first);
  keys.settle("a", "k", "epoch000", 1);
  keys.give_up("a", "k");
  CHECK(claim(keys, "a", "k") == Claim::known);
}

TEST_CASE("idempotency: of a topic the newest are remembered, and of all topics together") {
  Idempotency keys({3, 5});
  for (std::uint64_t i = 0; i < 4; ++i) publish(keys, "a", std::to_string(i), i);
  CHECK(keys.size() == 3);
  CHECK(claim(keys, "a", "1") == Claim::known);
  CHECK(claim(keys, "a", "3") == Claim::known);
  for (std::uint64_t i = 0; i < 3; ++i) publish(keys, "b", std::to_string(i), i);
  CHECK(keys.size() == 5);
  CHECK(claim(keys, "a", "2") == Claim::known);
  CHECK(claim(keys, "b", "0") == Claim::known);
  CHECK(claim(keys, "a", "1") == Claim::first);  // it was the oldest of all, and again is the newest
  CHECK(claim(keys, "a", "2") == Claim::first);  // which has cost the next oldest its place
  CHECK(keys.size() == 5);
}

TEST_CASE("idempotency: one that became too old before it was published does no harm") {
  Idempotency keys({1, 1});
  CHECK(claim(keys, "a", "old") == Claim::first);
  publish(keys, "b", "new", 1);
  keys.settle("a", "old", "epoch000", 1);
  keys.give_up("a", "old");
  CHECK(keys.size() == 1);
  CHECK(claim(keys, "b", "new") == Claim::known);
}

TEST_CASE("idempotency: with no room none is remembered") {
  Idempotency keys({0, 5});
  publish(keys, "a", "k", 1);
  CHECK(claim(keys, "a", "k") == Claim::first);
  CHECK(keys.size() == 0);
}

TEST_CASE("idempotency: of two threads with the same keys one publishes each") {
  Idempotency keys({});
  std::atomic<int> published{0};
  const auto run = [&] {
    for (int i = 0; i < 500; ++i) {
      topic::KeptPosition position;
      const std::string key = std::to_string(i);
      for (;;) {
        const Claim result = keys.claim("a", key, position);
        if (result == Claim::under_way) continue;
        if (result == Claim::first) {
          ++published;
          keys.settle("a", key, "epoch000", static_cast<std::uint64_t>(i));
        } else {
          CHECK(position.offset == static_cast<std::uint64_t>(i));
        }
        break;
      }
    }
  };
  std::thread other(run);
  run();
  other.join();
  CHECK(published == 500);
}
