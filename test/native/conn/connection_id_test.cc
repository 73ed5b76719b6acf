// Covers native/conn/connection_id.h.
// Owner: the test. Thread: main.
#include "native/conn/connection_id.h"

#include <set>

#include "native/topic/log.h"
#include "test/native/doctest_last.h"

namespace {

constexpr unsigned shard_last = topic::shards_max - 1;
constexpr std::uint32_t slot_last = (1u << conn::id_slot_bits) - 1;

}  // namespace

TEST_CASE("connection id: says shard and slot, and fits the integers of JavaScript, at every bound") {
  for (const unsigned shard : {0u, 1u, 31u, shard_last}) {
    for (const std::uint32_t slot : {0u, 1u, 127u, 128u, 1'000'000u, slot_last}) {
      for (const std::uint32_t generation : {0u, 1u, 8'388'605u, 8'388'606u, 8'388'607u, 8'388'608u, UINT32_MAX}) {
        CAPTURE(shard);
        CAPTURE(slot);
        CAPTURE(generation);
        const conn::ConnectionId id = conn::make_id(shard, slot, generation);
        CHECK(id > 0);
        CHECK(id < std::uint64_t{1} << 53);
        CHECK(conn::shard_of(id) == shard);
        CHECK(conn::slot_of(id) == slot);
        CHECK(conn::generation_of(id) == conn::id_generation(generation));
        CHECK(conn::generation_of(id) != 0);
      }
    }
  }
}

TEST_CASE("connection id: a place in the table is used millions of times before one repeats") {
  constexpr std::uint32_t generations = (1u << conn::id_generation_bits) - 1;
  static_assert(generations > 8'000'000);
  CHECK(conn::make_id(3, 5, generations - 1) != conn::make_id(3, 5, generations));
  CHECK(conn::make_id(3, 5, 0) == conn::make_id(3, 5, generations));
  std::set<conn::ConnectionId> ids;
  for (std::uint32_t generation = 0; generation < 3000; ++generation) ids.insert(conn::make_id(3, 5, generation * 2796));
  CHECK(ids.size() == 3000);
}

TEST_CASE("connection id: numbers that name nobody are taken apart within bounds of the caller's own check") {
  CHECK(conn::shard_of(0) == 0);
  CHECK(conn::generation_of(0) == 0);  // which no id has
  CHECK(conn::shard_of((std::uint64_t{1} << 53) - 1) == shard_last);
  CHECK(conn::shard_of(UINT64_MAX) > shard_last);
}
