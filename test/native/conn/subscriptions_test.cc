// Covers conn::Subscriptions in native/conn/connection.h.
// Owner: the test. Thread: main.
#include <random>

#include "native/conn/connection.h"
#include "native/conn/topic_slice.h"
#include "test/native/doctest_last.h"

namespace {

/// Slices to point to: nothing of them is looked at.
struct Slices {
  Slices() {
    for (int i = 0; i < 10; ++i) each.push_back(std::make_unique<conn::TopicSlice>(nullptr, codec::EncodingId::pusher, rule));
  }
  conn::SlowRule rule;
  std::vector<std::unique_ptr<conn::TopicSlice>> each;
};

std::vector<std::uint32_t> indices_of(conn::Subscriptions& subscriptions) {
  std::vector<std::uint32_t> indices;
  for (std::size_t i = 0; i < subscriptions.size(); ++i) indices.push_back(subscriptions[i].index);
  return indices;
}

}  // namespace

TEST_CASE("subscriptions: one is removed from any place, the others keep their order") {
  Slices slices;
  for (std::size_t count = 1; count <= 4; ++count) {
    for (std::size_t removed = 0; removed < count; ++removed) {
      CAPTURE(count);
      CAPTURE(removed);
      conn::Subscriptions subscriptions;
      std::vector<std::uint32_t> wanted;
      for (std::uint32_t i = 0; i < count; ++i) {
        subscriptions.push({slices.each[i].get(), i});
        if (i != removed) wanted.push_back(i);
      }
      subscriptions.remove(removed);
      CHECK(indices_of(subscriptions) == wanted);
      subscriptions.push({slices.each[9].get(), 9});
      wanted.push_back(9);
      CHECK(indices_of(subscriptions) == wanted);
      CHECK(subscriptions[subscriptions.size() - 1].slice == slices.each[9].get());
    }
  }
}

TEST_CASE("subscriptions: come and go at random like the elements of a list") {
  Slices slices;
  std::mt19937 random(1);
  conn::Subscriptions subscriptions;
  std::vector<std::uint32_t> wanted;
  for (std::uint32_t i = 0; i < 5000; ++i) {
    if (wanted.size() < 8 && random() % 2 == 0) {
      subscriptions.push({slices.each[i % 10].get(), i});
      wanted.push_back(i);
    } else if (!wanted.empty()) {
      const std::size_t victim = random() % wanted.size();
      subscriptions.remove(victim);
      wanted.erase(wanted.begin() + static_cast<std::ptrdiff_t>(victim));
    }
    REQUIRE(indices_of(subscriptions) == wanted);
  }
  subscriptions.clear();
  CHECK(subscriptions.size() == 0);
}
