// The engine with its threads, on real sockets: publishers on sockets and publish() at once, then drain and stop. What it
// looks for is what TSan sees, and wake-ups that get lost (it would never end).
// Owner: the test. Thread: main, the engine's shards, and one for each client.
#include <atomic>
#include <map>
#include <thread>
#include <vector>

#include "native/os/faulty_kernel.h"
#include "native/os/linux_kernel.h"
#include "native/os/uring_kernel.h"
#include "native/shard/engine.h"
#include "test/native/shard/blocking_socket.h"
#include "test/native/sim/messages.h"
#include "test/native/doctest_last.h"

namespace {

using blocking::Socket;

class Events final : public shard::EventSink {
 public:
  bool congested() const override { return false; }
  bool post(shard::Event&& event) override {
    if (!std::holds_alternative<shard::Drained>(event)) return true;
    drained.store(true);
    drained.notify_all();
    return true;
  }
  std::atomic<bool> drained{false};
};

constexpr unsigned topics = 2;
constexpr unsigned publishers = 3;
constexpr unsigned subscribers = 6;
constexpr unsigned each = 300;  // publications of a publisher; publish() counts as one more

struct Seen {
  std::vector<sim::Key> keys;
  bool wrong = false;
  unsigned close_code = 0;
};

/// Reads until the connection ends.
void subscribe(std::uint16_t port, unsigned topic, Seen& seen, std::atomic<unsigned>& ready, std::atomic<unsigned>& received) {
  Socket socket(port, "/" + sim::topic_name(topic));
  seen.wrong = !socket.open;
  ready.fetch_add(1);
  ready.notify_all();
  unsigned opcode = 0;
  for (std::string payload; socket.read_frame(opcode, payload);) {
    if (opcode == 8) {
      seen.close_code = static_cast<std::uint8_t>(payload[0]) * 256u + static_cast<std::uint8_t>(payload[1]);
      socket.send(0x88, payload.substr(0, 2));
      continue;
    }
    sim::Key key;
    if (!sim::read_payload(payload, key)) seen.wrong = true;
    seen.keys.push_back(key);
    received.fetch_add(1);
    received.notify_all();
  }
  received.fetch_add(1'000'000);  // after the drain, or too early: then nobody waits for ever
  received.notify_all();
}

void publish_from_socket(std::uint16_t port, unsigned publisher) {
  Socket socket(port, "/" + sim::topic_name(publisher % topics));
  for (unsigned i = 0; i < each; ++i) {
    socket.send(0x82, sim::payload_of({publisher % topics, publisher, i}, (publisher + i * 37) % 1500));
  }
  socket.send(0x88, "\x03\xE8");
  unsigned opcode = 0;
  for (std::string payload; socket.read_frame(opcode, payload);) {
  }
}

void publish_from_here(shard::Engine& engine) {
  for (unsigned i = 0; i < each; ++i) {
    for (unsigned topic = 0; topic < topics; ++topic) {
      const std::string payload = sim::payload_of({topic, 1000, i}, i % 700);
      const auto outcome = engine.publish(sim::topic_name(topic), {codec::PayloadKind::binary, base::bytes_of(payload)});
      CHECK(outcome.status == shard::PublishStatus::ok);
    }
    if (i % 50 == 0) CHECK(engine.stats().size() == metrics::metric_count);
    if (i % 50 == 1) CHECK(engine.topic_counts(10).size() == topics);
  }
}

void wait_for(std::atomic<unsigned>& value, unsigned wanted) {
  for (unsigned now = value.load(); now < wanted; now = value.load()) value.wait(now);
}

std::unique_ptr<shard::Engine> start(os::Kernel& kernel, Events& events) {
  shard::EngineOptions options;
  options.shards = 3;
  const os::Address any_port = *os::Address::parse("127.0.0.1", 0);
  options.listeners = {{codec::ProtocolId::websocket_publish, any_port, false},
                       {codec::ProtocolId::websocket_subscribe, any_port, false}};
  shard::StartError error;
  auto engine = shard::Engine::start(options, kernel, events, error);
  REQUIRE(engine != nullptr);
  REQUIRE(engine->run());
  return engine;
}

void check_one_order(const std::vector<Seen>& all, unsigned topic) {
  std::map<unsigned, unsigned> next;
  for (const sim::Key& key : all[topic].keys) CHECK(key.sequence == next[key.publisher]++);
  for (unsigned i = topic; i < subscribers; i += topics) {
    const bool same = all[i].keys == all[topic].keys;
    CHECK(same);
    CHECK(!all[i].wrong);
    CHECK(all[i].close_code == 1001);
  }
}

void live_with_threads(os::Kernel& kernel) {
  Events events;
  const auto engine = start(kernel, events);
  const std::uint16_t publish_port = engine->listeners()[0].address.port;
  const std::uint16_t subscribe_port = engine->listeners()[1].address.port;
  std::vector<Seen> seen(subscribers);
  std::atomic<unsigned> ready{0};
  std::atomic<unsigned> received{0};
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < subscribers; ++i) {
    threads.emplace_back([&, i] { subscribe(subscribe_port, i % topics, seen[i], ready, received); });
  }
  wait_for(ready, subscribers);
  for (unsigned i = 0; i < publishers; ++i) threads.emplace_back([=] { publish_from_socket(publish_port, i); });
  publish_from_here(*engine);
  wait_for(received, each * (publishers + topics) * subscribers / topics);
  engine->drain(50);
  events.drained.wait(false);
  for (std::thread& thread : threads) thread.join();
  CHECK(engine->memory().bytes_now() == 0);
  engine->stop();
  engine->stop();
  for (unsigned topic = 0; topic < topics; ++topic) check_one_order(seen, topic);
}

}  // namespace

TEST_CASE("engine: three threads, publishers on sockets and publish() at once, drain, stop") {
  os::LinuxKernel kernel;
  live_with_threads(kernel);
}

TEST_CASE("engine: the same through io_uring, where the system allows it") {
  if (!os::UringKernel::available()) return;
  os::UringKernel kernel;
  live_with_threads(kernel);
}

TEST_CASE("engine: the same while writes are short or refused and descriptors run out, on purpose") {
  os::FaultyKernel<os::LinuxKernel> kernel(*os::parse_faults("short_write=5,would_block=7,emfile=2"));
  live_with_threads(kernel);
}

TEST_CASE("engine: stopped in the middle of everything, it ends at once and closes every socket") {
  os::LinuxKernel kernel;
  Events events;
  auto engine = start(kernel, events);
  Socket subscriber(engine->listeners()[1].address.port, "/t");
  Socket publisher(engine->listeners()[0].address.port, "/t");
  for (int i = 0; i < 200; ++i) publisher.send(0x82, std::string(1000, 'x'));
  engine->stop();
  engine.reset();
  unsigned opcode = 0;
  for (std::string payload; subscriber.read_frame(opcode, payload);) CHECK(payload.size() == 1000);
}
