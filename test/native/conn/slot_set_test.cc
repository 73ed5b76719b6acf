// Covers native/conn/slot_set.h: against a plain set, and walks from the back that take out where they stand.
// Owner: the test. Thread: main.
#include "native/conn/slot_set.h"

#include <random>
#include <set>

#include "test/native/doctest_last.h"

using conn::SlotSet;

namespace {

std::set<std::uint32_t> members(const SlotSet& set) {
  std::set<std::uint32_t> found;
  for (std::size_t place = 0; place < set.size(); ++place) CHECK(found.insert(set.at(place)).second);
  return found;
}

}  // namespace

TEST_CASE("slot set: agrees with a plain set") {
  std::mt19937 random(1);
  SlotSet set;
  std::set<std::uint32_t> model;
  for (int i = 0; i < 20'000; ++i) {
    if (random() % 2 == 0 || set.size() == 0) {
      const std::uint32_t slot = random() % 50;
      set.add(slot);
      model.insert(slot);
    } else {
      const std::size_t place = random() % set.size();
      model.erase(set.at(place));
      set.remove_at(place);
    }
    REQUIRE(members(set) == model);
  }
}

TEST_CASE("slot set: a walk from the back visits each one once, whatever it takes out or adds") {
  SlotSet set;
  for (std::uint32_t slot = 0; slot < 100; ++slot) set.add(slot);
  std::set<std::uint32_t> visited;
  for (std::size_t left = set.size(); left-- > 0;) {
    const std::uint32_t slot = set.at(left);
    CHECK(visited.insert(slot).second);
    if (slot % 3 == 0) set.remove_at(left);
    if (slot % 10 == 0) set.add(1000 + slot);
  }
  std::set<std::uint32_t> expected;
  for (std::uint32_t slot = 0; slot < 100; ++slot) expected.insert(slot);
  CHECK(visited == expected);
}
