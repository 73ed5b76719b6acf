// Sessions with the engine's threads, on real sockets: a control plane that joins, leaves and publishes while clients and
// publishers do, then drain. What it looks for is what TSan sees, and places in a topic that are off by one.
// Owner: the test. Thread: main is the control plane; the engine's shards, and one for each client.
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "native/os/linux_kernel.h"
#include "native/shard/engine.h"
#include "test/native/shard/blocking_socket.h"
#include "test/native/sim/pusher_client.h"
#include "test/native/doctest_last.h"

namespace {

using blocking::Socket;

constexpr unsigned clients = 8;
constexpr unsigned publishers = 2;
constexpr int total = 1500;  // publications of the control plane
constexpr int each = 400;    // of each publisher
constexpr int again_after = 60;
const std::string topic_name = "pusher/1/c";

class Events final : public shard::EventSink {
 public:
  bool congested() const override { return false; }
  bool post(shard::Event&& event) override {
    std::lock_guard guard(lock_);
    events_.push_back(std::move(event));
    told_.notify_one();
    return true;
  }
  /// What has come; waits for it when `wait_ms` is not 0.
  std::vector<shard::Event> take(int wait_ms) {
    std::unique_lock guard(lock_);
    if (wait_ms > 0) told_.wait_for(guard, std::chrono::milliseconds(wait_ms), [this] { return !events_.empty(); });
    return std::exchange(events_, {});
  }

 private:
  std::mutex lock_;
  std::condition_variable told_;
  std::vector<shard::Event> events_;
};

/// What a client found out about its stream.
struct Seen {
  std::string trouble;
  int greetings = 0;
  int from_plane = 0;
  int from_publishers = 0;
  unsigned close_code = 0;
};

/// Checks that behind each greeting the control plane's publications go on exactly where it says, and without a gap.
class Listener {
 public:
  Listener(std::uint16_t port, Seen& seen, std::atomic<unsigned>& done) : socket_(port, "/app/key"), seen_(seen), done_(done) {}

  void listen() {
    unsigned opcode = 0;
    for (std::string payload; socket_.read_frame(opcode, payload);) {
      if (opcode == 8) {
        seen_.close_code = static_cast<std::uint8_t>(payload[0]) * 256u + static_cast<std::uint8_t>(payload[1]);
        socket_.send(0x88, payload.substr(0, 2));
      } else if (const auto event = sim::read_event(payload)) {
        take(*event);
      } else {
        seen_.trouble = "no event: " + payload;
      }
    }
    if (!is_done_) done_.fetch_add(1);  // too early: then nobody waits for ever
  }

 private:
  void take(const sim::PusherEvent& event) {
    const int number = std::atoi(event.data.c_str());
    if (event.name == "greeting") {
      ++seen_.greetings;
      next_ = number;
      of_publisher_.clear();
    } else if (event.name == "plane") {
      ++seen_.from_plane;
      if (number != next_) seen_.trouble = event.data + " instead of " + std::to_string(next_);
      ++next_;
      if (seen_.from_plane % again_after == 0) socket_.send(0x81, "again");
    } else {
      ++seen_.from_publishers;
      const auto [last, is_first] = of_publisher_.try_emplace(event.data.substr(event.data.find(' '), 5), number);
      if (!is_first && ++last->second != number) seen_.trouble = "a gap before a publisher's " + event.data;
    }
    if (next_ == total && !std::exchange(is_done_, true)) done_.fetch_add(1);
  }

  Socket socket_;
  Seen& seen_;
  std::atomic<unsigned>& done_;
  int next_ = -1;
  std::map<std::string, int> of_publisher_;
  bool is_done_ = false;
};

void publish_from_socket(std::uint16_t port, unsigned publisher) {
  Socket socket(port, "/" + topic_name);
  for (int i = 0; i < each; ++i) {
    socket.send(0x81, std::to_string(i) + " of " + std::to_string(publisher) + std::string(static_cast<std::size_t>(i) % 700, '.').append("!"));
  }
  socket.send(0x88, "\x03\xE8");
  unsigned opcode = 0;
  for (std::string payload; socket.read_frame(opcode, payload);) {
  }
}

/// The control plane: lets every session in, and lets it leave and join anew when it asks for it.
class Plane {
 public:
  Plane(shard::Engine& engine, Events& events) : engine_(engine), events_(events) {}

  void take_events(int wait_ms) {
    for (const shard::Event& event : events_.take(wait_ms)) {
      if (const auto* const open = std::get_if<shard::SessionOpened>(&event)) {
        ++opened;
        engine_.accept_session(open->id, {"pusher/1/", 0, false});
        join(open->id);
      } else if (const auto* const message = std::get_if<shard::SessionMessage>(&event)) {
        engine_.leave_topic(message->id, topic_name);
        join(message->id);
      } else if (std::holds_alternative<shard::SessionEnded>(event)) {
        ++ended;
      } else if (std::holds_alternative<shard::Drained>(event)) {
        drained = true;
      }
    }
  }
  void publish() {
    const std::string data = std::to_string(published++);
    codec::Publication publication{codec::PayloadKind::text, base::bytes_of(data), "plane"};
    CHECK(engine_.publish(topic_name, publication).status == shard::PublishStatus::ok);
  }

  int published = 0;
  unsigned opened = 0;
  unsigned ended = 0;
  bool drained = false;

 private:
  void join(conn::ConnectionId id) {
    topic::Join join;
    join.connection = id;
    join.greeting = sim::frame_of({"greeting", "c", std::to_string(published)});
    CHECK(engine_.join_topic(topic_name, std::move(join)) == shard::JoinStatus::ok);
  }

  shard::Engine& engine_;
  Events& events_;
};

std::unique_ptr<shard::Engine> start(os::Kernel& kernel, Events& events) {
  shard::EngineOptions options;
  options.shards = 3;
  const os::Address any_port = *os::Address::parse("127.0.0.1", 0);
  options.listeners = {{codec::ProtocolId::websocket_publish, any_port, false}, {codec::ProtocolId::pusher, any_port, false}};
  shard::StartError error;
  auto engine = shard::Engine::start(options, kernel, events, error);
  REQUIRE(engine != nullptr);
  REQUIRE(engine->run());
  return engine;
}

}  // namespace

TEST_CASE("engine: sessions on three threads join and leave while a control plane and publishers publish") {
  os::LinuxKernel kernel;
  Events events;
  const auto engine = start(kernel, events);
  const std::uint16_t publish_port = engine->listeners()[0].address.port;
  const std::uint16_t session_port = engine->listeners()[1].address.port;
  std::vector<Seen> seen(clients);
  std::atomic<unsigned> done{0};
  std::vector<std::thread> threads;
  for (Seen& each_seen : seen) {
    threads.emplace_back([&] { Listener(session_port, each_seen, done).listen(); });
  }
  for (unsigned i = 0; i < publishers; ++i) threads.emplace_back([=] { publish_from_socket(publish_port, i); });

  Plane plane(*engine, events);
  while (plane.opened < clients) plane.take_events(10);
  while (plane.published < total) {
    plane.take_events(0);
    plane.publish();
    if (plane.published % 10 == 0) std::this_thread::yield();
  }
  while (done.load() < clients) plane.take_events(10);
  engine->drain(200);
  while (!plane.drained) plane.take_events(10);
  for (std::thread& thread : threads) thread.join();
  CHECK(plane.ended == clients);
  CHECK(engine->memory().bytes_now() == 0);
  engine->stop();
  int greetings = 0;
  int from_publishers = 0;
  for (const Seen& each_seen : seen) {
    CHECK(each_seen.trouble == "");
    CHECK(each_seen.close_code == 4100);
    greetings += each_seen.greetings;
    from_publishers += each_seen.from_publishers;
  }
  CHECK(greetings > static_cast<int>(clients));  // they did join anew
  CHECK(from_publishers > 0);
}
