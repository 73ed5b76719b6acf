// Covers native/topic/log_memory.cc on the real kernel: after a backlog the process has as much memory as before.
// Owner: the test. Thread: several.
#include <cstring>
#include <fstream>
#include <thread>

#include "native/os/linux_kernel.h"
#include "native/topic/log_memory.h"

#include "test/native/doctest_last.h"

using topic::Backing;
using topic::LogMemory;
using topic::SegmentRef;

namespace {
constexpr std::size_t MiB = 1024 * 1024;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool resident_is_ours = false;  // a sanitizer keeps shadows of it
#else
constexpr bool resident_is_ours = true;
#endif

std::size_t resident_bytes() {
  std::size_t total = 0;
  std::size_t resident = 0;
  std::ifstream("/proc/self/statm") >> total >> resident;
  return resident * topic::page_bytes;
}

/// Segments of those sizes in turn, `bytes` together, filled with frames of `frame_bytes`.
std::vector<SegmentRef> fill(LogMemory& memory, std::size_t bytes, const std::vector<std::size_t>& sizes, std::size_t frame_bytes) {
  std::vector<SegmentRef> segments;
  for (std::size_t i = 0, held = 0; held < bytes; ++i) {
    const std::size_t size = sizes[i % sizes.size()];
    segments.push_back(memory.acquire(size, size > topic::heap_segment_bytes ? Backing::memfd : Backing::heap));
    SegmentRef& segment = segments.back();
    segment->start_at(0, 0);
    while (segment->has_room(frame_bytes)) {
      if (!segment->has_pages(frame_bytes)) memory.populate(segment->next_pages(frame_bytes));
      const base::MutableBytes room = segment->append(frame_bytes, 0, 0);
      std::memset(room.data(), 1, room.size());
    }
    held += segment->capacity();
  }
  return segments;
}

struct Backlog {
  const char* name;
  std::vector<std::size_t> segment_bytes;
  std::size_t frame_bytes;
};
}  // namespace

TEST_CASE("log memory: what a backlog took is the system's again, and never more than it counted") {
  os::LinuxKernel kernel;
  LogMemory memory(kernel, 64 * MiB);
  // What stays is what is needed again and again: some idle segments, and their vectors.
  fill(memory, 4 * MiB, {1}, 1000).clear();
  const std::size_t before = resident_bytes();
  for (const Backlog& backlog : {Backlog{"quiet topics", {1}, 1000}, Backlog{"bursts", {256 * 1024, MiB}, 1000},
                                 Backlog{"tiny frames", {1, 256 * 1024, MiB}, 33}, Backlog{"large frames", {1, 5 * MiB / 2, 256 * 1024}, 16'000}}) {
    CAPTURE(backlog.name);
    for (int round = 0; round < 2; ++round) {
      std::vector<SegmentRef> half;
      // Another thread, and so another arena of malloc's; and they end in another order than they began.
      std::thread([&] { half = fill(memory, 24 * MiB, backlog.segment_bytes, backlog.frame_bytes); }).join();
      std::vector<SegmentRef> other = fill(memory, 24 * MiB, backlog.segment_bytes, backlog.frame_bytes);
      if (resident_is_ours) CHECK(resident_bytes() <= before + memory.bytes_now() + memory.idle_bytes() + MiB);
      for (std::size_t i = 0; i < half.size(); i += 2) half[i] = SegmentRef();
      std::thread([&] { other.clear(); }).join();
    }
    CHECK(memory.bytes_now() == 0);
    memory.give_back();
    memory.give_back();
    if (resident_is_ours) CHECK(resident_bytes() <= before + MiB);
  }
}
