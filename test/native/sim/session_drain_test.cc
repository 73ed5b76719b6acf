// The drain as sessions and those who come meanwhile see it, on the fake kernel.
// Owner: the test. Thread: main.
#include <algorithm>

#include "test/native/sim/sessions_on_fake.h"
#include "test/native/doctest_last.h"

using metrics::Metric;
using sim::Client;
using sim::Pace;
using sim::PusherClient;
using sim::SessionsOnFake;
using sim::Texts;

namespace {

shard::EngineOptions drained_with(std::uint16_t code, unsigned shards = 1) {
  shard::EngineOptions options;
  options.session_drain_code = code;
  options.shards = shards;
  return options;
}

/// Milliseconds from now until the drain has ended; -1: it has not within `ms_max`.
std::int64_t ends_in_ms(SessionsOnFake& on, std::int64_t ms_max) {
  const std::int64_t before_ns = on.kernel.now_ns();
  while (on.count<shard::Drained>() == 0) {
    if (on.kernel.now_ns() - before_ns > ms_max * 1'000'000) return -1;
    on.step(5);
  }
  return (on.kernel.now_ns() - before_ns) / 1'000'000;
}

void pass_ms(SessionsOnFake& on, std::int64_t ms) {
  const std::int64_t until_ns = on.kernel.now_ns() + ms * 1'000'000;
  while (on.kernel.now_ns() < until_ns) on.step(5);
}

bool is_port_open(SessionsOnFake& on, std::uint16_t port) {
  const int socket = on.kernel.connect(port, sim::address_of(77'777), 64 * 1024);
  if (socket < 0) return false;
  on.kernel.peer_close(socket);
  return true;
}

}  // namespace

TEST_CASE("drain: sessions are closed with what they said and what was published before") {
  for (const std::uint16_t code : {std::uint16_t{4100}, std::uint16_t{4200}}) {
    SessionsOnFake on(drained_with(code, 2));
    std::vector<PusherClient*> sessions;
    for (int i = 0; i < 10; ++i) {
      sessions.push_back(&on.open(sim::terms_of(100)));
      on.join_to_publish(*sessions.back(), "c");
    }
    on.settle();
    sessions[0]->send_event({"client-e", "c", "published"});
    sessions[1]->send_text("said");
    sessions[0]->step();
    sessions[1]->step();
    on.engine->drain(400);
    for (int i = 0; i < 100 && on.count<shard::Drained>() == 0; ++i) on.settle(5);
    CHECK(on.messages_of(*sessions[1]) == Texts{"said"});
    for (PusherClient* each : sessions) {
      CHECK(each->close_code == code);
      CHECK(on.end_of(*each).code == code);
      if (each != sessions[0]) CHECK(each->heard("c") == Texts{"published"});
    }
    CHECK(on.count<shard::Drained>() == 1);
    REQUIRE(sim::is<shard::Drained>(on.events.back()));
    CHECK(std::get<shard::Drained>(on.events.back()).cut == 0);
  }
}

TEST_CASE("drain: a crowd that comes back after a second is told together, and the end leaves the next process half a second") {
  SessionsOnFake on(drained_with(4100, 2));
  for (int i = 0; i < 300; ++i) on.open();
  on.engine->drain(60'000);
  const std::int64_t ms = ends_in_ms(on, 60'000);
  CHECK(ms >= 100);  // not all in one moment
  CHECK(ms <= 400);
  for (const auto& client : on.clients) CHECK(client->close_code == 4100);
}

TEST_CASE("drain: a crowd that comes back at once is spread over the time") {
  SessionsOnFake on(drained_with(4200));
  for (int i = 0; i < 300; ++i) on.open();
  on.engine->drain(10'000);
  pass_ms(on, 500);
  const auto told = std::count_if(on.clients.begin(), on.clients.end(), [](const auto& client) { return client->close_code.has_value(); });
  CHECK(told > 30);
  CHECK(told < 270);
  CHECK(!is_port_open(on, SessionsOnFake::session_port));
  CHECK(ends_in_ms(on, 10'000) > 0);
}

TEST_CASE("drain: sessions are told last, behind subscribers that catch up") {
  SessionsOnFake on(drained_with(4100));
  PusherClient& session = on.open();
  Client& reader = on.subscriber("/t", 3000);
  on.settle();
  reader.pace = Pace::stuck;
  for (int i = 0; i < 20; ++i) on.publish("t", std::size_t{1000});
  on.engine->drain(4000);
  pass_ms(on, 1000);
  CHECK(session.is_open());
  CHECK(!session.close_code);
  reader.pace = Pace::eager;
  CHECK(ends_in_ms(on, 1000) >= 0);
  CHECK(reader.messages.size() == 20);
  CHECK(reader.close_code == 1001);
  CHECK(session.close_code == 4100);
}

TEST_CASE("drain: a session that does not answer does not keep the others waiting") {
  SessionsOnFake on(drained_with(4100));
  PusherClient& session = on.open();
  PusherClient& dead = on.open();
  dead.pace = Pace::stuck;
  on.engine->drain(60'000);
  const std::int64_t ms = ends_in_ms(on, 60'000);
  CHECK(ms >= 400);
  CHECK(ms <= 500);
  CHECK(session.close_code == 4100);
  CHECK(std::get<shard::Drained>(on.events.back()).cut == 1);
}

TEST_CASE("drain: who comes back before the end is held, then told once more") {
  SessionsOnFake on(drained_with(4100, 2));
  on.open();
  Client& stuck = on.subscriber("/t", 3000);
  on.settle();
  stuck.pace = Pace::stuck;
  for (int i = 0; i < 20; ++i) on.publish("t", std::size_t{1000});
  on.engine->drain(8000);
  pass_ms(on, 7400);  // what is left is for the sessions
  REQUIRE(on.clients[0]->close_code == 4100);
  PusherClient& late = on.session();
  PusherClient& silent = on.session();
  silent.pace = Pace::stuck;
  pass_ms(on, 300);
  CHECK(late.status == 0);  // neither let in nor turned away
  CHECK(ends_in_ms(on, 3000) > 0);
  CHECK(late.status == 101);
  CHECK(late.close_code == 4100);
  CHECK(late.events.empty());
  CHECK(on.id_of(late) == 0);  // the control plane heard nothing of it
  CHECK(on.stat(Metric::connections_now) == 0);
  CHECK(!is_port_open(on, SessionsOnFake::session_port));
}

TEST_CASE("drain: it does not end while those that were told are on their way back") {
  SessionsOnFake on(drained_with(4100));
  PusherClient& session = on.open();
  Client& stuck = on.subscriber("/t", 3000);
  on.settle();
  stuck.pace = Pace::stuck;
  for (int i = 0; i < 20; ++i) on.publish("t", std::size_t{1000});
  on.engine->drain(1000);
  std::int64_t told_ns = 0;
  while (!session.close_code) on.step(5);
  told_ns = on.kernel.now_ns();
  REQUIRE(ends_in_ms(on, 5000) > 0);
  const std::int64_t after_ms = (on.kernel.now_ns() - told_ns) / 1'000'000;
  CHECK((after_ms <= 500 || after_ms >= 1500));
  CHECK(std::get<shard::Drained>(on.events.back()).cut >= 1);
}

TEST_CASE("drain: one who is held for as long as a handshake may take is told then") {
  shard::EngineOptions options = drained_with(4100);
  options.handshake_ms = 2000;
  SessionsOnFake on(options);
  Client& stuck = on.subscriber("/t", 3000);
  on.settle();
  stuck.pace = Pace::stuck;
  for (int i = 0; i < 20; ++i) on.publish("t", std::size_t{1000});
  on.engine->drain(60'000);
  PusherClient& late = on.session();
  pass_ms(on, 1500);
  CHECK(late.status == 0);
  pass_ms(on, 700);
  CHECK(late.close_code == 4100);
  CHECK(on.count<shard::Drained>() == 0);
}

TEST_CASE("drain: newcomers of the other protocols are refused, and gRPC's port closes at once") {
  SessionsOnFake on(drained_with(4100));
  Client& stuck = on.subscriber("/t", 3000);
  on.settle();
  stuck.pace = Pace::stuck;
  for (int i = 0; i < 20; ++i) on.publish("t", std::size_t{1000});
  on.engine->drain(4000);
  on.step(5);
  Client& reader = on.subscriber("/t");
  Client& writer = on.publisher("/t");
  pass_ms(on, 100);
  CHECK(reader.status == 503);
  CHECK(writer.status == 503);
  CHECK(!is_port_open(on, SessionsOnFake::grpc_port));
  CHECK(is_port_open(on, SessionsOnFake::session_port));
}

TEST_CASE("drain: with SO_REUSEPORT newcomers are the next process's, and no port stays open") {
  shard::EngineOptions options = drained_with(4100);
  options.reuse_port = true;
  SessionsOnFake on(options);
  PusherClient& session = on.open();
  session.pace = Pace::stuck;
  on.engine->drain(4000);
  on.step(5);
  for (const std::uint16_t port : {std::uint16_t{8001}, std::uint16_t{8002}, SessionsOnFake::session_port}) CHECK(!is_port_open(on, port));
  CHECK(ends_in_ms(on, 6000) >= 0);
}
