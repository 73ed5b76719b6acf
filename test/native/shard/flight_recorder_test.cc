#include "native/shard/flight_recorder.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "native/base/check.h"

namespace {
/// With the engine's CHECK, not doctest's.
void break_an_invariant(int two) { CHECK(two + two == 5); }
}  // namespace

#include "test/native/doctest_last.h"

using shard::FlightRecorder;
using shard::TraceEvent;
using shard::TracePoint;

namespace {

/// What a child process says on its standard error before it dies of SIGABRT.
template <typename Act>
std::string last_words_of(Act act) {
  std::array<int, 2> ends{};
  REQUIRE(::pipe(ends.data()) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGABRT, SIG_DFL);
    ::dup2(ends[1], STDERR_FILENO);
    act();
    ::_exit(0);
  }
  ::close(ends[1]);
  std::string said;
  std::array<char, 4096> bytes;
  for (ssize_t count = 0; (count = ::read(ends[0], bytes.data(), bytes.size())) > 0;) said.append(bytes.data(), static_cast<std::size_t>(count));
  ::close(ends[0]);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WIFSIGNALED(status));
  return said;
}

}  // namespace

TEST_CASE("flight recorder: what was noted, in words") {
  FlightRecorder recorder(0);
  CHECK(recorder.lines().empty());
  recorder.set_now(12'000'345'678);
  recorder.note(TracePoint::accepted, 17, 12, 1);
  recorder.note(TracePoint::blocked, 17, 12);
  recorder.set_now(13'999'999'999);
  recorder.note(TracePoint::drain_publishers_closed);
  recorder.note(TracePoint::busy_turn, 0, UINT64_MAX, UINT64_MAX);
  CHECK(recorder.lines() == std::vector<std::string>{"12.000345 accepted connection 17 fd 12 listener 1", "12.000345 blocked connection 17 fd 12",
                                                       "13.999999 drain_publishers_closed",
                                                       "13.999999 busy_turn events 18446744073709551615 messages 72057594037927935"});
}

TEST_CASE("flight recorder: the last events, oldest first") {
  FlightRecorder recorder(0);
  for (std::uint64_t i = 0; i < 1000; ++i) {
    recorder.note(TracePoint::opened, i);
    const std::vector<std::string> lines = recorder.lines();
    // One place is the next event's once all have been used: whoever looks cannot know that nobody writes there.
    REQUIRE(lines.size() == (i + 1 < shard::trace_events_kept ? i + 1 : shard::trace_events_kept - 1));
    REQUIRE(lines.back().find("connection " + std::to_string(i)) == (i == 0 ? std::string::npos : lines.back().find("connection")));
  }
}

TEST_CASE("flight recorder: the next shard begins with nothing") {
  auto first = std::make_unique<FlightRecorder>(0);
  first->note(TracePoint::opened, 1);
  first.reset();
  FlightRecorder second(1);
  CHECK(second.lines().empty());
}

TEST_CASE("flight recorder: read while it is written, events are whole") {
  FlightRecorder recorder(0);
  std::atomic<bool> stop{false};
  std::thread writer([&] {
    for (std::uint64_t i = 1; !stop.load(std::memory_order_relaxed); ++i) {
      recorder.set_now(static_cast<std::int64_t>(i));
      recorder.note(TracePoint::busy_turn, i, i, i);
    }
  });
  std::array<TraceEvent, shard::trace_events_kept> events;
  std::size_t seen = 0;
  for (int round = 0; round < 2000 || seen == 0; ++round) {
    const std::size_t count = recorder.copy(events);
    seen += count;
    for (std::size_t i = 0; i < count; ++i) {
      const TraceEvent& event = events[i];
      REQUIRE(event.connection == event.first);
      REQUIRE(event.connection == event.second);
      REQUIRE(event.connection == static_cast<std::uint64_t>(event.at_ns));
      if (i > 0) REQUIRE(event.first == events[i - 1].first + 1);
    }
  }
  stop.store(true, std::memory_order_relaxed);
  writer.join();
}

TEST_CASE("flight recorder: a failed CHECK prints what every shard did last, and ends the process") {
  const std::string said = last_words_of([] {
    FlightRecorder first(3);
    FlightRecorder second(4);
    first.note(TracePoint::paused, 5, 6);
    second.note(TracePoint::resumed, 7, 8);
    break_an_invariant(2);
  });
  CHECK(said.find("broker: CHECK(two + two == 5) failed at ") == 0);
  CHECK(said.find("\nbroker: shard 3 0.000000 paused connection 5 fd 6\n") != std::string::npos);
  CHECK(said.find("\nbroker: shard 4 0.000000 resumed connection 7 fd 8\n") != std::string::npos);
}
