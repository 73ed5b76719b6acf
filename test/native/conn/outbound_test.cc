// Covers native/conn/outbound.h.
// Owner: the test. Thread: main.
#include "native/conn/outbound.h"

#include <cstring>
#include <utility>

#include "native/os/linux_kernel.h"
#include "native/topic/log_memory.h"

#include <string>

#include "test/native/doctest_last.h"

using base::bytes_of;

namespace {
std::string unsent(const conn::Outbound& outbound) { return std::string(base::text_of(outbound.unsent())); }
}  // namespace

TEST_CASE("outbound: first in, first out, consumed in any pieces") {
  conn::Outbound outbound;
  CHECK(outbound.empty());
  outbound.append(bytes_of("answer"));
  CHECK(!outbound.started());
  outbound.consume(2);
  CHECK(outbound.started());
  outbound.append(bytes_of("+close"));
  CHECK(unsent(outbound) == "swer+close");
  CHECK(outbound.unsent().size() == 10);
  outbound.consume(10);
  CHECK(outbound.empty());
}

TEST_CASE("outbound: only the latest pong waits") {
  conn::Outbound outbound;
  outbound.append(bytes_of("A"));
  outbound.append_latest(bytes_of("pong1"));
  outbound.append_latest(bytes_of("pong2"));
  CHECK(unsent(outbound) == "Apong2");
  outbound.append(bytes_of("B"));
  outbound.append_latest(bytes_of("pong3"));
  CHECK(unsent(outbound) == "Apong2Bpong3");
}

TEST_CASE("outbound: a pong that has begun to leave is finished") {
  conn::Outbound outbound;
  outbound.append_latest(bytes_of("pong1"));
  outbound.consume(1);
  outbound.append_latest(bytes_of("pong2"));
  outbound.append_latest(bytes_of("pong3"));
  CHECK(unsent(outbound) == "ong1pong3");
}

TEST_CASE("outbound: the rest of a frame is pinned, not copied, and pongs are still replaced behind it") {
  os::LinuxKernel kernel;
  topic::LogMemory memory(kernel, 1 << 20);
  topic::SegmentRef segment = memory.acquire(1, topic::Backing::heap);
  segment->start_at(0, 0);
  const base::MutableBytes rest = segment->append(4, 0, 0);
  std::memcpy(rest.data(), "rest", 4);
  conn::Outbound outbound;
  outbound.append(bytes_of("A"));
  outbound.append_latest(bytes_of("pong1"));
  outbound.pin(std::exchange(segment, topic::SegmentRef()), rest, nullptr);
  CHECK(outbound.started());
  CHECK(outbound.pinned().data() == rest.data());
  outbound.append_latest(bytes_of("pong2"));
  CHECK(unsent(outbound) == "Apong2");
  CHECK(!outbound.consume_pinned(3));
  CHECK(base::text_of(outbound.pinned()) == "t");
  CHECK(memory.bytes_now() > 0);
  CHECK(outbound.consume_pinned(1));
  CHECK(memory.bytes_now() == 0);
  CHECK(!outbound.started());
  outbound.consume(6);
  CHECK(outbound.empty());
}

TEST_CASE("outbound: what has left is not kept while something else always waits") {
  const std::string answer(1000, 'a');
  conn::Outbound outbound;
  outbound.append(bytes_of(answer));
  for (int i = 0; i < 5000; ++i) {
    outbound.append(bytes_of(answer));
    outbound.consume(outbound.unsent().size() - 7);
    REQUIRE(unsent(outbound) == "aaaaaaa");
    REQUIRE(outbound.started());
  }
  CHECK(outbound.held_bytes() < 512 * 1024);
}

TEST_CASE("outbound: pongs are replaced, or finished, also behind what was let go of") {
  for (const bool begun : {false, true}) {
    conn::Outbound outbound;
    outbound.append(bytes_of(std::string(100'000, 'a')));
    outbound.append_latest(bytes_of("pong1"));
    outbound.consume(begun ? 100'001 : 99'999);
    outbound.append_latest(bytes_of("pong2"));
    CHECK(unsent(outbound) == (begun ? "ong1pong2" : "apong2"));
    outbound.append_latest(bytes_of("pong3"));
    CHECK(unsent(outbound) == (begun ? "ong1pong3" : "apong3"));
    CHECK(outbound.started());
  }
}
