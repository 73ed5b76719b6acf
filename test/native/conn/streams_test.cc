// Covers native/conn/streams.cc.
// Owner: the test. Thread: main.
#include "native/conn/streams.h"

#include <algorithm>
#include <deque>
#include <map>
#include <random>

#include "test/native/doctest_last.h"

using codec::StreamKey;
using conn::Streams;

TEST_CASE("streams: each stream's subscription is found while it lasts, and never by its slot's next stream") {
  Streams streams;
  streams.add({1, 0});
  streams.add({3, 1});
  CHECK(streams.find({1, 0}) == 0);
  CHECK(streams.find({3, 1}) == 1);
  CHECK(!streams.find({5, 1}));
  CHECK(!streams.find({7, 9}));
  streams.remove(0);
  CHECK(!streams.find({1, 0}));
  CHECK(streams.find({3, 1}) == 0);  // the last one takes the place
  streams.add({9, 0});
  CHECK(!streams.find({1, 0}));
  CHECK(streams.find({9, 0}) == 1);
  CHECK(streams.find_slot(0) == 1);
  CHECK(streams.key_of(1) == StreamKey{9, 0});
}

TEST_CASE("streams: the queue is first in, first out, each slot once, over any growth") {
  std::mt19937 random(3);
  Streams streams;
  std::deque<std::uint32_t> model;
  std::uint32_t slots = 0;
  const auto waits = [&](std::uint32_t slot) { return std::find(model.begin(), model.end(), slot) != model.end(); };
  for (int i = 0; i < 20'000; ++i) {
    const std::uint32_t slot = slots == 0 ? 0 : random() % slots;
    switch (random() % 8) {
      case 0:
        if (slots < 300) streams.add({2 * slots + 1, slots}), ++slots;
        break;
      case 1:
      case 2:
      case 3:
        if (slots == 0) break;
        streams.enqueue(slot);
        if (!waits(slot)) model.push_back(slot);
        break;
      case 4:
        if (slots == 0) break;
        streams.enqueue_first(slot);
        if (!waits(slot)) model.push_front(slot);
        break;
      default:
        REQUIRE(streams.has_queued() == !model.empty());
        if (model.empty()) break;
        CHECK(streams.dequeue() == model.front());
        model.pop_front();
    }
  }
}

TEST_CASE("streams: a slot may wait for a stream that is gone, and then for its next one") {
  Streams streams;
  streams.add({1, 0});
  streams.add({3, 1});
  streams.enqueue(0);
  streams.remove(*streams.find({1, 0}));
  CHECK(!streams.find_slot(0));
  streams.add({5, 0});
  streams.enqueue(0);
  CHECK(streams.dequeue() == 0);
  CHECK(!streams.has_queued());
}

TEST_CASE("streams: without subscriptions nothing waits, and large tables are let go of") {
  Streams streams;
  for (std::uint32_t i = 0; i < 100; ++i) streams.add({2 * i + 1, i});
  for (std::uint32_t i = 0; i < 100; ++i) streams.enqueue(i);
  for (std::size_t i = 100; i-- > 0;) streams.remove(i);
  CHECK(!streams.has_queued());
  CHECK(!streams.find_slot(99));
  streams.add({201, 0});
  streams.enqueue(0);
  CHECK(streams.dequeue() == 0);
}
