// Clients that say more than their share, on the fake kernel: what a turn takes of them, and whom they do not hold up.
// Owner: the test. Thread: main.
#include "test/native/sim/sessions_on_fake.h"
#include "test/native/doctest_last.h"

using metrics::Metric;
using sim::Client;
using sim::PusherClient;
using sim::SessionsOnFake;

namespace {

constexpr std::size_t flood_bytes = 1024 * 1024;

/// A whole frame, masked with zeros.
std::string frame(const std::string& text) {
  std::string frame = "\x81";
  if (text.size() < 126) {
    frame += static_cast<char>(0x80 | text.size());
  } else {
    frame += static_cast<char>(0xFE);
    frame += static_cast<char>(text.size() >> 8);
    frame += static_cast<char>(text.size() & 0xFF);
  }
  return frame + std::string(4, '\0') + text;
}

std::string many(const std::string& frame) {
  std::string all;
  while (all.size() < flood_bytes) all += frame;
  return all;
}

/// Reads on, and says nothing.
void step_others(SessionsOnFake& on, const Client& flooder) {
  for (const auto& each : on.clients) {
    if (each.get() != &flooder) each->step();
  }
}

}  // namespace

TEST_CASE("floods: of a session's client events no more than a quantum is taken before a neighbour's is delivered") {
  for (const bool within_rate : {true, false}) {
    CAPTURE(within_rate);
    SessionsOnFake on;
    on.batch_now = 1;
    on.kernel.receive_buffer_bytes = 2 * flood_bytes;
    PusherClient& flooder = on.open(sim::terms_of(within_rate ? 65'535 : 10));
    PusherClient& writer = on.open(sim::terms_of(65'535));
    PusherClient& reader = on.open();
    on.join_to_publish(flooder, "private-flood");
    on.join_to_publish(writer, "private-calm");
    on.join(reader, "private-calm");
    on.settle();
    const std::string event = frame(R"({"event":"client-e","channel":"private-flood","data":"d"})");
    on.kernel.peer_write(flooder.socket(), base::bytes_of(many(event)));
    const std::string calm = frame(R"({"event":"client-e","channel":"private-calm","data":"still here"})");
    for (std::size_t round = 1; round <= 5; ++round) {
      on.turn();
      on.kernel.peer_write(writer.socket(), base::bytes_of(calm));
      const std::int64_t before = on.stat(Metric::bytes_received);
      on.turn();
      CHECK(on.stat(Metric::bytes_received) - before <= static_cast<std::int64_t>(shard::read_quantum_bytes + calm.size()));
      step_others(on, flooder);
      CHECK(reader.heard("private-calm").size() == round);
      ++on.batch_now;
    }
  }
}

TEST_CASE("floods: a publisher is not held back by subscribers that do not read: they are slow, as ever") {
  shard::EngineOptions options;
  options.slow_rules = {{"*", conn::SlowPolicyId::drop_oldest, {4 * 1024 * 1024, 3'600'000}}};
  SessionsOnFake on(options);
  on.kernel.receive_buffer_bytes = 16 * flood_bytes;
  Client& publisher = on.publisher("/t");
  Client& stuck = on.subscriber("/t");
  on.settle();
  stuck.pace = sim::Pace::stuck;
  const std::string all = many(frame(sim::payload_of({0, 0, 0}, 2000)));
  for (int i = 0; i < 8; ++i) on.kernel.peer_write(publisher.socket(), base::bytes_of(all));
  for (int i = 0; i < 400; ++i) on.turn();
  CHECK(on.stat(Metric::bytes_received) > static_cast<std::int64_t>(8 * flood_bytes));
  CHECK(on.count<shard::Slow>() > 0);
}

TEST_CASE("floods: whoever holds a publisher back and then goes, or reads no more, holds it back no longer") {
  for (const bool goes : {false, true}) {
    CAPTURE(goes);
    SessionsOnFake on;
    on.kernel.receive_buffer_bytes = 16 * flood_bytes;
    Client& publisher = on.publisher("/t");
    Client& reader = on.subscriber("/t", 16 * flood_bytes);
    on.settle();
    // Two publishers bring more than a pass takes away.
    Client& another = on.publisher("/t");
    Client& third = on.publisher("/t");
    on.settle();
    const std::string all = many(frame(sim::payload_of({0, 0, 0}, 2000)));
    for (Client* each : {&publisher, &another, &third}) {
      for (int i = 0; i < 4; ++i) on.kernel.peer_write(each->socket(), base::bytes_of(all));
    }
    for (int i = 0; i < 200 && on.stat(Metric::publishers_held_back) == 0; ++i) on.turn();
    REQUIRE(on.stat(Metric::publishers_held_back) > 0);
    if (goes) {
      reader.abort();
    } else {
      on.kernel.faults.refused_send = 1000;
    }
    for (int i = 0; i < 200; ++i) on.turn();
    CHECK(on.stat(Metric::bytes_received) > static_cast<std::int64_t>(12 * flood_bytes));
  }
}
