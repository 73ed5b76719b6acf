// Fair shares of a turn, counted: what a publisher without end is read and written to its subscribers before a neighbour's message is
// delivered, and what it may pile up.
// Owner: the test. Thread: main.
#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "native/shard/engine.h"
#include "test/native/shard/null_kernel.h"

#include "test/native/doctest_last.h"

using metrics::Metric;

namespace {

constexpr std::size_t quantum = shard::read_quantum_bytes;
constexpr std::size_t writes_of_a_turn = 1024;
constexpr std::size_t bytes_of_a_turn = 16 * 1024 * 1024;
constexpr std::size_t payload_bytes = 1000;
constexpr std::size_t delivered_bytes = payload_bytes + 4;

struct Nobody final : shard::EventSink {
  bool post(shard::Event&&) override { return true; }
  bool congested() const override { return false; }
};

std::string handshake(const std::string& target) {
  return "GET /" + target + " HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
         "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
}

/// So many messages, masked with zeros.
std::string messages(std::size_t count) {
  std::string one("\x81\xFE\0\0\0\0\0\0", 8);
  one[2] = static_cast<char>(payload_bytes >> 8);
  one[3] = static_cast<char>(payload_bytes & 0xFF);
  one += std::string(payload_bytes, 'x');
  std::string all;
  all.reserve(one.size() * count);
  for (; count > 0; --count) all += one;
  return all;
}

class Place {
 public:
  Place() {
    shard::EngineOptions options;
    options.connections_max = options.connections_per_address_max = 20'000;
    options.listeners = {{codec::ProtocolId::websocket_publish, *os::Address::parse("127.0.0.1", 8001), false},
                         {codec::ProtocolId::websocket_subscribe, *os::Address::parse("127.0.0.1", 8002), false}};
    shard::StartError error;
    engine_ = shard::Engine::start(std::move(options), kernel, nobody_, error);
  }

  int publisher(const std::string& topic) { return open(8001, topic); }
  std::vector<int> subscribers(const std::string& topic, std::size_t count) {
    std::vector<int> all;
    for (; count > 0; --count) all.push_back(kernel.connect(8002, handshake(topic)));
    opened_ += all.size();
    settle();
    for (const int each : all) handshake_bytes_[each] = kernel.sent_bytes(each);  // their topics' epochs differ in length
    return all;
  }
  int subscriber(const std::string& topic) { return subscribers(topic, 1).front(); }

  void turn() { engine_->shard(0).turn(0); }
  void settle() {
    while (stat(Metric::handshakes_completed) < static_cast<std::int64_t>(opened_)) turn();
    for (int i = 0; i < 3; ++i) turn();
  }
  std::size_t bytes_received() const { return static_cast<std::size_t>(stat(Metric::bytes_received)); }
  std::size_t bytes_sent() const { return static_cast<std::size_t>(stat(Metric::bytes_sent)); }
  std::int64_t stat(Metric metric) const { return engine_->stats()[static_cast<std::size_t>(metric)]; }
  std::size_t log_bytes() const { return engine_->memory().bytes_now(); }
  /// What of a topic's messages a subscriber has been sent, without its handshake.
  std::size_t received(int subscriber) const { return kernel.sent_bytes(subscriber) - handshake_bytes_.at(subscriber); }

  ceilings::NullKernel kernel;

 private:
  int open(std::uint16_t port, const std::string& topic) {
    const int fd = kernel.connect(port, handshake(topic));
    ++opened_;
    settle();
    return fd;
  }

  Nobody nobody_;
  std::unique_ptr<shard::Engine> engine_;
  std::size_t opened_ = 0;
  std::map<int, std::size_t> handshake_bytes_;
};

std::size_t last_write_to(const Place& place, const std::vector<int>& subscribers) {
  std::size_t last = 0;
  for (const int each : subscribers) last = std::max(last, place.kernel.sent_at(each));
  return last;
}

}  // namespace

TEST_CASE("fairness: of a flood no more than a quantum is read before a neighbour's message is delivered, and nothing written") {
  Place place;
  const int flooder = place.publisher("flood");
  const int calm = place.publisher("calm");
  const int flooded = place.subscriber("flood");
  const int reader = place.subscriber("calm");
  place.kernel.incoming(flooder, messages(8000));
  for (int round = 1; round <= 5; ++round) {
    for (int i = 0; i < 3; ++i) place.turn();
    const std::size_t received_before = place.bytes_received();
    const std::size_t writes_before = place.kernel.calls.sends;
    const std::string message = messages(1);
    place.kernel.incoming(calm, message);
    place.turn();
    CHECK(place.received(reader) == delivered_bytes * static_cast<std::size_t>(round));
    CHECK(place.bytes_received() - received_before <= quantum + message.size());
    CHECK(place.kernel.sent_at(reader) == writes_before + 1);
  }
  CHECK(place.received(flooded) > 0);
}

TEST_CASE("fairness: a burst of many publishers at one instant is read in one turn and fanned out together") {
  Place place;
  std::vector<int> publishers;
  for (int i = 0; i < 1000; ++i) publishers.push_back(place.publisher("t"));
  const std::vector<int> readers = place.subscribers("t", 50);
  place.kernel.calls = {};
  for (const int each : publishers) place.kernel.incoming(each, messages(1));
  place.turn();
  CHECK(place.kernel.calls.receives == 1000);
  const std::size_t all_bytes = 1000 * delivered_bytes;
  while (place.received(readers.back()) < all_bytes) place.turn();
  const std::size_t writes_each = (all_bytes + 65'483 - 1) / 65'483;
  CHECK(place.kernel.calls.sends <= readers.size() * (writes_each + 2));  // one or two more at the ends of segments
  CHECK(place.stat(Metric::publishers_held_back) == 0);
}

TEST_CASE("fairness: of a thousand floods a turn reads a bounded part, and a calm topic waits for none of them") {
  Place place;
  constexpr std::size_t floods = 1000;
  std::vector<int> flooders;
  for (std::size_t i = 0; i < floods; ++i) {
    flooders.push_back(place.publisher(std::to_string(i)));
    place.subscriber(std::to_string(i));
  }
  const int calm = place.publisher("calm");
  const int reader = place.subscriber("calm");
  place.kernel.incoming(calm, messages(1));
  place.settle();
  const std::string flood = messages(60);
  for (const int each : flooders) place.kernel.incoming(each, flood);
  for (int round = 2; round <= 10; ++round) {
    const std::size_t before = place.bytes_received();
    place.kernel.incoming(calm, messages(1));
    place.turn();
    CHECK(place.received(reader) == delivered_bytes * static_cast<std::size_t>(round));
    CHECK(place.bytes_received() - before <= shard::read_bytes_per_turn + floods * topic::little_bytes_max);
  }
  CHECK(place.bytes_received() >= floods * flood.size());
}

TEST_CASE("fairness: a turn's bytes have a bound as its writes do") {
  Place place;
  const int flooder = place.publisher("flood");
  const std::vector<int> flooded = place.subscribers("flood", 1000);
  place.kernel.incoming(flooder, messages(3000));
  std::size_t most = 0;
  while (place.received(flooded.back()) < 3000 * delivered_bytes) {
    const std::size_t before = place.bytes_sent();
    place.turn();
    most = std::max(most, place.bytes_sent() - before);
  }
  CHECK(most > bytes_of_a_turn / 2);
  CHECK(most <= bytes_of_a_turn + 65'483);
}

TEST_CASE("fairness: a pass over a crowd that takes many turns lets a neighbour's message in between") {
  Place place;
  const int flooder = place.publisher("flood");
  const int calm = place.publisher("calm");
  const std::vector<int> crowd = place.subscribers("flood", 10'000);
  const std::vector<int> readers = place.subscribers("calm", 100);
  place.kernel.incoming(flooder, messages(1));
  for (int i = 0; i < 3; ++i) place.turn();
  REQUIRE(last_write_to(place, crowd) > 0);
  const std::size_t before = place.kernel.calls.sends;
  place.kernel.incoming(calm, messages(1));
  place.turn();
  for (const int each : readers) CHECK(place.received(each) == delivered_bytes);
  CHECK(last_write_to(place, readers) <= before + readers.size());
  CHECK(place.kernel.calls.sends - before == writes_of_a_turn);  // the crowd has the rest of that turn
}

TEST_CASE("fairness: topics that are always busy take turns, none is left out") {
  Place place;
  constexpr std::size_t crowd = 1500;  // more than a turn's writes
  std::vector<int> publishers;
  std::vector<int> readers;
  for (const char* const topic : {"a", "b", "c"}) {
    publishers.push_back(place.publisher(topic));
    readers.push_back(place.subscribers(topic, crowd).front());
  }
  std::vector<std::size_t> before(3, 0);
  for (int round = 0; round < 20; ++round) {
    for (int i = 0; i < 8; ++i) {
      // What was published last is never the oldest.
      place.kernel.incoming(publishers[static_cast<std::size_t>(i % 2)], messages(1));
      if (i == 0) place.kernel.incoming(publishers[2], messages(1));
      place.turn();
    }
    for (std::size_t i = 0; i < readers.size(); ++i) {
      CAPTURE(i);
      CHECK(place.received(readers[i]) > before[i]);
      before[i] = place.received(readers[i]);
    }
  }
}

namespace {

constexpr std::size_t flooders = 4;  // what one turn reads of them is more than a pass brings to a subscriber
constexpr std::size_t messages_each = 4000;

void flood(Place& place, const std::string& topic) {
  std::vector<int> publishers;
  for (std::size_t i = 0; i < flooders; ++i) publishers.push_back(place.publisher(topic));
  for (const int each : publishers) place.kernel.incoming(each, messages(messages_each));
}

}  // namespace

TEST_CASE("fairness: publishers are read as fast as their subscribers get what they say: a flood does not fill the logs") {
  Place place;
  const std::vector<int> flooded = place.subscribers("flood", 200);
  flood(place, "flood");
  constexpr std::size_t all_bytes = flooders * messages_each * delivered_bytes;
  std::size_t most = 0;
  for (int turns = 0; turns < 10'000 && place.received(flooded.back()) < all_bytes; ++turns) {
    place.turn();
    most = std::max(most, place.log_bytes());
  }
  for (const int each : flooded) CHECK(place.received(each) == all_bytes);
  CHECK(most <= conn::ahead_bytes_max + flooders * quantum + 2 * 1024 * 1024);  // and what segments and marks take
  CHECK(place.stat(Metric::publishers_held_back) > 0);
  CHECK(place.stat(Metric::publishers_paused) == 0);
}

TEST_CASE("fairness: who says little is read, to the flooded topic too") {
  Place place;
  const int calm = place.publisher("flood");
  const std::vector<int> flooded = place.subscribers("flood", 200);
  flood(place, "flood");
  for (int turns = 0; place.stat(Metric::publishers_held_back) == 0; ++turns) {
    REQUIRE(turns < 1000);
    place.turn();
  }
  const std::string message = messages(1);
  for (int i = 0; i < 20; ++i) {
    place.kernel.incoming(calm, message);
    place.turn();
    CHECK(place.kernel.unread_bytes(calm) == 0);
  }
  while (place.log_bytes() > 0) place.turn();
  CHECK(place.stat(Metric::messages_received) == static_cast<std::int64_t>(flooders * messages_each + 20));
}
