// Covers native/topic/log_memory.cc: the account, the bound, idle segments, and a system without descriptors or memory.
// Owner: the test. Thread: main, and some more where it says so.
#include "native/topic/log_memory.h"

#include <array>
#include <thread>
#include <vector>

#include "native/os/linux_kernel.h"
#include "test/native/sim/fake_kernel.h"
#include "test/native/doctest_last.h"

using topic::Backing;
using topic::Demand;
using topic::FrameMark;
using topic::heap_segment_bytes;
using topic::LogMemory;
using topic::page_bytes;
using topic::SegmentRef;

namespace {
/// What a small segment takes: its bytes, and the marks beside them.
constexpr std::size_t small_bytes = heap_segment_bytes + heap_segment_bytes / topic::bytes_per_mark * sizeof(FrameMark);

/// One of which all is memory.
SegmentRef acquire(LogMemory& memory, std::size_t bytes, Backing backing) {
  SegmentRef segment = memory.acquire(bytes, backing);
  if (!segment->has_pages(segment->capacity())) segment->next_pages(segment->capacity());
  return segment;
}

std::vector<SegmentRef> acquire_many(LogMemory& memory, std::size_t count, std::size_t bytes) {
  std::vector<SegmentRef> segments;
  for (std::size_t i = 0; i < count; ++i) segments.push_back(acquire(memory, bytes, Backing::heap));
  return segments;
}
}  // namespace

TEST_CASE("log memory: counts what lives, bytes and marks") {
  sim::FakeKernel kernel(1);
  LogMemory memory(kernel, 1 << 20);
  CHECK(memory.bytes_now() == 0);
  {
    const SegmentRef small = acquire(memory, 1, Backing::heap);
    CHECK(small->capacity() == heap_segment_bytes);
    CHECK(small->file() == -1);
    const SegmentRef large = acquire(memory, 300'000, Backing::memfd);
    CHECK(large->capacity() >= 300'000);
    CHECK(large->capacity() % 4096 == 0);
    CHECK(large->file() >= 0);
    const SegmentRef shared = large;
    CHECK(memory.bytes_now() == small_bytes + large->capacity());  // of the large one's marks none is memory yet
    CHECK(kernel.mappings() == 1);
  }
  CHECK(memory.bytes_now() == 0);
  CHECK(kernel.mappings() == 0);
}

TEST_CASE("log memory: of a large segment counts what is memory, step by step") {
  sim::FakeKernel kernel(1);
  LogMemory memory(kernel, 1 << 20);
  SegmentRef segment = memory.acquire(1 << 20, Backing::memfd);
  CHECK(memory.bytes_now() == 0);
  CHECK(segment->next_pages(10).size() == topic::populate_step_bytes);
  CHECK(memory.bytes_now() == topic::populate_step_bytes);
  CHECK(segment->has_pages(topic::populate_step_bytes));
  CHECK(!segment->has_pages(topic::populate_step_bytes + 1));
  CHECK(segment->next_pages(500'000).size() == 503'808 - topic::populate_step_bytes);
  CHECK(memory.bytes_now() == 503'808);
  CHECK(segment->next_pages(1 << 20).size() == (1 << 20) - 503'808);
  segment = SegmentRef();
  CHECK(memory.bytes_now() == 0);
}

TEST_CASE("log memory: marks of a large segment count by the page that they fill, whatever it is backed by") {
  for (const Backing backing : {Backing::heap, Backing::memfd}) {
    sim::FakeKernel kernel(1);
    LogMemory memory(kernel, 1 << 20);
    constexpr std::size_t marks_per_page = page_bytes / sizeof(FrameMark);
    SegmentRef segment = acquire(memory, 1 << 20, backing);
    segment->start_at(0, 0);
    for (std::size_t frames = 1; segment->has_room(32); ++frames) {
      segment->append(32, 0, 0);
      const std::size_t pages = (frames + marks_per_page - 1) / marks_per_page;
      REQUIRE(memory.bytes_now() == (1u << 20) + pages * page_bytes);
    }
    CHECK(segment->frames() == (1u << 20) / 32);
    CHECK(memory.bytes_now() == (1u << 20) * 3 / 2);
    segment = SegmentRef();
    CHECK(memory.bytes_now() == 0);
    CHECK(memory.idle_bytes() == 0);  // it is larger than all that may be idle
  }
}

TEST_CASE("log memory: a large segment that is used again counts the marks that are memory already") {
  sim::FakeKernel kernel(1);
  LogMemory memory(kernel, 256u << 20);
  {
    const SegmentRef segment = acquire(memory, 256 * 1024, Backing::heap);
    segment->start_at(0, 0);
    for (int i = 0; i < 300; ++i) segment->append(100, 0, 9);
  }
  CHECK(memory.idle_bytes() == 256 * 1024 + 2 * page_bytes);
  const SegmentRef again = acquire(memory, 256 * 1024, Backing::heap);
  CHECK(memory.allocations() == 1);
  CHECK(memory.idle_bytes() == 0);
  CHECK(memory.bytes_now() == 256 * 1024 + 2 * page_bytes);
  CHECK(again->frames() == 0);
  CHECK(!again->has_exclusions());
  again->start_at(0, 0);
  for (int i = 0; i < 512; ++i) again->append(100, 0, 0);
  CHECK(memory.bytes_now() == 256 * 1024 + 2 * page_bytes);
  again->append(100, 0, 0);
  CHECK(memory.bytes_now() == 256 * 1024 + 3 * page_bytes);
}

TEST_CASE("log memory: small segments are used again at once, empty") {
  sim::FakeKernel kernel(1);
  LogMemory memory(kernel, 1 << 20);
  for (int i = 0; i < 10; ++i) {
    SegmentRef segment = acquire(memory, 100, Backing::heap);
    segment->start_at(static_cast<std::uint64_t>(i) * 1000, 7);
    CHECK(segment->append(100, 5, 0).size() == 100);
    CHECK(segment->end() == static_cast<std::uint64_t>(i) * 1000 + 100);
    CHECK(segment->frames() == 1);
  }
  CHECK(memory.allocations() == 1);
  std::vector<SegmentRef> many = acquire_many(memory, 200, 100);
  CHECK(memory.bytes_now() == 200 * small_bytes);
  many.clear();
  CHECK(memory.bytes_now() == 0);
}

TEST_CASE("log memory: what is idle is bounded, and the rest goes back at once") {
  sim::FakeKernel kernel(1);
  LogMemory memory(kernel, 16u << 20);
  CHECK(memory.idle_bytes_max() == 1u << 20);
  acquire_many(memory, 600, 1).clear();
  const std::size_t idle = memory.idle_bytes();
  CHECK(idle <= memory.idle_bytes_max());
  CHECK(idle + small_bytes > memory.idle_bytes_max());
  CHECK(kernel.discarded_bytes() == 600 * small_bytes - idle);
  // Their addresses are used again.
  const std::size_t mappings = kernel.private_mappings();
  acquire_many(memory, 600, 1).clear();
  CHECK(kernel.private_mappings() == mappings);
}

TEST_CASE("log memory: what was idle since the last look goes back, but for a few") {
  sim::FakeKernel kernel(1);
  LogMemory memory(kernel, 256u << 20);
  acquire_many(memory, 300, 1).clear();
  const std::vector<SegmentRef> large = acquire_many(memory, 3, 256 * 1024);
  acquire_many(memory, 4, 1 << 20).clear();
  memory.give_back();  // all of it was used since the memory was made
  CHECK(memory.idle_bytes() == 300 * small_bytes + (4u << 20));
  {
    const std::vector<SegmentRef> used = acquire_many(memory, 100, 1);
    const SegmentRef burst = acquire(memory, 1 << 20, Backing::heap);
  }
  memory.give_back();  // a hundred and one were needed in between
  CHECK(memory.idle_bytes() == 100 * small_bytes + (1u << 20));
  memory.give_back();
  CHECK(memory.idle_bytes() == LogMemory::idle_kept * small_bytes);
  memory.give_back();
  CHECK(memory.idle_bytes() == LogMemory::idle_kept * small_bytes);
  CHECK(kernel.discarded_bytes() == (300 - LogMemory::idle_kept) * small_bytes);
  CHECK(memory.bytes_now() == 3 * 256 * 1024);
}

TEST_CASE("log memory: of several threads each has a few idle ones of its own; all together keep the bounds") {
  sim::FakeKernel kernel(1);
  LogMemory memory(kernel, 256u << 20, 4);
  acquire_many(memory, 300, 1).clear();
  CHECK(memory.bytes_now() == 0);
  CHECK(memory.idle_bytes() == 300 * small_bytes);
  CHECK(memory.allocations() == 300);
  std::vector<SegmentRef> there = acquire_many(memory, 200, 1);
  CHECK(memory.bytes_now() == 200 * small_bytes);
  std::thread([&] { there.clear(); }).join();
  CHECK(memory.bytes_now() == 0);
  CHECK(memory.idle_bytes() == 300 * small_bytes);
  acquire_many(memory, 290, 1).clear();  // but for what the other thread has kept
  CHECK(memory.allocations() <= 300 + topic::NearSegments::segments_max);
  acquire_many(memory, 2000, 1).clear();
  CHECK(memory.idle_bytes() <= memory.idle_bytes_max());
  CHECK(memory.idle_bytes() > memory.idle_bytes_max() / 2);
  for (int look = 0; look < 4; ++look) memory.give_back();
  CHECK(memory.idle_bytes() == LogMemory::idle_kept * small_bytes);
  CHECK(memory.bytes_now() == 0);
}

TEST_CASE("log memory: the bound is seen by all threads, late by a sixty-fourth of it at most") {
  sim::FakeKernel kernel(1);
  LogMemory memory(kernel, 32u << 20, 4);
  std::vector<SegmentRef> segments;
  while (!memory.over_limit(Demand::little)) segments.push_back(acquire(memory, 1, Backing::heap));
  CHECK(memory.bytes_now() >= memory.bytes_max());
  CHECK(memory.bytes_now() <= memory.bytes_max() + memory.bytes_max() / 64);
  std::thread([&] {
    while (!memory.below_resume(Demand::little)) segments.pop_back();
  }).join();
  CHECK(memory.bytes_now() <= memory.bytes_max() * 7 / 8 + memory.bytes_max() / 64);
  CHECK(memory.bytes_now() >= memory.bytes_max() * 7 / 8 - memory.bytes_max() / 32);
}

TEST_CASE("log memory: threads that publish and deliver at once lose nothing") {
  os::LinuxKernel kernel;
  LogMemory memory(kernel, 256u << 20, 4);
  std::array<std::vector<SegmentRef>, 3> between;  // what one thread has acquired another one releases
  for (int round = 0; round < 50; ++round) {
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < between.size(); ++i) {
      threads.emplace_back([&, i] { between[i] = acquire_many(memory, 10 + 13 * i, 1); });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(memory.bytes_now() == (30 + 39) * small_bytes);
    threads.clear();
    for (std::size_t i = 0; i < between.size(); ++i) threads.emplace_back([&, i] { between[(i + 1) % 3].clear(); });
    if (round % 10 == 0) memory.give_back();
    for (std::thread& thread : threads) thread.join();
    CHECK(memory.bytes_now() == 0);
  }
}

TEST_CASE("log memory: nothing stays mapped after it") {
  sim::FakeKernel kernel(1);
  {
    LogMemory memory(kernel, 256u << 20);
    acquire_many(memory, 100, 1).clear();
    acquire_many(memory, 3, 300'000).clear();
    CHECK(kernel.private_mappings() > 0);
  }
  CHECK(kernel.private_mappings() == 0);
}

TEST_CASE("log memory: a memfd segment is never used again") {
  sim::FakeKernel kernel(1);
  LogMemory memory(kernel, 1 << 20);
  for (int i = 1; i <= 3; ++i) {
    acquire(memory, heap_segment_bytes, Backing::memfd);
    CHECK(memory.allocations() == static_cast<std::size_t>(i));
  }
}

TEST_CASE("log memory: without a descriptor for a memfd the heap serves") {
  sim::FakeKernel kernel(1);
  kernel.faults.refused_map = 1000;
  LogMemory memory(kernel, 1 << 20);
  const SegmentRef segment = acquire(memory, 300'000, Backing::memfd);
  CHECK(segment->file() == -1);
  CHECK(segment->capacity() >= 300'000);
}

TEST_CASE("log memory: without a mapping malloc serves, and counts the same") {
  sim::FakeKernel kernel(1);
  kernel.faults.refused_map = 1000;
  kernel.faults.refused_private_map = 1000;
  LogMemory memory(kernel, 256u << 20);
  {
    const SegmentRef small = acquire(memory, 1, Backing::heap);
    CHECK(small->capacity() == heap_segment_bytes);
    CHECK(memory.bytes_now() == small_bytes);
    const SegmentRef large = acquire(memory, 300'000, Backing::memfd);
    CHECK(large->file() == -1);
    CHECK(memory.bytes_now() == small_bytes + large->capacity() * 3 / 2);
    large->start_at(0, 0);
    CHECK(large->append(300'000, 0, 0).size() == 300'000);
  }
  CHECK(memory.bytes_now() == 0);
  CHECK(memory.idle_bytes() == 0);
}

TEST_CASE("log memory: a memfd whose marks find no memory is let go of") {
  sim::FakeKernel kernel(1);
  kernel.faults.refused_private_map = 1000;
  LogMemory memory(kernel, 256u << 20);
  for (int i = 0; i < 2 * LogMemory::mappings_max; ++i) {
    const SegmentRef segment = acquire(memory, 300'000, Backing::memfd);
    CHECK(segment->file() == -1);
    CHECK(kernel.mappings() == 0);
    CHECK(kernel.open_fds() == 0);
  }
  kernel.faults.refused_private_map = 0;
  CHECK(acquire(memory, 300'000, Backing::memfd)->file() >= 0);
}

TEST_CASE("log memory: over the bound, and well below it again; who says much gets an eighth less") {
  sim::FakeKernel kernel(1);
  LogMemory memory(kernel, 8 * small_bytes);
  std::vector<SegmentRef> segments;
  for (int i = 0; i < 6; ++i) segments.push_back(acquire(memory, 1, Backing::heap));
  CHECK(!memory.over_limit(Demand::much));
  CHECK(!memory.below_resume(Demand::much));
  CHECK(memory.below_resume(Demand::little));
  segments.push_back(acquire(memory, 1, Backing::heap));
  CHECK(memory.over_limit(Demand::much));
  CHECK(!memory.over_limit(Demand::little));
  CHECK(!memory.below_resume(Demand::little));
  segments.push_back(acquire(memory, 1, Backing::heap));
  CHECK(memory.over_limit(Demand::little));
  segments.resize(6);
  CHECK(memory.below_resume(Demand::little));
  segments.resize(5);
  CHECK(memory.below_resume(Demand::much));
}

TEST_CASE("segment references: moving and assigning keep the count") {
  sim::FakeKernel kernel(1);
  LogMemory memory(kernel, 1 << 20);
  SegmentRef one = acquire(memory, 300'000, Backing::heap);
  SegmentRef two = std::move(one);
  CHECK(!one);
  CHECK(two);
  one = two;
  two = SegmentRef();
  CHECK(memory.bytes_now() > 0);
  one = std::move(one);
  CHECK(one);
  one = SegmentRef();
  CHECK(memory.bytes_now() == 0);
}
