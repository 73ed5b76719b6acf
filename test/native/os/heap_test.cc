// Covers native/os/heap.cc: when trimming is worth it, and that it gives memory back.
// Owner: the test. Thread: main, and one more.
#include "native/os/heap.h"

#include <cstring>
#include <memory>
#include <thread>
#include <vector>

#include "test/native/doctest_last.h"

namespace {
constexpr std::size_t MiB = 1024 * 1024;
}

TEST_CASE("heap: trimming is worth it when much was freed since the last time") {
  os::HeapWatch watch({100 * MiB, 50 * MiB});
  CHECK(!watch.is_worth_trimming({100 * MiB, 50 * MiB}));
  CHECK(!watch.is_worth_trimming({100 * MiB, 47 * MiB}));
  CHECK(watch.is_worth_trimming({100 * MiB, 46 * MiB}));
  watch.on_trimmed({97 * MiB, 46 * MiB});
  CHECK(!watch.is_worth_trimming({97 * MiB, 46 * MiB}));
}

TEST_CASE("heap: trimming is worth it when the process has grown, though nobody saw what it grew by") {
  os::HeapWatch watch({100 * MiB, 50 * MiB});
  CHECK(watch.is_worth_trimming({104 * MiB, 50 * MiB}));
  watch.on_trimmed({104 * MiB, 50 * MiB});  // it was of use to somebody
  CHECK(!watch.is_worth_trimming({104 * MiB, 50 * MiB}));
  CHECK(!watch.is_worth_trimming({90 * MiB, 50 * MiB}));
  CHECK(watch.is_worth_trimming({94 * MiB, 50 * MiB}));
}

TEST_CASE("heap: what grew while it was in use is given back once it is not") {
  os::HeapWatch watch({100 * MiB, 50 * MiB});
  CHECK(watch.is_worth_trimming({300 * MiB, 250 * MiB}));
  watch.on_trimmed({300 * MiB, 250 * MiB});
  CHECK(!watch.is_worth_trimming({300 * MiB, 250 * MiB}));
  CHECK(watch.is_worth_trimming({300 * MiB, 50 * MiB}));
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && defined(__GLIBC__)
TEST_CASE("heap: trimming gives back what lies between things in use, also in another thread's arena") {
  const std::size_t before = os::heap_state().resident;
  std::vector<std::unique_ptr<char[]>> pieces;
  std::thread([&] {
    for (std::size_t i = 0; i < 32 * 1024; ++i) {
      pieces.push_back(std::make_unique<char[]>(1000));
      std::memset(pieces.back().get(), 1, 1000);
    }
  }).join();
  const os::HeapState full = os::heap_state();
  CHECK(full.resident >= before + 30 * MiB);
  std::size_t at = 0;
  std::erase_if(pieces, [&](const auto&) { return ++at % 1000 != 0; });
  const os::HeapState freed = os::heap_state();
  CHECK(freed.in_use + 30 * MiB <= full.in_use);
  os::trim_heap();
  CHECK(os::heap_state().resident + 28 * MiB <= full.resident);
}
#endif
