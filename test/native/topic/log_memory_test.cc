// Covers native/topic/log_memory.cc: the account, the bound, the cache, and a system without descriptors.
// Owner: the test. Thread: main.
#include "native/topic/log_memory.h"

#include "test/native/sim/fake_kernel.h"
#include "test/native/doctest_last.h"

using topic::Backing;
using topic::heap_segment_bytes;
using topic::LogMemory;
using topic::SegmentRef;

TEST_CASE("log memory: counts the capacity of what lives") {
  sim::FakeKernel kernel(1);
  LogMemory memory(kernel, 1 << 20);
  CHECK(memory.bytes_now() == 0);
  {
    const SegmentRef small = memory.acquire(1, Backing::heap);
    CHECK(small->capacity() == heap_segment_bytes);
    CHECK(small->file() == -1);
    const SegmentRef large = memory.acquire(300'000, Backing::memfd);
    CHECK(large->capacity() >= 300'000);
    CHECK(large->capacity() % 4096 == 0);
    CHECK(large->file() >= 0);
    const SegmentRef shared = large;
    CHECK(memory.bytes_now() == small->capacity() + large->capacity());
    CHECK(kernel.mappings() == 1);
  }
  CHECK(memory.bytes_now() == 0);
  CHECK(kernel.mappings() == 0);
}

TEST_CASE("log memory: small heap segments come from the cache, empty") {
  sim::FakeKernel kernel(1);
  LogMemory memory(kernel, 1 << 20);
  for (int i = 0; i < 10; ++i) {
    SegmentRef segment = memory.acquire(100, Backing::heap);
    segment->start_at(static_cast<std::uint64_t>(i) * 1000, 7);
    CHECK(segment->append(100, 5, 0).size() == 100);
    CHECK(segment->end() == static_cast<std::uint64_t>(i) * 1000 + 100);
    CHECK(segment->frames() == 1);
  }
  CHECK(memory.allocations() == 1);
  std::vector<SegmentRef> many;
  for (int i = 0; i < 200; ++i) many.push_back(memory.acquire(100, Backing::heap));
  CHECK(memory.bytes_now() == 200 * heap_segment_bytes);
  many.clear();
  CHECK(memory.bytes_now() == 0);
}

TEST_CASE("log memory: a memfd segment is never used again") {
  sim::FakeKernel kernel(1);
  LogMemory memory(kernel, 1 << 20);
  for (int i = 1; i <= 3; ++i) {
    memory.acquire(heap_segment_bytes, Backing::memfd);
    CHECK(memory.allocations() == static_cast<std::size_t>(i));
  }
}

TEST_CASE("log memory: without a descriptor for a memfd the heap serves") {
  sim::FakeKernel kernel(1);
  kernel.faults.refused_map = 1000;
  LogMemory memory(kernel, 1 << 20);
  const SegmentRef segment = memory.acquire(300'000, Backing::memfd);
  CHECK(segment->file() == -1);
  CHECK(segment->capacity() >= 300'000);
}

TEST_CASE("log memory: over the bound, and well below it again") {
  sim::FakeKernel kernel(1);
  LogMemory memory(kernel, 8 * heap_segment_bytes);
  std::vector<SegmentRef> segments;
  for (int i = 0; i < 7; ++i) segments.push_back(memory.acquire(1, Backing::heap));
  CHECK(!memory.over_limit());
  CHECK(!memory.below_resume());
  segments.push_back(memory.acquire(1, Backing::heap));
  CHECK(memory.over_limit());
  segments.resize(6);
  CHECK(memory.below_resume());
}

TEST_CASE("segment references: moving and assigning keep the count") {
  sim::FakeKernel kernel(1);
  LogMemory memory(kernel, 1 << 20);
  SegmentRef one = memory.acquire(300'000, Backing::heap);
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
