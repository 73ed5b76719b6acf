// Covers native/topic/ear.cc: what an ear keeps, what makes room, and when it wakes.
// Owner: the test. Thread: main, and one that fills where it says so.
#include "native/topic/ear.h"

#include <thread>

#include "test/native/doctest_last.h"

using topic::Ear;
using topic::Hearing;

namespace {

topic::HeardRef heard(std::uint64_t offset, std::size_t bytes = 1) {
  return std::make_shared<const topic::Heard>(topic::Heard{codec::PayloadKind::text, offset, std::string(bytes, 'x')});
}

/// What waits, as offsets, each with a plus for every publication that was dropped before it.
std::string taken(Ear& ear, std::size_t max = SIZE_MAX) {
  std::vector<Hearing> into;
  const bool all = ear.take(max, into);
  std::string text;
  for (const Hearing& each : into) text += std::string(each.dropped, '+') + std::to_string(each.heard->offset) + ' ';
  return text + (all ? "." : "...");
}

}  // namespace

TEST_CASE("ear: it wakes once until everything was taken") {
  Ear ear(1, {10, 100});
  CHECK(ear.put(heard(0)).wakes);
  CHECK(!ear.put(heard(1)).wakes);
  CHECK(taken(ear, 1) == "0 ...");
  CHECK(!ear.put(heard(2)).wakes);
  CHECK(taken(ear, 2) == "1 2 .");
  CHECK(ear.put(heard(3)).wakes);
  CHECK(taken(ear) == "3 .");
  CHECK(taken(ear) == ".");
}

TEST_CASE("ear: the oldest make room by number, and are told of where they are missing") {
  Ear ear(1, {3, 100});
  std::uint64_t dropped = 0;
  for (std::uint64_t offset = 0; offset < 8; ++offset) dropped += ear.put(heard(offset)).dropped;
  CHECK(dropped == 5);
  CHECK(ear.dropped() == 5);
  CHECK(taken(ear) == "+++++5 6 7 .");
  ear.put(heard(8));
  CHECK(taken(ear) == "8 .");
}

TEST_CASE("ear: and by bytes") {
  Ear ear(1, {100, 10});
  ear.put(heard(0, 4));
  ear.put(heard(1, 4));
  CHECK(ear.put(heard(2, 2)).dropped == 0);
  CHECK(ear.put(heard(3, 9)).dropped == 3);
  CHECK(taken(ear) == "+++3 .");
  CHECK(ear.put(heard(4, 10)).dropped == 0);
  CHECK(taken(ear) == "4 .");
}

TEST_CASE("ear: what is longer than all of it is dropped itself, and told of with the next") {
  Ear ear(1, {100, 10});
  ear.put(heard(0));
  const Ear::PutResult put = ear.put(heard(1, 11));
  CHECK(put.dropped == 1);
  CHECK(!put.wakes);
  CHECK(taken(ear) == "0 .");
  ear.put(heard(2));
  CHECK(taken(ear) == "+2 .");
  CHECK(ear.dropped() == 1);
}

TEST_CASE("ear: one place, and a drop count that is passed on") {
  Ear ear(1, {1, 10});
  ear.put(heard(0));
  ear.put(heard(1));
  ear.put(heard(2, 11));
  ear.put(heard(3));
  CHECK(taken(ear) == "+++3 .");
}

TEST_CASE("ear: closed, it keeps nothing and takes nothing") {
  Ear ear(1, {10, 10});
  ear.put(heard(0));
  ear.close();
  CHECK(!ear.put(heard(1)).wakes);
  CHECK(ear.dropped() == 0);
  CHECK(taken(ear) == ".");
}

TEST_CASE("ear: filled and emptied by two threads, everything comes once and in order") {
  Ear ear(1, {64, 1 << 20});
  constexpr std::uint64_t total = 50'000;
  std::thread shard([&] {
    for (std::uint64_t offset = 0; offset < total; ++offset) ear.put(heard(offset));
  });
  std::uint64_t next = 0;
  bool in_order = true;
  while (next < total) {
    std::vector<Hearing> into;
    ear.take(16, into);
    for (const Hearing& each : into) {
      in_order = in_order && each.heard->offset == next + each.dropped;
      next = each.heard->offset + 1;
    }
  }
  shard.join();
  CHECK(in_order);
  CHECK(ear.dropped() <= total);
}
