// Deliveries on a kernel that only counts, for instructions to be counted (valgrind --tool=callgrind --toggle-collect=measured): no noise
// touches those. Each scenario prints how many deliveries were made within `measured`; without an argument it shows what they take.
#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

#include "bench/micro/measure.h"
#include "native/codec/grpc/grpc_message.h"
#include "native/shard/engine.h"
#include "test/native/codec/http2/http2_wire.h"
#include "test/native/shard/null_kernel.h"

using metrics::Metric;
using wire::operator+;

namespace {

constexpr std::size_t subscribers = 1000;

struct NoEvents final : shard::EventSink {
  bool post(shard::Event&&) override { return true; }
  bool congested() const override { return false; }
};

/// An engine with its clients.
class Stage {
 public:
  virtual ~Stage() = default;
  /// Publishers say what they say once; returns how many deliveries are to follow.
  virtual std::size_t publish() = 0;

  /// The first publications fill buffers; they are not to be counted.
  void warm_up() {
    for (int round = 0; round < 2; ++round) wait_until(Metric::deliveries, static_cast<std::size_t>(stat(Metric::deliveries)) + publish());
  }
  void turn() { engine_->shard(0).turn(0); }
  std::int64_t stat(Metric metric) const { return engine_->stats()[static_cast<std::size_t>(metric)]; }

 protected:
  void start(std::vector<shard::ListenerOptions> listeners) {
    shard::EngineOptions options;
    options.listeners = std::move(listeners);
    shard::StartError error;
    engine_ = shard::Engine::start(std::move(options), kernel_, events_, error);
  }
  void wait_until(Metric metric, std::size_t count) {
    while (stat(metric) < static_cast<std::int64_t>(count)) turn();
  }

  ceilings::NullKernel kernel_;
  NoEvents events_;
  std::unique_ptr<shard::Engine> engine_;
};

/// WebSocket clients of one topic. In a turn every publisher says one message of 1 kB.
class Sockets final : public Stage {
 public:
  explicit Sockets(std::size_t publishers) {
    start({{codec::ProtocolId::websocket_publish, *os::Address::parse("127.0.0.1", 8001), false},
           {codec::ProtocolId::websocket_subscribe, *os::Address::parse("127.0.0.1", 8002), false}});
    const std::string handshake =
        "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
    for (std::size_t i = 0; i < publishers; ++i) publishers_.push_back(kernel_.connect(8001, handshake));
    for (std::size_t i = 0; i < subscribers; ++i) kernel_.connect(8002, handshake);
    wait_until(Metric::handshakes_completed, publishers + subscribers);
    frame_ = std::string("\x81\xFE\x04\x00\x11\x22\x33\x44", 8);
    for (std::size_t i = 0; i < 1024; ++i) frame_ += static_cast<char>('x' ^ (0x11 * (i % 4 + 1)));
  }
  std::size_t publish() override {
    for (const int publisher : publishers_) kernel_.incoming(publisher, frame_);
    return publishers_.size() * subscribers;
  }

 private:
  std::vector<int> publishers_;
  std::string frame_;
};

/// Streams of one connection, the publisher's among them. Messages of 12 bytes.
class Streams final : public Stage {
 public:
  Streams() {
    start({{codec::ProtocolId::grpc, *os::Address::parse("127.0.0.1", 8004), false}});
    h2::Wire bytes = h2::bytes(codec::http2_preface) + h2::settings({{4, INT32_MAX}}) + h2::window_update(0, INT32_MAX - 65'535);
    for (std::size_t i = 0; i < subscribers; ++i) bytes = bytes + h2::subscribe(static_cast<std::uint32_t>(2 * i + 1));
    constexpr auto publisher = static_cast<std::uint32_t>(2 * subscribers + 1);
    bytes = bytes + h2::call(publisher, h2::publish_path);
    connection_ = kernel_.connect(8004, {bytes.begin(), bytes.end()});
    wait_until(Metric::subscriptions_now, subscribers);
    const codec::Message message{7, "twelve bytes"};
    h2::Wire written(codec::message_bytes(message));
    codec::write_message(message, written);
    const h2::Wire data = h2::data(publisher, h2::grpc(written));
    data_ = std::string(data.begin(), data.end());
  }
  std::size_t publish() override {
    kernel_.incoming(connection_, data_);
    return subscribers;
  }

 private:
  int connection_ = -1;
  std::string data_;
};

struct Scenario {
  std::string_view name;
  std::size_t rounds;
  std::unique_ptr<Stage> (*make)();
};

constexpr Scenario scenarios[] = {
    {"one-to-many", 20, [] { return std::unique_ptr<Stage>(std::make_unique<Sockets>(1)); }},
    {"many-to-many", 2, [] { return std::unique_ptr<Stage>(std::make_unique<Sockets>(100)); }},
    {"grpc", 20, [] { return std::unique_ptr<Stage>(std::make_unique<Streams>()); }},
};

}  // namespace

/// What is counted: from bytes that came to bytes that were sent.
extern "C" [[gnu::noinline]] void measured(Stage& stage, std::int64_t deliveries) {
  while (stage.stat(Metric::deliveries) < deliveries) stage.turn();
  asm volatile("" : : : "memory");
}

namespace {

std::int64_t run(Stage& stage, std::size_t rounds) {
  std::int64_t sum = 0;
  for (std::size_t round = 0; round < rounds; ++round) {
    const auto count = static_cast<std::int64_t>(stage.publish());
    measured(stage, stage.stat(Metric::deliveries) + count);
    sum += count;
  }
  return sum;
}

void show(const Scenario& scenario) {
  const std::unique_ptr<Stage> stage = scenario.make();
  micro::Least least;
  std::int64_t deliveries = 1;
  for (int repetition = 0; repetition < 200; ++repetition) least.note(1, [&] { deliveries = run(*stage, 1); });
  std::printf("%-14s  %8.1f\n", scenario.name.data(), least.ns() / static_cast<double>(deliveries));
}

}  // namespace

int main(int count, char** arguments) {
  if (count == 1) {
    std::printf("1000 subscribers, without the kernel, ns a delivery\n");
    for (const Scenario& scenario : scenarios) show(scenario);
    return 0;
  }
  const auto* const scenario = std::find_if(std::begin(scenarios), std::end(scenarios), [&](const Scenario& each) { return each.name == arguments[1]; });
  if (scenario == std::end(scenarios)) return 2;
  const std::unique_ptr<Stage> stage = scenario->make();
  stage->warm_up();
  std::printf("%lld\n", static_cast<long long>(run(*stage, scenario->rounds)));
  return 0;
}
