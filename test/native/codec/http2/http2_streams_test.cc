// Covers native/codec/http2/http2_streams.cc.
// Owner: the test. Thread: main.
#include "native/codec/http2/http2_streams.h"

#include <map>
#include <random>

#include "test/native/codec/random_seed.h"
#include "test/native/doctest_last.h"

using codec::Http2Streams;
using codec::StreamKey;

TEST_CASE("streams: found by key and by id until they are closed") {
  Http2Streams streams;
  CHECK(streams.find({}) == nullptr);
  CHECK(streams.key_of(1) == StreamKey{});
  const StreamKey first = streams.open(1);
  const StreamKey second = streams.open(7);
  CHECK(first == StreamKey{1, 0});
  CHECK(second == StreamKey{7, 1});
  CHECK(streams.find(first)->id == 1);
  CHECK(streams.key_of(7) == second);
  CHECK(streams.key_of(3) == StreamKey{});
  CHECK(streams.find({7, 0}) == nullptr);  // a key that was never given out
  streams.close(first);
  CHECK(streams.find(first) == nullptr);
  CHECK(streams.key_of(1) == StreamKey{});
  const StreamKey third = streams.open(9);
  CHECK(third == StreamKey{9, 0});  // its place is used again
  CHECK(streams.find(first) == nullptr);
  CHECK(streams.size() == 2);
}

TEST_CASE("streams: the oldest first") {
  Http2Streams streams;
  for (std::uint32_t id = 1; id < 20; id += 2) streams.open(id);
  streams.close(streams.key_of(1));
  streams.close(streams.key_of(5));
  const auto oldest = streams.oldest(3);
  REQUIRE(oldest.size() == 3);
  CHECK(oldest[0].id == 3);
  CHECK(oldest[1].id == 7);
  CHECK(oldest[2].id == 9);
  CHECK(streams.oldest(100).size() == 8);
}

TEST_CASE("streams: the largest difference to the initial window") {
  Http2Streams streams;
  CHECK(streams.largest_send_delta() == 0);
  const StreamKey first = streams.open(1);
  const StreamKey second = streams.open(3);
  streams.find(first)->send_delta = 500;
  streams.find(second)->send_delta = 700;
  CHECK(streams.largest_send_delta() == 700);
  streams.close(second);
  CHECK(streams.largest_send_delta() == 500);
}

TEST_CASE("streams: random opening and closing, against a map") {
  const std::uint32_t seed = seed_of_run(9113);
  MESSAGE("CORE_TEST_SEED=" << seed);
  std::mt19937 random(seed);
  Http2Streams streams;
  std::map<std::uint32_t, StreamKey> open;
  std::vector<StreamKey> closed;
  std::uint32_t next_id = 1;
  std::uint32_t slots = 0;
  for (int round = 0; round < 30'000; ++round) {
    const bool grows = random() % 1000 < (round / 3000 % 2 == 0 ? 600u : 400u);
    if (grows || open.empty()) {
      const StreamKey key = streams.open(next_id);
      slots = std::max(slots, key.slot + 1);
      open[next_id] = key;
      next_id += 2 * (1 + random() % 3);
    } else {
      const auto any = open.lower_bound(random() % next_id);
      const auto chosen = any == open.end() ? open.begin() : any;
      streams.close(chosen->second);
      closed.push_back(chosen->second);
      open.erase(chosen);
    }
    REQUIRE(streams.size() == open.size());
    const std::uint32_t id = random() % next_id;
    REQUIRE(streams.key_of(id) == (open.contains(id) ? open[id] : StreamKey{}));
    if (!closed.empty()) REQUIRE(streams.find(closed[random() % closed.size()]) == nullptr);
  }
  CHECK(slots < 3000);  // places are used again
  const auto all = streams.oldest(UINT32_MAX);
  REQUIRE(all.size() == open.size());
  std::size_t at = 0;
  for (const auto& [id, key] : open) REQUIRE(all[at++] == key);
}
