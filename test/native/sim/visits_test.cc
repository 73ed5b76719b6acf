// Work that many cheap events could multiply, counted: how often a shard goes over all subscribers of a topic for one connection's
// sake, on the fake kernel. Whoever raises one of these ceilings says why in the commit.
// Owner: the test. Thread: main.
#include <string>
#include <vector>

#include "test/native/sim/sessions_on_fake.h"
#include "test/native/doctest_last.h"

using metrics::Metric;
using sim::Client;
using sim::Pace;
using sim::PusherClient;
using sim::SessionsOnFake;

namespace {

constexpr int topics = 64;

std::string channel(int i) { return "c" + std::to_string(i); }

/// One subscriber of all topics does not read and holds a publication of each; another one reads.
class StuckAndReader : public SessionsOnFake {
 public:
  StuckAndReader() : stuck(open(sim::terms_of(0), 2000)), reader(open()) {
    for (int i = 0; i < topics; ++i) {
      join(stuck, channel(i));
      join(reader, channel(i));
    }
    settle();
    stuck.pace = Pace::stuck;
    for (int i = 0; i < topics; ++i) publish(sim::app_namespace + channel(i), 5000);
    settle();
    REQUIRE(reader.heard(channel(topics - 1)).size() == 1);
    REQUIRE(engine->memory().bytes_now() > 0);
  }
  /// How many passes over all subscribers of a topic `act` makes.
  template <typename Act>
  std::int64_t passes(Act act) {
    const std::int64_t before = stat(Metric::fan_out_passes);
    act();
    settle();
    return stat(Metric::fan_out_passes) - before;
  }

  PusherClient& stuck;
  PusherClient& reader;
};

}  // namespace

TEST_CASE("visits: the pong of a subscriber that holds nothing makes no pass, however many topics another one holds") {
  StuckAndReader on;
  CHECK(on.passes([&] {
    for (int i = 0; i < 50; ++i) {
      on.reader.send_ping("?");
      on.settle();
    }
  }) == 0);
  CHECK(on.reader.pongs == 50);
}

TEST_CASE("visits: a publication to one topic makes passes of that topic only, and few") {
  StuckAndReader on;
  CHECK(on.passes([&] { on.publish_event(channel(7), "x"); }) == 1);
  CHECK(on.reader.heard(channel(7)).size() == 2);
}

TEST_CASE("visits: who leaves a topic and holds nothing of it makes no pass") {
  StuckAndReader on;
  CHECK(on.passes([&] {
    for (int i = 0; i < topics; ++i) on.leave(on.reader, channel(i));
  }) == 0);
}

TEST_CASE("visits: who held something and has read it, or leaves, makes one pass a topic, and the logs are empty") {
  for (const bool reads : {true, false}) {
    CAPTURE(reads);
    StuckAndReader on;
    const auto act = [&] {
      if (reads) on.stuck.pace = Pace::eager;
      else on.stuck.vanish();
    };
    CHECK(on.passes(act) <= 2 * topics);
    CHECK(on.engine->memory().bytes_now() == 0);
    if (reads) CHECK(on.stuck.heard(channel(0)).size() == 1);
  }
}
