// What one client may do a second, on the fake kernel: the rate is exact on every protocol, within a read too, and nobody else notices.
// Owner: the test. Thread: main.
#include "test/native/sim/raw_on_fake.h"
#include "test/native/doctest_last.h"

using metrics::Metric;
using shard::OverRate;
using sim::Client;
using sim::GrpcClient;
using sim::PusherClient;
using sim::Raw;
using sim::SessionsOnFake;
using sim::TextClient;

namespace {

shard::EngineOptions with(const shard::ClientOptions& clients, unsigned shards = 1) {
  shard::EngineOptions options;
  options.clients = clients;
  options.shards = shards;
  return options;
}

shard::ClientOptions publications(std::uint32_t of_connection, std::uint32_t of_client, OverRate over_rate = OverRate::throttle) {
  shard::ClientOptions clients;
  clients.connection.publications_per_second_max = of_connection;
  clients.client.publications_per_second_max = of_client;
  clients.over_rate = over_rate;
  return clients;
}

class Place : public SessionsOnFake {
 public:
  using SessionsOnFake::SessionsOnFake;

  /// A publisher that is open and has said nothing; its handshake's answer was read.
  std::unique_ptr<Raw> raw_publisher(std::uint32_t number = 500) {
    auto raw = std::make_unique<Raw>(*this, std::uint16_t{8001}, number);
    raw->write(sim::upgrade_request("/t"));
    settle();
    CHECK(raw->read().starts_with("HTTP/1.1 101"));
    return raw;
  }
  void wait_ms(int ms) {
    for (; ms > 0; ms -= 10) settle(), kernel.advance_ns(10'000'000);
    settle();
  }
};

std::string frames(std::size_t count, const std::string& text) {
  std::string all;
  for (std::size_t i = 0; i < count; ++i) all += sim::client_frame(text);
  return all;
}

/// What the rate has brought since it began with a full bucket; `late`: what one more look of the timers would bring.
class Since {
 public:
  Since(Place& on, std::size_t per_second) : on_(on), per_second_(per_second), start_ns_(on.kernel.now_ns()) {}

  bool is_exact(std::size_t count) const {
    const std::size_t brought = per_second_ + static_cast<std::size_t>(on_.kernel.now_ns() - start_ns_) * per_second_ / 1'000'000'000;
    const std::size_t late = per_second_ * 40 / 1000 + 1;
    return count <= brought && count + late >= brought;
  }

 private:
  Place& on_;
  const std::size_t per_second_;
  const std::int64_t start_ns_;
};

}  // namespace

TEST_CASE("rates: a flood in one read is published at the rate, a second's worth at once") {
  Place on(with(publications(100, 0)));
  TextClient& listener = on.text_subscriber("/t");
  const auto flooder = on.raw_publisher();
  const Since since(on, 100);
  flooder->write(frames(1000, "x"));
  on.settle();
  CHECK(listener.texts.size() == 100);
  for (int second = 1; second <= 5; ++second) {
    on.wait_ms(1000);
    CAPTURE(listener.texts.size());
    CHECK(since.is_exact(listener.texts.size()));
  }
  on.wait_ms(5000);
  CHECK(listener.texts.size() == 1000);
  CHECK(on.stat(Metric::clients_throttled_publications) > 0);
  CHECK(on.stat(Metric::clients_throttled_bytes) == 0);
  CHECK_FALSE(flooder->is_over());
}

TEST_CASE("rates: neighbours go on, and a client that rests is not read at all") {
  Place on(with(publications(10, 0)));
  TextClient& listener = on.text_subscriber("/t");
  const auto flooder = on.raw_publisher(500);
  const auto neighbour = on.raw_publisher(501);
  flooder->write(frames(2000, "flood"));
  on.settle();
  CHECK(listener.texts.size() == 10);
  const std::int64_t received = on.stat(Metric::bytes_received);
  std::size_t written = 0;
  for (int i = 0; i < 100; ++i) {
    written += on.kernel.peer_write(flooder->socket, base::bytes_of(frames(100, "flood")));
    neighbour->write(sim::client_frame("n"));
    on.wait_ms(100);
    CHECK(std::count(listener.texts.begin(), listener.texts.end(), "n") == i + 1);
  }
  CHECK(written < 80'000);  // what its window had room for
  CHECK(on.stat(Metric::bytes_received) < received + 100 * 7 + 64 * 1024);
}

TEST_CASE("rates: bytes are not read faster than they may come") {
  shard::ClientOptions clients;
  clients.connection.bytes_per_second_max = 10'000;
  Place on(with(clients));
  TextClient& listener = on.text_subscriber("/t");
  const auto flooder = on.raw_publisher();
  const Since since(on, 100);
  flooder->write(frames(600, std::string(94, 'x')));  // of 100 bytes each
  on.settle();
  CHECK(listener.texts.size() == 100);
  on.wait_ms(2000);
  CAPTURE(listener.texts.size());
  CHECK(since.is_exact(listener.texts.size()));
  on.wait_ms(3000);
  CHECK(listener.texts.size() == 600);
  CHECK(on.stat(Metric::clients_throttled_bytes) > 0);
}

TEST_CASE("rates: what a subscriber sends counts, too") {
  shard::ClientOptions clients;
  clients.connection.bytes_per_second_max = 1000;
  Place on(with(clients));
  Raw chatty(on, 8002, 500);
  chatty.write(sim::upgrade_request("/t"));
  on.settle();
  const std::int64_t before = on.stat(Metric::bytes_received);
  const Since since(on, 1000);
  chatty.write(frames(2000, "ignored"));
  on.wait_ms(3000);
  CHECK(since.is_exact(static_cast<std::size_t>(on.stat(Metric::bytes_received) - before)));
  on.publish("t", "still heard");
  on.settle();
  CHECK(chatty.read().find("still heard") != std::string::npos);
}

TEST_CASE("rates: all connections of an address share one, over all shards, and another address has its own") {
  for (const unsigned shards : {1u, 3u}) {
    CAPTURE(shards);
    Place on(with(publications(0, 100), shards));
    TextClient& listener = on.text_subscriber("/t");
    std::vector<std::unique_ptr<Raw>> flooders;
    for (int i = 0; i < 5; ++i) flooders.push_back(on.raw_publisher(500));
    const auto other = on.raw_publisher(600);
    const Since since(on, 100);
    for (const auto& each : flooders) each->write(frames(1000, "x"));
    on.wait_ms(4000);
    CAPTURE(listener.texts.size());
    CHECK(since.is_exact(listener.texts.size()));
    other->write(frames(50, "o"));
    on.settle();
    CHECK(std::count(listener.texts.begin(), listener.texts.end(), "o") == 50);
  }
}

TEST_CASE("rates: who connects anew goes on with what it has left") {
  Place on(with(publications(0, 100)));
  TextClient& listener = on.text_subscriber("/t");
  for (int i = 0; i < 10; ++i) {
    const auto flooder = on.raw_publisher(500);
    flooder->write(frames(200, "x"));
    on.settle();
    on.kernel.peer_close(flooder->socket);
    on.settle();
  }
  CHECK(listener.texts.size() == 100);
}

TEST_CASE("rates: close says 1008, publishes what is within the rate, and nothing else") {
  Place on(with(publications(100, 0, OverRate::close)));
  TextClient& listener = on.text_subscriber("/t");
  const auto flooder = on.raw_publisher();
  flooder->write(frames(150, "x"));
  on.settle();
  CHECK(listener.texts.size() == 100);
  const std::string reason = "too many publications a second";
  CHECK(flooder->read() == std::string("\x88") + static_cast<char>(2 + reason.size()) + "\x03\xF0" + reason);
  CHECK(on.stat(Metric::clients_closed_publications) == 1);
}

TEST_CASE("rates: close for bytes") {
  shard::ClientOptions clients;
  clients.connection.bytes_per_second_max = 1000;
  clients.over_rate = OverRate::close;
  Place on(with(clients));
  const auto flooder = on.raw_publisher();
  flooder->write(frames(100, "12345678901234"));  // 20 bytes each
  on.settle();
  CHECK(flooder->read().find("too many bytes a second") != std::string::npos);
  CHECK(on.stat(Metric::clients_closed_bytes) == 1);
}
