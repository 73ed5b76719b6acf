// No page of a burst's segments is touched for the first time under the topic's lock: who needs it makes it memory before.
// Owner: the test. Thread: main, also in the part of others.
#include <algorithm>

#include "test/native/sim/fake_kernel.h"
#include "test/native/topic/topic_fixture.h"
#include "test/native/doctest_last.h"

using namespace fixture;
using topic::heap_segment_bytes;
using topic::populate_step_bytes;

namespace {

bool is_populated(const sim::FakeKernel& kernel, const std::uint8_t* begin, std::size_t length) {
  const auto covers = [&](const std::uint8_t* at) {
    return std::any_of(kernel.populated().begin(), kernel.populated().end(),
                       [&](const base::MutableBytes& pages) { return at >= pages.data() && at < pages.data() + pages.size(); });
  };
  for (std::size_t at = 0; at < length; at += topic::page_bytes) {
    if (!covers(begin + at)) return false;
  }
  return covers(begin + length - 1);
}

std::size_t populated_bytes(const sim::FakeKernel& kernel) {
  std::size_t bytes = 0;
  for (const base::MutableBytes& pages : kernel.populated()) bytes += pages.size();
  return bytes;
}

}  // namespace

TEST_CASE("topic pages: every frame of a burst lies in memory, no more than a step ahead, each page once") {
  for (const std::size_t bytes : {100u, 1000u, 10'000u, 70'000u, 300'000u}) {
    CAPTURE(bytes);
    sim::FakeKernel kernel(1);
    topic::LogMemory memory(kernel, 1 << 30);
    topic::Topic topic("t");
    Reader reader(topic, 0);
    std::size_t in_large = 0;
    std::size_t segments = 0;
    const std::uint8_t* last_end = nullptr;
    while (in_large < 2'500'000) {
      publish(topic, memory, std::string(bytes, 'x'));
      reader.take();
      const topic::Range range = reader.window.range(reader.cursor, UINT32_MAX);
      reader.cursor = reader.window.head_position();
      const bool small = range.file < 0 && in_large == 0 && range.length <= heap_segment_bytes;
      if (small) continue;
      in_large += range.length;
      if (range.bytes != last_end) ++segments;
      last_end = range.bytes + range.length;
      REQUIRE(is_populated(kernel, range.bytes, range.length));
    }
    CHECK(populated_bytes(kernel) >= in_large);
    CHECK(populated_bytes(kernel) <= in_large + segments * (populate_step_bytes + topic::page_bytes));
    if (bytes <= 10'000) CHECK(kernel.populated().size() <= populated_bytes(kernel) / populate_step_bytes + segments);
  }
}

TEST_CASE("topic pages: a quiet topic's segments are left as they are") {
  sim::FakeKernel kernel(1);
  topic::LogMemory memory(kernel, 1 << 30);
  topic::Topic topic("t");
  Reader reader(topic, 0);
  for (int i = 0; i < 100; ++i) {
    publish(topic, memory, std::string(1000, 'x'));
    reader.take();
    reader.read();
    reader.settle();
  }
  CHECK(kernel.populated().empty());
}

TEST_CASE("topic pages: others may fill the segment, and settle it, while one makes its pages memory") {
  sim::FakeKernel kernel(1);
  topic::LogMemory memory(kernel, 1 << 30);
  topic::Topic topic("t");
  Reader reader(topic, 0);
  std::string expected;
  std::size_t populated = 0;
  int others = 0;
  bool settles = false;
  kernel.meanwhile = [&] {
    if (kernel.populated().size() == populated) return;
    populated = kernel.populated().size();
    for (int i = 0; i < 40; ++i) {
      const std::string text(10'000, static_cast<char>('a' + others++ % 26));
      publish(topic, memory, text);
      expected += frame_of(text);
    }
    if (!std::exchange(settles, !settles)) return;
    reader.take();
    const std::string read = reader.read();
    CHECK(read == expected);
    expected.clear();
    reader.settle();
  };
  for (int i = 0; i < 300; ++i) {
    const std::string text(1000, static_cast<char>('A' + i % 26));
    publish(topic, memory, text);
    expected += frame_of(text);
  }
  kernel.meanwhile = nullptr;
  CHECK(others > 0);
  reader.take();
  CHECK(reader.read() == expected);
}
