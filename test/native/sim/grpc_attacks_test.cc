// Those who mean harm, at the engine's gRPC port on the fake kernel: each attack ends the attacker's connection, with bounded memory
// meanwhile, whether it reads our answers or not, and nobody else notices. (How often exactly: http2_attacks_test.cc.)
// Owner: the test. Thread: main.
#include <functional>
#include <string>

#include "test/native/codec/memory_in_use.h"
#include "test/native/sim/engine_on_fake.h"
#include "test/native/doctest_last.h"

using metrics::Metric;
using sim::EngineOnFake;
using sim::GrpcClient;
using wire::operator+;

namespace {

struct Attack {
  const char* name;
  std::function<h2::Wire(std::uint32_t i)> wire;
  const char* reason;  // what the GOAWAY says
  std::uint32_t code = 11;
};

std::uint32_t id_of(std::uint32_t i) { return 2 * i + 1; }
h2::Wire asks_for_health(std::uint32_t stream) { return h2::call(stream, "/grpc.health.v1.Health/Check") + h2::end_data(stream, h2::grpc({})); }
/// A small question with an answer of several kilobytes.
h2::Wire asks_for_descriptors(std::uint32_t stream) {
  return h2::call(stream, "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo") +
         h2::end_data(stream, h2::grpc(h2::text_field(4, "broker.v1.MessageService")));
}

const std::vector<Attack> attacks = {
    {"rapid reset, CVE-2023-44487", [](std::uint32_t i) { return h2::subscribe(id_of(i)) + h2::rst_stream(id_of(i)); }, "too many streams are reset"},
    {"resets that we are made to send, CVE-2025-8671",
     [](std::uint32_t i) { return h2::subscribe(id_of(i)) + h2::window_update(id_of(i), 0x7FFFFFFF); }, "too many streams are reset"},
    {"continuations without end, CVE-2024-27316",
     [](std::uint32_t i) {
       if (i == 0) return h2::headers(1, {0x82}, 0);
       return h2::frame(codec::FrameType::continuation, 0, 1, h2::Wire(1000, 0x82));
     },
     "too many continuations"},
    {"SETTINGS", [](std::uint32_t) { return h2::settings({{4, 1000}}); }, "too many frames of no use"},
    {"SETTINGS that open every window", [](std::uint32_t i) { return i == 0 ? h2::subscribe(1) : h2::settings({{4, i % 2 * 1000}}); },
     "too many frames of no use"},
    {"PING", [](std::uint32_t) { return h2::ping(); }, "too_many_pings"},
    {"PRIORITY", [](std::uint32_t) { return h2::frame(codec::FrameType::priority, 0, 1, h2::Wire(5, 0)); }, "too many frames of no use"},
    {"empty DATA", [](std::uint32_t i) { return i == 0 ? h2::call(1, h2::publish_path) : h2::data(1, {}); }, "too many frames of no use"},
    {"frames that nobody knows", [](std::uint32_t) { return h2::frame(0x42, 0, 0, h2::Wire(100, 0)); },
     "too many frames of no use"},
    {"windows that grow by nothing", [](std::uint32_t i) { return i == 0 ? h2::subscribe(1) : h2::window_update(1, 1); }, "too many frames of no use"},
};

/// A neighbour that must not notice.
struct Witness {
  explicit Witness(EngineOnFake& on_engine) : on(on_engine), client(on.grpc()), stream(client.subscribe("t")) { on.settle(); }
  void check() {
    on.publish("t", std::to_string(++published));
    on.settle();
    CHECK(client.streams[stream].messages.size() == published);
    CHECK(client.trouble == "");
    CHECK(!client.goaway);
  }
  EngineOnFake& on;
  GrpcClient& client;
  const std::uint32_t stream;
  std::size_t published = 0;
};

}  // namespace

TEST_CASE("grpc attacks: too much of what costs the attacker nothing") {
  for (const Attack& attack : attacks) {
    for (const bool reads : {true, false}) {
      CAPTURE(attack.name);
      CAPTURE(reads);
      EngineOnFake on;
      Witness witness(on);
      GrpcClient& attacker = on.grpc({.send_buffer_bytes = 4096});
      on.settle();
      attacker.reads = reads;
      const std::size_t memory_before = memory_in_use();
      std::size_t memory_most = 0;
      for (std::uint32_t i = 0; i < 3000 && on.stat(Metric::protocol_errors) == 0; ++i) {
        attacker.send(attack.wire(i));
        if (i % 10 == 0) on.settle();
        memory_most = std::max(memory_most, memory_in_use());
      }
      on.settle();
      CHECK(on.stat(Metric::protocol_errors) == 1);
      if (counts_memory) CHECK(memory_most < memory_before + 1'000'000);
      if (reads) {
        REQUIRE(attacker.goaway);
        CHECK(attacker.goaway->code == attack.code);
        CHECK(attacker.goaway->text == attack.reason);
      }
      witness.check();
      for (int i = 0; i < 8; ++i) on.step(1000);  // close_ms
      CHECK(on.stat(Metric::connections_now) == 1);
      CHECK(on.stat(Metric::subscriptions_now) == 1);
      CHECK(on.stat(Metric::streams_now) == 1);
      CHECK(on.engine->stream_bytes() == 0);
      witness.check();
    }
  }
}

TEST_CASE("grpc attacks: answers for which no window is given") {
  shard::EngineOptions options;
  options.handshake_ms = 2000;
  EngineOnFake on(options);
  Witness witness(on);
  GrpcClient& attacker = on.grpc({.stream_window_bytes = 0});
  for (std::uint32_t i = 0; i < 300; ++i) attacker.send(asks_for_descriptors(id_of(i)));
  on.settle();
  CHECK(on.engine->stream_bytes() > 100'000);
  CHECK(on.engine->stream_bytes() <= options.codecs.grpc.answer_bytes_max + 100'000);
  for (int i = 0; i < 9; ++i) {
    attacker.send(h2::ping());  // it is not silent
    on.step(200);
  }
  CHECK(!attacker.goaway);
  for (int i = 0; i < 3; ++i) on.step(200);
  on.settle();
  REQUIRE(attacker.goaway);
  CHECK(attacker.goaway->text == "an answer was not read");
  CHECK(on.engine->stream_bytes() == 0);
  witness.check();
}

TEST_CASE("grpc attacks: answers that are not read, by one who is never silent") {
  shard::EngineOptions options;
  options.handshake_ms = 2000;
  EngineOnFake on(options);
  Witness witness(on);
  GrpcClient& attacker = on.grpc({.send_buffer_bytes = 4096, .stream_window_bytes = 1 << 20});
  attacker.grow_window(0, 1 << 30);
  on.settle();
  attacker.reads = false;
  for (std::uint32_t i = 0; i < 5000; ++i) {
    attacker.send(asks_for_descriptors(id_of(i)));
    if (i % 20 == 0) on.settle();
  }
  on.settle();
  const codec::GrpcLimits& limits = options.codecs.grpc;
  CHECK(on.engine->stream_bytes() > 1'000'000);
  CHECK(on.engine->stream_bytes() < limits.http2.replies_bytes_max + 100'000);
  for (std::uint32_t i = 0; i < 20; ++i) {
    attacker.send(asks_for_health(id_of(5000 + i)));
    on.step(200);
  }
  CHECK(on.stat(Metric::protocol_errors) == 1);
  for (int i = 0; i < 8; ++i) on.step(1000);
  CHECK(on.engine->stream_bytes() == 0);
  CHECK(on.stat(Metric::connections_now) == 1);
  witness.check();
}

TEST_CASE("grpc attacks: who reads slowly is not taken for one who does not read") {
  shard::EngineOptions options;
  options.handshake_ms = 2000;
  EngineOnFake on(options);
  GrpcClient& slow = on.grpc({.send_buffer_bytes = 4096, .stream_window_bytes = 1 << 20});
  slow.grow_window(0, 1 << 30);
  on.settle();
  slow.read_max = 1000;
  for (std::uint32_t i = 0; i < 40; ++i) {
    slow.streams[id_of(i)].window = 1 << 20;
    slow.send(asks_for_descriptors(id_of(i)));
  }
  int steps = 0;
  for (; steps < 1000 && slow.streams[id_of(39)].status != 0; ++steps) on.step(200);
  CHECK(slow.streams[id_of(39)].status == 0);
  CHECK(steps > 30);  // longer than handshake_ms
  CHECK(!slow.goaway);
  CHECK(slow.trouble == "");
}

TEST_CASE("grpc attacks: thousands of streams whose windows stay empty cost their place, and end by the slow-consumer rule") {
  shard::EngineOptions options;
  options.slow_rules = {{"*", conn::SlowPolicyId::disconnect, {20'000, 3'600'000}}};
  EngineOnFake on(options);
  Witness witness(on);
  const std::size_t memory_before = memory_in_use();
  GrpcClient& attacker = on.grpc({.stream_window_bytes = 0});
  for (std::uint32_t i = 0; i < 5000; ++i) {
    attacker.send(h2::subscribe(id_of(i), {{"topic", "t"}}));
    if (i % 100 == 0) on.settle();
  }
  on.settle();
  CHECK(on.stat(Metric::subscriptions_now) == 5001);
  for (int i = 0; i < 30; ++i) {
    on.publish("t", std::string(1000, 'x'));
    on.settle(20);
  }
  for (int i = 0; i < 5; ++i) on.settle(50);
  CHECK(on.stat(Metric::streams_closed_slow) == 5000);
  CHECK(on.stat(Metric::subscriptions_now) == 1);
  CHECK(witness.client.streams[witness.stream].messages.size() == 30);
  CHECK(!attacker.is_over());
  attacker.vanish();
  on.settle();
  CHECK(on.engine->memory().bytes_now() == 0);
  if (counts_memory) CHECK(memory_in_use() < memory_before + 20'000'000);  // the clients' own records among them
}
