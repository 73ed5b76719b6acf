// Covers publications that an encoding cannot say: Log::pass_over, and what windows make of the places that they leave.
// Owner: the test. Thread: main.
#include <algorithm>
#include <random>

#include "test/native/topic/topic_fixture.h"
#include "test/native/doctest_last.h"

using namespace fixture;

namespace {

/// A frame that gRPC subscribers get.
struct Said {
  std::uint64_t offset = 0;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  std::uint32_t time_ms = 0;
};

std::size_t grpc_bytes(const std::string& text) {
  return codec::encoding(grpc).encoded_bytes({codec::PayloadKind::text, base::bytes_of(text)});
}

}  // namespace

TEST_CASE("passed over: the encoding without a frame gets nothing, is not told, and is counted; the others go on") {
  os::LinuxKernel kernel;
  topic::LogMemory memory(kernel, 1 << 20);
  topic::Topic topic("t");
  Reader socket(topic, 0);
  Reader call(topic, 0, grpc);
  const topic::Published published = publish_binary(topic, memory);
  CHECK(published.encodes == 1);
  CHECK(published.passed_over == 1);
  CHECK(published.notify[static_cast<std::size_t>(websocket)] == 1);
  CHECK(published.notify[static_cast<std::size_t>(grpc)] == 0);
  call.take();
  CHECK(call.read().empty());
  socket.take();
  CHECK(socket.read().size() == 3);
  CHECK(publish(topic, memory, "said").offset == 1);
  call.take();
  CHECK(call.window.offset_at(call.cursor) == 1);
  CHECK(call.read().size() == grpc_bytes("said"));
}

TEST_CASE("passed over: nobody listens in that encoding, nothing is counted") {
  os::LinuxKernel kernel;
  topic::LogMemory memory(kernel, 1 << 20);
  topic::Topic topic("t");
  Reader socket(topic, 0);
  CHECK(publish_binary(topic, memory).passed_over == 0);
}

TEST_CASE("passed over: a quiet topic holds no memory for it") {
  os::LinuxKernel kernel;
  topic::LogMemory memory(kernel, 1 << 20);
  topic::Topic topic("t");
  Reader call(topic, 0, grpc);
  publish_binary(topic, memory);
  CHECK(memory.bytes_now() == 0);
  publish(topic, memory, "a");
  call.take();
  call.read();
  publish_binary(topic, memory);  // behind a frame, before that is settled
  call.settle();
  CHECK(memory.bytes_now() == 0);
}

TEST_CASE("passed over: every frame keeps the offset of its publication, over segments of every kind") {
  std::mt19937 random(7);
  for (int round = 0; round < 30; ++round) {
    CAPTURE(round);
    os::LinuxKernel kernel;
    topic::LogMemory memory(kernel, 64 << 20);
    topic::Topic topic("t");
    Reader call(topic, 0, grpc);
    std::vector<Said> said;
    std::uint64_t end = 0;
    // Small frames fill a segment's index before its bytes: then there is no room for an empty mark either.
    const std::size_t text_max = round % 3 == 0 ? 4 : round % 3 == 1 ? 60 : 9000;
    const std::size_t passed_over_of_10 = random() % 10;
    for (std::uint32_t i = 0; i < 1500; ++i) {
      if (random() % 10 < passed_over_of_10) {
        publish_binary(topic, memory, i);
      } else {
        const std::string text(random() % text_max, 'x');
        publish(topic, memory, text, i);
        said.push_back({i, end, end + grpc_bytes(text), i});
        end = said.back().end;
      }
      if (random() % 50 == 0) call.take();
    }
    call.take();
    REQUIRE(call.window.head_position() == end);
    for (const Said& each : said) {
      CHECK(call.window.offset_at(each.begin) == each.offset);
      CHECK(call.window.position_of(each.offset) == each.begin);
      CHECK(call.window.time_ms_of(each.offset) == each.time_ms);
      CHECK(call.window.next_frame(each.begin) == each.end);
      CHECK(call.window.frame_end(each.begin) == each.begin);
      CHECK(call.window.frame_end(each.begin + 1) == each.end);
    }
    for (int i = 0; i < 100 && !said.empty(); ++i) {
      const std::size_t a = random() % said.size();
      const std::size_t b = a + random() % (said.size() - a);
      CHECK(call.window.frames_between(said[a].offset, said[b].offset) == b - a);
      CHECK(call.window.frames_between(said[a].offset, call.window.head_offset()) == said.size() - a);
    }
    std::uint64_t complete = 0;
    for (std::uint64_t at = 0; at < end;) {
      const std::uint64_t next = at + call.window.range(at, 1 + static_cast<std::uint32_t>(random() % 20'000)).length;
      complete += call.window.frames_ending(at, next);
      CHECK(complete == static_cast<std::uint64_t>(std::upper_bound(said.begin(), said.end(), next, [](std::uint64_t position, const Said& each) {
              return position < each.end;
            }) - said.begin()));
      at = next;
    }
    CHECK(complete == said.size());
    // Any offset from the first frame on may be asked for: by policies that look for where to go on.
    std::uint64_t before = 0;
    for (std::uint64_t offset = said.empty() ? 0 : said.front().offset; offset < call.window.head_offset(); ++offset) {
      CHECK(call.window.position_of(offset) >= before);
      before = call.window.position_of(offset);
      CHECK(call.window.time_ms_of(offset) <= offset);
    }
    CHECK(call.read().size() == end);
    call.settle();
    CHECK(memory.bytes_now() == 0);
  }
}
