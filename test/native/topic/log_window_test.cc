// Covers native/topic/log_window.cc: cursors, frame boundaries and offsets, against a plain list of frames.
// Owner: the test. Thread: main.
#include <algorithm>
#include <random>

#include "test/native/topic/topic_fixture.h"
#include "test/native/doctest_last.h"

using namespace fixture;

namespace {

/// What a window should say, by counting.
struct Model {
  std::vector<std::uint64_t> ends;  // of each frame
  std::vector<std::uint32_t> times;
  std::uint64_t begin_of(std::size_t offset) const { return offset == 0 ? 0 : ends[offset - 1]; }
  std::uint64_t offset_at(std::uint64_t cursor) const {
    return static_cast<std::uint64_t>(std::upper_bound(ends.begin(), ends.end(), cursor) - ends.begin());
  }
  std::uint64_t frame_end(std::uint64_t cursor) const {
    const std::uint64_t offset = offset_at(cursor);
    return offset == ends.size() || begin_of(offset) == cursor ? cursor : ends[offset];
  }
};

void check_cursor(const topic::LogWindow& window, const Model& model, std::uint64_t cursor) {
  CAPTURE(cursor);
  CHECK(window.offset_at(cursor) == model.offset_at(cursor));
  CHECK(window.frame_end(cursor) == model.frame_end(cursor));
}

}  // namespace

TEST_CASE("window: an empty one stands at its head") {
  os::LinuxKernel kernel;
  topic::LogMemory memory(kernel, 1 << 20);
  topic::Topic topic("t");
  Reader reader(topic, 0);
  reader.take();
  CHECK(reader.window.empty());
  CHECK(reader.window.offset_at(0) == 0);
  CHECK(reader.window.frame_end(0) == 0);
  CHECK(reader.window.position_of(0) == 0);
  reader.window.drop_before(0);
}

TEST_CASE("window: every cursor's offset, frame and time, over segments of every kind") {
  std::mt19937 random(42);
  for (int round = 0; round < 20; ++round) {
    CAPTURE(round);
    os::LinuxKernel kernel;
    topic::LogMemory memory(kernel, 64 << 20);
    topic::Topic topic("t");
    Reader reader(topic, 0);
    Model model;
    const std::size_t payload_max = round % 2 == 0 ? 40 : 20'000;
    for (std::uint32_t i = 0; i < 200; ++i) {
      const std::string text(random() % payload_max, 'x');
      publish(topic, memory, text, i * 3);
      model.ends.push_back((model.ends.empty() ? 0 : model.ends.back()) + frame_of(text).size());
      model.times.push_back(i * 3);
      if (random() % 10 == 0) reader.take();
    }
    reader.take();
    REQUIRE(reader.window.head_position() == model.ends.back());
    for (std::size_t offset = 0; offset < model.ends.size(); ++offset) {
      CHECK(reader.window.position_of(offset) == model.begin_of(offset));
      CHECK(reader.window.time_ms_of(offset) == model.times[offset]);
      for (const std::int64_t near : {-1, 0, 1}) {
        const auto cursor = static_cast<std::int64_t>(model.begin_of(offset)) + near;
        if (cursor >= 0) check_cursor(reader.window, model, static_cast<std::uint64_t>(cursor));
      }
    }
    for (int i = 0; i < 300; ++i) check_cursor(reader.window, model, random() % (model.ends.back() + 1));
  }
}

TEST_CASE("window: frames beyond the head that was taken are not there yet") {
  os::LinuxKernel kernel;
  topic::LogMemory memory(kernel, 1 << 20);
  topic::Topic topic("t");
  Reader reader(topic, 0);
  publish(topic, memory, "one");
  reader.take();
  publish(topic, memory, "two");
  CHECK(reader.window.head_offset() == 1);
  CHECK(reader.window.range(0, 1000).length == frame_of("one").size());
  CHECK(reader.window.offset_at(frame_of("one").size()) == 1);
}

TEST_CASE("window: dropping keeps exactly what a cursor may still need") {
  os::LinuxKernel kernel;
  topic::LogMemory memory(kernel, 64 << 20);
  topic::Topic topic("t");
  Reader reader(topic, 0);
  for (int i = 0; i < 2000; ++i) publish(topic, memory, std::string(1000, 'x'));
  reader.take();
  const std::size_t before = reader.window.segments();
  REQUIRE(before > 2);
  reader.window.drop_before(1);
  CHECK(reader.window.segments() == before);
  const std::uint64_t middle = reader.window.head_position() / 2;
  reader.window.drop_before(middle);
  CHECK(reader.window.segments() < before);
  CHECK(reader.window.range(middle, 10).length == 10);
  reader.window.drop_before(reader.window.head_position());
  CHECK(reader.window.empty());
}

TEST_CASE("window: a range ends with its segment and names the file only for a memfd") {
  os::LinuxKernel kernel;
  topic::LogMemory memory(kernel, 64 << 20);
  topic::Topic topic("t");
  Reader reader(topic, 0);
  for (int i = 0; i < 100; ++i) publish(topic, memory, std::string(1000, 'x'));
  reader.take();
  const topic::Range first = reader.window.range(0, UINT32_MAX);
  CHECK(first.file == -1);
  CHECK(first.length == 16 * 1004);
  const topic::Range second = reader.window.range(first.length + 100, UINT32_MAX);
  CHECK(second.file >= 0);
  CHECK(second.file_offset == 100);
}

namespace {

/// Publishes frames of which some leave a connection out, and says which: what find_exclusions should find.
std::vector<topic::Exclusion> publish_exclusions(topic::Topic& topic, topic::LogMemory& memory, std::mt19937& random, std::size_t payload_max) {
  std::vector<topic::Exclusion> frames;
  std::uint64_t begin = 0;
  for (int i = 0; i < 300; ++i) {
    const std::string text(random() % payload_max, 'x');
    const std::uint64_t excluded = random() % 4;
    publish_without(excluded, topic, memory, text);
    frames.push_back({begin, begin + frame_of(text).size(), excluded});
    begin = frames.back().end;
  }
  return frames;
}

bool is_same(const topic::Exclusion& a, const topic::Exclusion& b) {
  return a.begin == b.begin && a.end == b.end && a.connection == b.connection;
}

/// Compares the window's answers about `begin`..`end`, within one segment, with those of the list.
void check_exclusions(const topic::LogWindow& window, const std::vector<topic::Exclusion>& frames, std::uint64_t begin, std::uint64_t end) {
  std::vector<topic::Exclusion> wanted;
  std::uint64_t first_of_two = end;
  for (const topic::Exclusion& frame : frames) {
    if (frame.connection == 0 || frame.begin < begin || frame.begin >= end) continue;
    wanted.push_back(frame);
    if (frame.connection == 2) first_of_two = std::min(first_of_two, frame.begin);
  }
  std::vector<topic::Exclusion> found;
  window.find_exclusions(begin, end, found);
  const bool same = std::equal(found.begin(), found.end(), wanted.begin(), wanted.end(), is_same);
  CHECK(same);
  CHECK(window.find_excluded(begin, end, 2) == first_of_two);
  CHECK(window.find_excluded(begin, end, 99) == end);
}

}  // namespace

TEST_CASE("window: the frames that leave somebody out, in any range, over segments of every kind") {
  std::mt19937 random(5);
  for (const std::size_t payload_max : {1u, 40u, 3000u, 40'000u}) {
    CAPTURE(payload_max);
    os::LinuxKernel kernel;
    topic::LogMemory memory(kernel, 64 << 20);
    topic::Topic topic("t");
    Reader reader(topic, 0);
    const auto frames = publish_exclusions(topic, memory, random, payload_max);
    reader.take();
    for (int i = 0; i < 500; ++i) {
      const std::uint64_t begin = random() % reader.window.head_position();
      check_exclusions(reader.window, frames, begin, begin + reader.window.range(begin, 1 + random() % 70'000).length);
    }
    for (const topic::Exclusion& frame : frames) {  // from each frame to the end of its segment
      check_exclusions(reader.window, frames, frame.begin, frame.begin + reader.window.range(frame.begin, UINT32_MAX).length);
      CHECK(reader.window.next_frame(frame.begin) == frame.end);
      CHECK(reader.window.next_frame(frame.end - 1) == frame.end);
    }
  }
}

TEST_CASE("window: exclusions beyond the head that was taken are not looked at") {
  os::LinuxKernel kernel;
  topic::LogMemory memory(kernel, 1 << 20);
  topic::Topic topic("t");
  Reader reader(topic, 0);
  publish(topic, memory, "for all");
  reader.take();
  publish_without(2, topic, memory, "later");
  std::vector<topic::Exclusion> found;
  reader.window.find_exclusions(0, UINT64_MAX, found);
  CHECK(found.empty());
  CHECK(reader.window.find_excluded(0, 1000, 2) == 1000);
  reader.take();
  reader.window.find_exclusions(0, UINT64_MAX, found);
  CHECK(found.size() == 1);
  CHECK(reader.window.find_excluded(0, 1000, 2) == frame_of("for all").size());
}

TEST_CASE("window: a segment used again remembers nobody that was left out") {
  os::LinuxKernel kernel;
  topic::LogMemory memory(kernel, 1 << 20);
  topic::Topic topic("t");
  Reader reader(topic, 0);
  publish_without(2, topic, memory, "not for two");
  reader.take();
  reader.read();
  reader.settle();
  REQUIRE(memory.bytes_now() == 0);
  publish(topic, memory, "for all");
  reader.take();
  CHECK(memory.allocations() == 1);
  CHECK(reader.window.find_excluded(reader.cursor, reader.window.head_position(), 2) == reader.window.head_position());
}
