// Publications that leave one connection out, on every way that bytes take to a subscriber, on the fake kernel.
// Owner: the test. Thread: main.
#include "test/native/sim/sessions_on_fake.h"
#include "test/native/doctest_last.h"

using sim::Client;
using sim::Pace;
using sim::PusherClient;
using sim::SessionsOnFake;
using sim::Texts;

namespace {

/// Three sessions in one channel; with a second channel each they are written to together with it.
class Trio : public SessionsOnFake {
 public:
  explicit Trio(bool gathered, std::size_t send_buffer_bytes = 64 * 1024) {
    for (PusherClient*& each : sessions) {
      each = &open(sim::terms_of(0), send_buffer_bytes);
      join(*each, "c");
      if (gathered) join(*each, "another");
    }
    settle();
  }
  /// Leaves that one of them out; none: whom < 0.
  void publish_without(int whom, const std::string& data) {
    const Client* const excluded = whom < 0 ? nullptr : sessions[static_cast<std::size_t>(whom)];
    publish_event("c", data, excluded);
    for (int who = 0; who < 3; ++who) {
      if (who != whom) wanted[static_cast<std::size_t>(who)].push_back(data);
    }
  }
  void check() {
    for (std::size_t who = 0; who < 3; ++who) {
      CAPTURE(who);
      CHECK(sessions[who]->heard("c") == wanted[who]);
      CHECK(sessions[who]->trouble.empty());
    }
    CHECK(engine->memory().bytes_now() == 0);
  }

  PusherClient* sessions[3] = {};
  Texts wanted[3];
};

}  // namespace

TEST_CASE("exclusions: the first, one in the middle, the last, several in a row, all of them") {
  const std::vector<std::vector<int>> bursts = {{0},          {0, -1},    {-1, 0},        {-1, 0, -1},       {0, 0, 0},
                                                {-1, 0, 0, 0}, {0, 1, 2}, {0, -1, 0, -1}, {-1, 0, 0, -1, 0}, {1, 0, 0, 1, -1, 2, 2}};
  for (const bool gathered : {false, true}) {
    for (const std::vector<int>& burst : bursts) {
      CAPTURE(gathered);
      Trio on(gathered);
      for (std::size_t i = 0; i < burst.size(); ++i) on.publish_without(burst[i], std::to_string(i));
      on.settle();
      for (std::size_t i = 0; i < burst.size(); ++i) {  // and one by one
        on.publish_without(burst[i], "again " + std::to_string(i));
        on.settle();
      }
      on.check();
    }
  }
}

TEST_CASE("exclusions: what is for nobody is not written, and the log lets go of it") {
  for (const bool gathered : {false, true}) {
    SessionsOnFake on;
    PusherClient& alone = on.open();
    on.join(alone, "c");
    if (gathered) on.join(alone, "another");
    on.settle();
    const std::int64_t writes = on.stat(metrics::Metric::writes);
    const std::int64_t deliveries = on.stat(metrics::Metric::deliveries);
    for (int i = 0; i < 500; ++i) on.publish_event("c", std::string(1000, 'x'), &alone);
    on.settle();
    CHECK(on.stat(metrics::Metric::writes) == writes);
    CHECK(on.stat(metrics::Metric::deliveries) == deliveries);
    CHECK(on.engine->memory().bytes_now() == 0);
    CHECK(on.kernel.mappings() == 0);
    on.publish_event("c", "for all");
    on.settle();
    CHECK(alone.heard("c") == Texts{"for all"});
    CHECK(on.stat(metrics::Metric::deliveries) == deliveries + 1);
  }
}

TEST_CASE("exclusions: bursts over several segments, sent by sendfile and in pieces") {
  for (const bool gathered : {false, true}) {
    for (const std::size_t send_buffer_bytes : {std::size_t{3000}, std::size_t{64 * 1024}, std::size_t{1} << 30}) {
      for (const std::size_t filler_bytes : {std::size_t{0}, std::size_t{900}, std::size_t{30'000}}) {
        CAPTURE(gathered);
        CAPTURE(send_buffer_bytes);
        CAPTURE(filler_bytes);
        Trio on(gathered, send_buffer_bytes);
        sim::Random random(filler_bytes + send_buffer_bytes);
        on.kernel.faults.short_send = 200;
        on.kernel.faults.refused_send = 100;
        const int count = filler_bytes == 30'000 ? 60 : 600;
        bool mapped = false;
        for (int i = 0; i < count; ++i) {
          on.publish_without(static_cast<int>(random() % 4) - 1, std::to_string(i) + std::string(filler_bytes, '.'));
          if (sim::chance(random, 5)) on.turn(1);
          mapped = mapped || on.kernel.mappings() > 0;
        }
        CHECK(mapped);
        for (int i = 0; i < 200; ++i) on.settle(1);
        on.check();
        CHECK(on.kernel.mappings() == 0);
      }
    }
  }
}

TEST_CASE("exclusions: behind a frame that is half written, with private bytes between") {
  for (const bool gathered : {false, true}) {
    CAPTURE(gathered);
    Trio on(gathered, 3000);
    for (PusherClient* each : on.sessions) each->pace = Pace::stuck;
    on.publish_without(-1, std::string(5000, 'a'));
    on.turn();
    on.publish_without(0, std::string(5000, 'b'));
    on.publish_without(1, "c");
    on.publish_without(0, "d");
    on.turn();
    on.send(*on.sessions[0], "private");
    on.turn();
    on.publish_without(2, "e");
    for (PusherClient* each : on.sessions) each->pace = Pace::eager;
    on.settle();
    on.check();
    CHECK(on.sessions[0]->heard("") == Texts{"private"});
  }
}

TEST_CASE("exclusions: of a session on another shard, of nobody, of a plain subscriber") {
  shard::EngineOptions options;
  options.shards = 3;
  SessionsOnFake on(options);
  Client& plain = on.subscriber("/pusher/1/c");
  on.settle();
  const conn::ConnectionId plain_id = sim::id_of(on.events.back());
  std::vector<PusherClient*> sessions;
  for (int i = 0; i < 6; ++i) {
    sessions.push_back(&on.open());
    on.join(*sessions.back(), "c");
  }
  std::vector<Texts> wanted(sessions.size());
  const auto publish = [&](unsigned sequence, conn::ConnectionId excluded) {
    const std::string data = sim::payload_of({0, 0, sequence}, 20);
    on.engine->publish("pusher/1/c", {codec::PayloadKind::text, base::bytes_of(data), "event", {}, {}, excluded});
    for (std::size_t i = 0; i < sessions.size(); ++i) {
      if (on.id_of(*sessions[i]) != excluded) wanted[i].push_back(data);
    }
  };
  for (unsigned i = 0; i < 6; ++i) publish(i, on.id_of(*sessions[i]));
  publish(6, plain_id);
  publish(7, 0);
  publish(8, conn::make_id(2, 9999, 3));
  on.settle();
  for (std::size_t i = 0; i < sessions.size(); ++i) CHECK(sessions[i]->heard("c") == wanted[i]);
  std::vector<unsigned> heard;
  for (const sim::Key& key : plain.messages) heard.push_back(key.sequence);
  CHECK(heard == std::vector<unsigned>{0, 1, 2, 3, 4, 5, 7, 8});
}

TEST_CASE("exclusions: cost nothing of the others' counts, and nobody an encoding") {
  Trio on(false);
  const std::int64_t encodes = on.stat(metrics::Metric::encodes);
  const std::int64_t deliveries = on.stat(metrics::Metric::deliveries);
  for (int i = 0; i < 10; ++i) on.publish_without(i % 3, "x");
  on.settle();
  on.check();
  CHECK(on.stat(metrics::Metric::encodes) == encodes + 10);
  CHECK(on.stat(metrics::Metric::deliveries) == deliveries + 20);
}
