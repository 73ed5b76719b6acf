// Last values on real threads and sockets, shards that spin before they sleep: what it looks for is what TSan sees, a reply that
// goes back in time, and wake-ups that get lost (it would never end).
// Owner: the test. Thread: main, the engine's shards, and one for each client.
#include <algorithm>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "native/os/linux_kernel.h"
#include "native/shard/engine.h"
#include "test/native/os/loopback.h"
#include "test/native/doctest_last.h"

namespace {

constexpr unsigned clients = 4;
constexpr unsigned publications = 2000;
constexpr std::string_view topic_name = "prices";

struct NoEvents final : shard::EventSink {
  bool post(shard::Event&&) override { return true; }
  bool congested() const override { return false; }
};

std::unique_ptr<shard::Engine> start(os::Kernel& kernel, NoEvents& events) {
  shard::EngineOptions options;
  options.shards = 2;
  options.listeners = {{codec::ProtocolId::responder_line, *os::Address::parse("127.0.0.1", 0), false}};
  options.responder.reply = shard::Reply::last;
  options.responder.missing = "-1";
  options.retain.topics = {"*"};
  options.latency.spin_us = 50;
  shard::StartError error;
  auto engine = shard::Engine::start(options, kernel, events, error);
  REQUIRE(engine != nullptr);
  REQUIRE(engine->run());
  return engine;
}

void publish(shard::Engine& engine, unsigned number) {
  const std::string payload = std::to_string(number);
  const auto outcome = engine.publish(topic_name, {codec::PayloadKind::text, base::bytes_of(payload)});
  CHECK(outcome.status == shard::PublishStatus::ok);
}

/// Asks until the last publication is the answer; what it was told on the way.
std::vector<int> ask_until_last(std::uint16_t port) {
  std::vector<int> seen;
  loopback::Client client(port);
  while (seen.empty() || seen.back() != static_cast<int>(publications)) {
    if (!client.write(std::string(topic_name) + "\n")) return {};
    const std::string reply = client.read();
    if (!reply.ends_with('\n')) return {};
    seen.push_back(std::stoi(reply));
  }
  return seen;
}

}  // namespace

TEST_CASE("responder threads: last values while they change") {
  os::LinuxKernel kernel;
  NoEvents events;
  const auto engine = start(kernel, events);
  REQUIRE(engine->tuning().size() == 1);
  CHECK(std::string(engine->tuning()[0].name) == "spin");
  CHECK(engine->tuning()[0].error == 0);
  const std::uint16_t port = engine->listeners()[0].address.port;
  std::vector<std::vector<int>> seen(clients);
  std::vector<std::thread> threads;
  for (std::vector<int>& each : seen) threads.emplace_back([&each, port] { each = ask_until_last(port); });
  for (unsigned i = 0; i <= publications; ++i) publish(*engine, i);
  for (std::thread& thread : threads) thread.join();
  for (const std::vector<int>& each : seen) {
    CHECK(!each.empty());
    CHECK(std::is_sorted(each.begin(), each.end()));
  }
  engine->stop();
}
