// Ceilings that noise cannot touch: system calls, encodes and allocations of one publication, for 1, 1000 and 19,000
// subscribers, plain ones and sessions. Whoever raises one says why in the commit.
#include <memory>
#include <string>

#include "native/shard/engine.h"
#include "test/native/shard/counted_allocations.h"
#include "test/native/shard/null_kernel.h"

#include "test/native/doctest_last.h"

namespace {

/// Remembers the ids of sessions, nothing else.
struct Sessions final : shard::EventSink {
  bool post(shard::Event&& event) override {
    if (const auto* const opened = std::get_if<shard::SessionOpened>(&event)) ids.push_back(opened->id);
    return true;
  }
  bool congested() const override { return false; }
  std::vector<conn::ConnectionId> ids;
};

std::string handshake() {
  return "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
         "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
}

/// A text frame, masked with zeros; its payload has 126 bytes at least.
std::string masked(const std::string& text) {
  std::string frame("\x81\xFE\0\0\0\0\0\0", 8);
  frame[2] = static_cast<char>(text.size() >> 8);
  frame[3] = static_cast<char>(text.size() & 0xFF);
  return frame + text;
}

const std::string payload(1024, 'x');
const std::string topic_of_all = "default";  // a target `/` names it

struct Measured {
  ceilings::Calls calls;
  std::size_t allocations = 0;
  std::int64_t encodes = 0;
  std::int64_t deliveries = 0;
};

/// Who is there: subscribers of one topic, and a publisher.
struct Attendance {
  std::size_t plain = 0;
  std::size_t sessions = 0;
  std::size_t topics_of_session = 1;  // more than one: each gets gathered writes
};

class Crowd {
 public:
  explicit Crowd(const Attendance& attendance) : subscribers(attendance.plain + attendance.sessions) {
    shard::EngineOptions options;
    options.connections_max = options.connections_per_address_max = subscribers + 1;
    options.listeners = {{codec::ProtocolId::websocket_publish, *os::Address::parse("127.0.0.1", 8001), false},
                         {codec::ProtocolId::websocket_subscribe, *os::Address::parse("127.0.0.1", 8002), false},
                         {codec::ProtocolId::pusher, *os::Address::parse("127.0.0.1", 8003), false}};
    shard::StartError error;
    engine_ = shard::Engine::start(std::move(options), kernel_, sessions_, error);
    publisher_ = kernel_.connect(8001, handshake());
    for (std::size_t i = 0; i < attendance.plain; ++i) kernel_.connect(8002, handshake());
    for (std::size_t i = 0; i < attendance.sessions; ++i) session_ = kernel_.connect(8003, handshake());
    while (stat(metrics::Metric::handshakes_completed) < static_cast<std::int64_t>(subscribers + 1)) engine_->shard(0).turn(0);
    for (const conn::ConnectionId id : sessions_.ids) join(id, attendance.topics_of_session);
    while (stat(metrics::Metric::subscriptions_now) < topics_wanted(attendance)) engine_->shard(0).turn(0);
    engine_->shard(0).turn(0);
    publish();  // the first one fills caches
  }

  /// From the publisher's socket, for all.
  Measured publish() {
    const std::string frame = masked(payload);
    return measure(subscribers, [&] { kernel_.incoming(publisher_, frame); });
  }
  /// From the control plane, for all but one session.
  Measured publish_without_one() {
    codec::Publication publication{codec::PayloadKind::text, base::bytes_of(payload), "event"};
    publication.excluded = sessions_.ids.front();
    return measure(subscribers - 1, [&] { engine_->publish(topic_of_all, publication); });
  }
  /// From a session's socket, for all but itself.
  Measured publish_from_session() {
    const std::string frame = masked(R"({"event":"client-e","channel":"default","data":")" + payload + R"("})");
    return measure(subscribers - 1, [&] { kernel_.incoming(session_, frame); });
  }

  const std::size_t subscribers;

 private:
  void join(conn::ConnectionId id, std::size_t topics) {
    engine_->accept_session(id, {"", 60'000, false});
    for (std::size_t i = 0; i < topics; ++i) {
      topic::Join join;
      join.connection = id;
      join.publishes = true;
      engine_->join_topic(i == 0 ? topic_of_all : "another", std::move(join));
    }
  }
  static std::int64_t topics_wanted(const Attendance& attendance) {
    return static_cast<std::int64_t>(attendance.plain + attendance.sessions * attendance.topics_of_session);
  }
  template <typename Act>
  Measured measure(std::size_t receivers, Act act) {
    const std::int64_t encodes = stat(metrics::Metric::encodes);
    const std::int64_t deliveries = stat(metrics::Metric::deliveries);
    kernel_.calls = {};
    const std::size_t before = allocations;
    act();
    do {
      engine_->shard(0).turn(0);
    } while (stat(metrics::Metric::deliveries) < deliveries + static_cast<std::int64_t>(receivers));
    return {kernel_.calls, allocations - before, stat(metrics::Metric::encodes) - encodes,
            stat(metrics::Metric::deliveries) - deliveries};
  }
  std::int64_t stat(metrics::Metric metric) const { return engine_->stats()[static_cast<std::size_t>(metric)]; }

  Sessions sessions_;
  ceilings::NullKernel kernel_;
  std::unique_ptr<shard::Engine> engine_;
  int publisher_ = -1;
  int session_ = -1;
};

struct Ceiling {
  std::size_t subscribers;
  std::size_t waits;    // the poller is asked again after 1024 writes
  std::size_t batches;  // 64 writes each: system calls with io_uring
};

}  // namespace

TEST_CASE("ceilings of one publication") {
  for (const Ceiling& ceiling : {Ceiling{1, 1, 1}, Ceiling{1000, 1, 16}, Ceiling{19'000, 19, 298}}) {
    CAPTURE(ceiling.subscribers);
    Crowd crowd({ceiling.subscribers});
    if (counts_allocations) REQUIRE(allocations > ceiling.subscribers);  // the counter counts
    for (int i = 0; i < 3; ++i) {
      const Measured measured = crowd.publish();
      CHECK(measured.deliveries == static_cast<std::int64_t>(ceiling.subscribers));
      CHECK(measured.encodes == 1);
      CHECK(measured.calls.sends == ceiling.subscribers);
      CHECK(measured.calls.batches <= ceiling.batches);
      CHECK(measured.calls.waits <= ceiling.waits);
      CHECK(measured.calls.receives == 1);
      CHECK(measured.calls.maps == 0);
      CHECK(measured.calls.others == 0);
      if (counts_allocations) CHECK(measured.allocations == 0);
    }
  }
}

TEST_CASE("ceilings of one publication for plain subscribers and sessions") {
  for (const Attendance& attendance : {Attendance{1, 1}, Attendance{500, 500}, Attendance{300, 700, 2}}) {
    CAPTURE(attendance.plain);
    CAPTURE(attendance.topics_of_session);
    Crowd crowd(attendance);
    for (int i = 0; i < 3; ++i) {
      const Measured measured = crowd.publish();
      CHECK(measured.deliveries == static_cast<std::int64_t>(crowd.subscribers));
      CHECK(measured.encodes == 2);
      CHECK(measured.calls.sends == crowd.subscribers);
      CHECK(measured.calls.receives == 1);
      CHECK(measured.calls.maps == 0);
      CHECK(measured.calls.others == 0);
      if (counts_allocations) CHECK(measured.allocations == 0);
    }
  }
}

TEST_CASE("ceilings of one publication that leaves a session out") {
  for (const Attendance& attendance : {Attendance{0, 2}, Attendance{500, 500}, Attendance{300, 700, 2}}) {
    CAPTURE(attendance.plain);
    CAPTURE(attendance.topics_of_session);
    Crowd crowd(attendance);
    crowd.publish_without_one();  // the first ones fill caches
    crowd.publish_from_session();
    const std::int64_t encodings = attendance.plain > 0 ? 2 : 1;
    for (int i = 0; i < 6; ++i) {
      const bool from_session = i % 2 == 0;
      const Measured measured = from_session ? crowd.publish_from_session() : crowd.publish_without_one();
      CHECK(measured.deliveries == static_cast<std::int64_t>(crowd.subscribers - 1));
      CHECK(measured.encodes == encodings);
      CHECK(measured.calls.sends == crowd.subscribers - 1);
      CHECK(measured.calls.receives == (from_session ? 1 : 0));
      CHECK(measured.calls.maps == 0);
      CHECK(measured.calls.others == 0);
      if (counts_allocations) CHECK(measured.allocations == 0);
    }
  }
}

namespace {

/// One connection to a responder whose requests the kernel takes and answers at once.
class Asker {
 public:
  explicit Asker(shard::Reply reply) {
    shard::EngineOptions options;
    options.listeners = {{codec::ProtocolId::responder_line, *os::Address::parse("127.0.0.1", 8002), false}};
    options.responder.reply = reply;
    options.retain.topics = {"*"};
    shard::StartError error;
    engine_ = shard::Engine::start(std::move(options), kernel_, events_, error);
    engine_->publish("a-topic-whose-name-is-not-short", {codec::PayloadKind::text, base::bytes_of(payload)});
    client_ = kernel_.connect(8002, request() + request());
    while (engine_->stats()[static_cast<std::size_t>(metrics::Metric::requests)] < 2) engine_->shard(0).turn(0);
    engine_->shard(0).turn(0);  // the poller's first word of it, after which there was nothing left
  }
  static std::string request() { return "a-topic-whose-name-is-not-short\n"; }

  Measured ask(const std::string& requests) {
    kernel_.incoming(client_, requests);
    kernel_.calls = {};
    const std::size_t before = allocations;
    engine_->shard(0).turn(0);
    return {kernel_.calls, allocations - before, 0, 0};
  }

 private:
  Sessions events_;
  ceilings::NullKernel kernel_;
  std::unique_ptr<shard::Engine> engine_;
  int client_ = -1;
};

}  // namespace

TEST_CASE("ceilings of one request: a wait, a receive, a send, and nothing else") {
  for (const shard::Reply reply : {shard::Reply::fixed, shard::Reply::echo, shard::Reply::last}) {
    CAPTURE(static_cast<int>(reply));
    Asker asker(reply);
    for (const std::string& requests : {Asker::request(), Asker::request() + Asker::request()}) {
      const Measured measured = asker.ask(requests);
      CHECK(measured.calls.waits == 1);
      CHECK(measured.calls.receives == 1);
      CHECK(measured.calls.sends == 1);
      CHECK(measured.calls.others == 0);
      if (counts_allocations) CHECK(measured.allocations == 0);
    }
  }
}
