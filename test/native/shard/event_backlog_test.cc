// Covers native/shard/event_backlog.h; test/native/sim/session_congestion_test.cc holds shards to it.
// Owner: the test. Thread: main.
#include "native/shard/event_backlog.h"

#include "test/native/doctest_last.h"

using shard::BacklogLimits;
using shard::Event;
using shard::EventBacklog;
using shard::EventKind;

namespace {

Event event_of(EventKind kind, std::size_t text_bytes = 0) {
  Event event;
  event.kind = kind;
  event.text = std::string(text_bytes, 'x');
  return event;
}

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
  for (const EventKind kind : {EventKind::session_open, EventKind::session_message, EventKind::session_published, EventKind::http_connection}) {
    CHECK(enough({3, SIZE_MAX, SIZE_MAX}, event_of(kind)) == 3);
  }
}

TEST_CASE("event backlog: what has a bound of its own does not keep sessions from being read") {
  for (const EventKind kind : {EventKind::connection, EventKind::disconnect, EventKind::slow, EventKind::warning, EventKind::drained,
                               EventKind::session_end}) {
    CHECK(enough({3, 3, 3}, event_of(kind, 10)) == 0);
  }
}

TEST_CASE("event backlog: few large texts are enough, and so are many empty ones") {
  constexpr std::size_t bytes_max = 1024 * 1024;
  CHECK(enough({SIZE_MAX, bytes_max, SIZE_MAX}, event_of(EventKind::session_message, bytes_max)) == 1);
  CHECK(enough({SIZE_MAX, bytes_max, SIZE_MAX}, event_of(EventKind::session_message, bytes_max / 4 - sizeof(Event))) == 4);
  const std::size_t empty = enough({SIZE_MAX, bytes_max, SIZE_MAX}, event_of(EventKind::session_message));
  CHECK(empty > 0);
  CHECK(empty <= bytes_max / sizeof(Event) + 1);
  Event origin = event_of(EventKind::session_open);
  origin.detail = std::string(bytes_max, 'o');
  CHECK(enough({SIZE_MAX, bytes_max, SIZE_MAX}, origin) == 1);
}

TEST_CASE("event backlog: sockets are counted, of HTTP requests only") {
  CHECK(enough({SIZE_MAX, SIZE_MAX, 5}, event_of(EventKind::http_connection)) == 5);
  CHECK(enough({SIZE_MAX, SIZE_MAX, 5}, event_of(EventKind::session_message)) == 0);
}

TEST_CASE("event backlog: it is over when everything was taken, and counts anew") {
  EventBacklog backlog({2, 10'000, 2});
  for (int i = 0; i < 3; ++i) {
    backlog.add(event_of(EventKind::session_message, 4000));
    CHECK(!backlog.full());
    backlog.add(event_of(EventKind::http_connection, 4000));
    CHECK(backlog.full());
    const std::uint64_t batch = backlog.batch();
    backlog.clear();
    CHECK(!backlog.full());
    CHECK(backlog.batch() == batch + 1);
  }
}
