// Covers native/shard/event_backlog.h; test/native/sim/session_congestion_test.cc holds shards to it.
// Owner: the test. Thread: main.
#include "native/shard/event_backlog.h"

#include <string>
#include <vector>

#include "test/native/doctest_last.h"

using shard::BacklogLimits;
using shard::Event;
using shard::EventBacklog;

namespace {

std::string text_of(std::size_t bytes) { return std::string(bytes, 'x'); }

/// What peers can repeat without end.
std::vector<Event> repeatable() { return {shard::SessionOpened{}, shard::SessionMessage{}, shard::SessionPublished{}, shard::HttpConnection{}}; }

Event message_of(std::size_t text_bytes = 0) { return shard::SessionMessage{1, text_of(text_bytes)}; }

Event request_of(std::size_t head_bytes = 0) { return shard::HttpConnection{.head = text_of(head_bytes)}; }

/// How many of them are enough; 0: never.
std::size_t enough(BacklogLimits limits, const Event& event) {
  EventBacklog backlog(limits);
  for (std::size_t i = 1; i <= 100'000; ++i) {
    backlog.add(event);
    if (backlog.full()) return i;
  }
  return 0;
}

}  // namespace

TEST_CASE("event backlog: whatever peers can repeat without end is enough at some number") {
  for (const Event& event : repeatable()) CHECK(enough({3, SIZE_MAX, SIZE_MAX}, event) == 3);
}

TEST_CASE("event backlog: what has a bound of its own does not keep sessions from being read") {
  const std::vector<Event> bounded = {shard::Connected{.peer = text_of(10)},  shard::Disconnected{.reason = text_of(10)},
                                      shard::Slow{.topic = text_of(10)},      shard::Warning{"warning", text_of(10)},
                                      shard::Drained{},                       shard::SessionEnded{.reason = text_of(10)},
                                      shard::Heard{}};
  for (const Event& event : bounded) CHECK(enough({3, 3, 3}, event) == 0);
}

TEST_CASE("event backlog: few large texts are enough, and so are many empty ones") {
  constexpr std::size_t bytes_max = 1024 * 1024;
  CHECK(enough({SIZE_MAX, bytes_max, SIZE_MAX}, message_of(bytes_max)) == 1);
  CHECK(enough({SIZE_MAX, bytes_max, SIZE_MAX}, message_of(bytes_max / 4 - EventBacklog::event_bytes)) == 4);
  const std::size_t empty = enough({SIZE_MAX, bytes_max, SIZE_MAX}, message_of());
  CHECK(empty > 0);
  CHECK(empty <= bytes_max / EventBacklog::event_bytes + 1);
  const std::vector<Event> large = {shard::SessionOpened{.target = text_of(bytes_max)},  shard::SessionOpened{.origin = text_of(bytes_max)},
                                    shard::SessionPublished{.name = text_of(bytes_max)}, shard::SessionPublished{.data = text_of(bytes_max)},
                                    request_of(bytes_max)};
  for (const Event& event : large) CHECK(enough({SIZE_MAX, bytes_max, SIZE_MAX}, event) == 1);
}

TEST_CASE("event backlog: sockets are counted, of HTTP requests only") {
  CHECK(enough({SIZE_MAX, SIZE_MAX, 5}, request_of()) == 5);
  CHECK(enough({SIZE_MAX, SIZE_MAX, 5}, message_of()) == 0);
}

TEST_CASE("event backlog: it is over when everything was taken, and counts anew") {
  EventBacklog backlog({2, 10'000, 2});
  for (int i = 0; i < 3; ++i) {
    backlog.add(message_of(4000));
    CHECK(!backlog.full());
    backlog.add(request_of(4000));
    CHECK(backlog.full());
    const std::uint64_t batch = backlog.batch();
    backlog.clear();
    CHECK(!backlog.full());
    CHECK(backlog.batch() == batch + 1);
  }
}
