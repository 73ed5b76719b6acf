// Request and response on the fake kernel: every reply, both framings, clients that do not read, local sockets, the end.
// Owner: the test. Thread: main.
#include <array>
#include <memory>
#include <string>
#include <vector>

#include "native/codec/responder/responder_codec.h"
#include "native/shard/engine.h"
#include "test/native/codec/memory_in_use.h"
#include "test/native/sim/fake_kernel.h"
#include "test/native/sim/told.h"
#include "test/native/doctest_last.h"

using metrics::Metric;

namespace {

constexpr std::uint16_t raw_port = 8080;
constexpr std::uint16_t line_port = 8081;
const std::string path = "/run/broker.sock";

/// An engine whose three listeners only respond: raw, in lines, and raw on a path.
class Responder final : private shard::EventSink {
 public:
  explicit Responder(shard::EngineOptions options = {}, std::uint64_t seed = 1) : kernel(seed) {
    options.listeners = {{codec::ProtocolId::responder_raw, *os::Address::parse("127.0.0.1", raw_port), false},
                         {codec::ProtocolId::responder_line, *os::Address::parse("127.0.0.1", line_port), false},
                         {codec::ProtocolId::responder_raw, *os::Endpoint::parse("unix:" + path, 0), false}};
    shard::StartError error;
    engine = shard::Engine::start(std::move(options), kernel, *this, error);
    REQUIRE(engine != nullptr);
    engine->set_connection_events(true);
  }

  int connect(std::uint16_t port, std::size_t send_buffer_bytes = 64 * 1024) {
    return kernel.connect(port, *os::Address::parse("10.0.0.1", 5000), send_buffer_bytes);
  }
  /// What fits of `bytes` is sent, however often it takes, without reading.
  void ask(int client, std::string_view bytes) {
    for (int tries = 0; !bytes.empty() && tries < 1000; ++tries) {
      bytes.remove_prefix(kernel.peer_write(client, base::bytes_of(bytes)));
      turn();
    }
    REQUIRE(bytes.empty());
  }
  std::string read(int client) {
    std::string all;
    std::array<std::uint8_t, 10'000> buffer;
    for (int quiet = 0; quiet < 4; ++quiet) {
      turn();
      while (const std::size_t count = kernel.peer_read(client, buffer)) {
        all += base::text_of(base::Bytes(buffer).first(count));
        quiet = 0;
      }
    }
    return all;
  }
  std::string answer(int client, std::string_view bytes) {
    ask(client, bytes);
    return read(client);
  }
  void turn(std::int64_t ms = 0) {
    kernel.advance_ns(ms * 1'000'000);
    engine->shard(0).turn(0);
  }
  std::int64_t stat(Metric metric) const { return engine->stats()[static_cast<std::size_t>(metric)]; }
  void publish(const std::string& topic, const std::string& payload) {
    const auto outcome = engine->publish(topic, {codec::PayloadKind::text, base::bytes_of(payload)});
    REQUIRE(outcome.status == shard::PublishStatus::ok);
  }

  sim::FakeKernel kernel;
  std::unique_ptr<shard::Engine> engine;
  std::vector<shard::Event> events;

 private:
  bool congested() const override { return false; }
  bool post(shard::Event&& event) override {
    events.push_back(std::move(event));
    return true;
  }
};

shard::EngineOptions with_reply(shard::Reply reply) {
  shard::EngineOptions options;
  options.responder.reply = reply;
  options.retain.topics = {"*"};
  return options;
}

}  // namespace

TEST_CASE("responder: a fixed text, by default the reference's") {
  Responder on;
  const int raw = on.connect(raw_port);
  CHECK(on.answer(raw, "anything\nat all") == "respuesta");
  CHECK(on.answer(raw, "again") == "respuesta");
  CHECK(on.answer(on.connect(line_port), "a\nb\r\n\nnot yet") == "respuesta\nrespuesta\nrespuesta\n");
  CHECK(on.stat(Metric::requests) == 5);
}

TEST_CASE("responder: echo gives back every byte") {
  Responder on(with_reply(shard::Reply::echo));
  CHECK(on.answer(on.connect(raw_port), "x\r\n") == "x\r\n");
  const int lines = on.connect(line_port);
  CHECK(on.answer(lines, "one\r\ntwo\nthr") == "one\r\ntwo\n");
  CHECK(on.answer(lines, "ee\n") == "three\n");
}

TEST_CASE("responder: the last message of the topic that is asked for") {
  Responder on(with_reply(shard::Reply::last));
  on.publish("prices", "1.07");
  on.publish("prices", "1.08");
  on.publish("text", "two\nlines");
  on.publish("empty", "");
  const int raw = on.connect(raw_port);
  CHECK(on.answer(raw, "prices") == "1.08");
  CHECK(on.answer(raw, "prices\r\n") == "1.08");
  CHECK(on.answer(raw, "text") == "two\nlines");
  CHECK(on.answer(raw, "empty") == "none");
  CHECK(on.answer(raw, "unknown") == "none");
  CHECK(on.answer(on.connect(line_port), "prices\ntext\r\nempty\nunknown\n") == "1.08\nnone\n\nnone\n");
  CHECK(on.stat(Metric::requests_missed) == 4);
}

TEST_CASE("responder: the room for a large reply goes with it") {
  constexpr std::size_t large = 8 * 1024 * 1024;
  shard::EngineOptions options = with_reply(shard::Reply::last);
  options.codecs.websocket.message_bytes_max = large;
  Responder on(options);
  on.publish("large", std::string(large, 'l'));
  const int client = on.connect(raw_port, 2 * large);
  REQUIRE(on.answer(client, "unknown") == "none");
  const std::size_t before = memory_in_use();
  REQUIRE(on.answer(client, "large").size() == large);
  if (counts_memory) CHECK(memory_in_use() < before + large / 2);
}

TEST_CASE("responder: pipelined lines are answered in one write") {
  Responder on;
  const int client = on.connect(line_port);
  on.answer(client, "hello\n");
  std::string requests;
  for (int i = 0; i < 1000; ++i) requests += "request\n";
  const std::int64_t before = on.stat(Metric::writes);
  CHECK(on.answer(client, requests).size() == 1000 * std::string("respuesta\n").size());
  CHECK(on.stat(Metric::writes) == before + 1);
}

TEST_CASE("responder: a line that is too long ends the connection, behind the replies") {
  Responder on;
  const int client = on.connect(line_port);
  on.ask(client, "first\n");
  on.ask(client, std::string(codec::line_bytes_max + 1, 'x'));
  CHECK(on.read(client) == "respuesta\n");
  CHECK(on.kernel.peer_at_end(client));
  CHECK(!on.kernel.was_reset(client));
  CHECK(on.stat(Metric::protocol_errors) == 1);
}

TEST_CASE("responder: who does not read is not read, and gets everything when it does") {
  for (const std::uint16_t port : {raw_port, line_port}) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
      CAPTURE(port);
      CAPTURE(seed);
      Responder on(with_reply(shard::Reply::echo), seed);
      on.kernel.faults.short_send = 200;
      on.kernel.faults.refused_send = 200;
      const int client = on.connect(port, 5000);
      std::string sent, got;
      for (std::string_view stuck = "not"; stuck == "not";) {  // until no more fits into the kernel on the way in
        const std::string request = std::string(sent.size() % 977, 'r') + "\n";
        const std::size_t taken = on.kernel.peer_write(client, base::bytes_of(request));
        sent += request.substr(0, taken);
        for (int i = 0; i < 3; ++i) on.turn(7);
        if (taken < request.size()) stuck = "yes";
        REQUIRE(sent.size() < 2'000'000);
      }
      for (int i = 0; i < 5000 && got.size() < sent.size(); ++i) {
        got += on.read(client);
        on.turn(7);
      }
      if (port == line_port) sent.resize(sent.rfind('\n') + 1);
      CHECK(got == sent);
    }
  }
}

TEST_CASE("responder: small requests for large replies come out in turns") {
  shard::EngineOptions options;
  options.responder.text = std::string(60'000, 't');
  Responder on(options);
  const int greedy = on.connect(line_port, 1 << 30);
  const int modest = on.connect(line_port);
  on.answer(modest, "\n");
  REQUIRE(on.kernel.peer_write(greedy, base::bytes_of(std::string(2000, '\n'))) == 2000);
  on.turn();
  const std::int64_t first = on.stat(Metric::requests);
  CHECK(first < 10);
  REQUIRE(on.kernel.peer_write(modest, base::bytes_of("\n")) == 1);
  on.turn();
  std::array<std::uint8_t, 1 << 17> buffer;
  CHECK(on.kernel.peer_read(modest, buffer) == 60'001);
  CHECK(on.read(greedy).size() == 2000u * 60'001u);
}

TEST_CASE("responder: silence has a bound") {
  shard::EngineOptions options;
  options.responder.idle_ms = 1000;
  Responder on(options);
  const int silent = on.connect(raw_port);
  const int talking = on.connect(raw_port);
  on.turn();
  for (int i = 0; i < 4; ++i) {
    on.turn(400);
    CHECK(on.answer(talking, "x") == "respuesta");
  }
  CHECK(on.kernel.peer_at_end(silent));
  CHECK(!on.kernel.peer_at_end(talking));

  options.responder.idle_ms = 0;
  Responder patient(options);
  const int for_ever = patient.connect(raw_port);
  for (int i = 0; i < 30; ++i) patient.turn(3'600'000);
  // Nor does the shard turn for it all the time.
  const std::int64_t before_ns = patient.kernel.now_ns();
  for (int i = 0; i < 3; ++i) patient.engine->shard(0).turn(60'000);
  CHECK(patient.kernel.now_ns() - before_ns > 3'000'000'000);
  CHECK(patient.answer(for_ever, "x") == "respuesta");
}

TEST_CASE("responder: over the limit of connections one is closed at once; local peers have no limit of their own") {
  shard::EngineOptions options;
  options.connections_max = 5;
  options.connections_per_address_max = 1;
  Responder on(options);
  const int first = on.connect(raw_port);
  const int second = on.connect(raw_port);
  on.turn();
  on.turn();
  CHECK(on.answer(first, "x") == "respuesta");
  CHECK(on.kernel.peer_at_end(second));
  for (int i = 0; i < 4; ++i) CHECK(on.answer(on.kernel.connect(path, 64 * 1024), "x") == "respuesta");
  const int sixth = on.kernel.connect(path, 64 * 1024);
  on.turn();
  on.turn();
  CHECK(on.kernel.peer_at_end(sixth));
  CHECK(on.stat(Metric::connections_refused) == 2);
  CHECK(on.stat(Metric::connections_now) == 5);
}

TEST_CASE("responder: a local client that does not read is told of room again") {
  Responder on(with_reply(shard::Reply::echo));
  const int client = on.kernel.connect(path, 1000);
  on.turn();
  const std::string request(5000, 'e');
  on.ask(client, request);
  CHECK(on.stat(Metric::writes_refused) > 0);
  CHECK(on.read(client) == request);
  CHECK(on.answer(client, "more") == "more");
  REQUIRE(on.events.size() == 1);
  CHECK(sim::peer_of(on.events[0]) == "unix");
}

TEST_CASE("responder: a half-closed client gets its reply before the end") {
  Responder on;
  const int client = on.connect(raw_port);
  REQUIRE(on.kernel.peer_write(client, base::bytes_of("last words")) == 10);
  on.kernel.peer_shutdown(client);
  CHECK(on.read(client) == "respuesta");
  CHECK(on.kernel.peer_at_end(client));
  CHECK(!on.kernel.was_reset(client));
}

TEST_CASE("responder: drain answers what was asked, ends every stream in order, and lets go of the path") {
  Responder on;
  const int quiet = on.connect(raw_port);
  const int asking = on.connect(line_port);
  on.turn();
  on.turn();
  REQUIRE(on.kernel.peer_write(asking, base::bytes_of("one\ntwo\n")) == 8);
  on.engine->drain(200);
  for (int i = 0; i < 20; ++i) on.turn(10);
  CHECK(on.read(asking) == "respuesta\nrespuesta\n");
  for (const int client : {quiet, asking}) {
    CHECK(on.kernel.peer_at_end(client));
    CHECK(!on.kernel.was_reset(client));
    on.kernel.peer_close(client);
  }
  for (int i = 0; i < 5; ++i) on.turn(10);
  CHECK(on.stat(Metric::connections_now) == 0);
  CHECK(on.kernel.connect(path, 1000) == -1);
  REQUIRE(sim::is<shard::Drained>(on.events.back()));
  CHECK(std::get<shard::Drained>(on.events.back()).cut == 0);
}

TEST_CASE("responder: a shard that is to spin asks again for a while before it sleeps") {
  shard::EngineOptions options;
  options.latency.spin_us = 100;
  Responder on(options);
  const int client = on.connect(raw_port);
  on.turn();
  on.turn();
  const auto sleep = [&] { on.engine->shard(0).turn(50); };
  const std::int64_t started_ns = on.kernel.now_ns();
  sleep();
  CHECK(on.stat(Metric::spins_missed) == 1);
  CHECK(on.kernel.now_ns() - started_ns >= 50'000'000);  // it slept, too
  int calls = 0;
  on.kernel.meanwhile = [&] {
    if (++calls == 2) CHECK(on.kernel.peer_write(client, base::bytes_of("x")) == 1);
  };
  const std::int64_t asked_ns = on.kernel.now_ns();
  sleep();
  on.kernel.meanwhile = nullptr;
  CHECK(on.stat(Metric::spins_hit) == 1);
  CHECK(on.kernel.now_ns() - asked_ns < 1'000'000);
  CHECK(on.read(client) == "respuesta");
}

TEST_CASE("responder: a message from another thread ends the spinning") {
  shard::EngineOptions options;
  options.latency.spin_us = 1'000'000;
  Responder on(options);
  on.turn();
  int calls = 0;
  on.kernel.meanwhile = [&] {
    if (++calls == 2) CHECK(on.engine->silent_ms()[0] == 0);
  };
  const std::int64_t asked_ns = on.kernel.now_ns();
  on.engine->shard(0).turn(50);
  CHECK(on.kernel.now_ns() - asked_ns < 1'000'000);
  CHECK(on.stat(Metric::spins_hit) == 1);
}
