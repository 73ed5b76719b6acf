// Clients with limits on protocols that say so in words of their own, and clients with too many connections, on the fake kernel.
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

class Place : public SessionsOnFake {
 public:
  explicit Place(const shard::ClientOptions& limits) : SessionsOnFake(with(limits)) {}

  void wait_ms(int ms) {
    for (; ms > 0; ms -= 10) settle(), kernel.advance_ns(10'000'000);
    settle();
  }
  std::string answer(std::uint16_t port, std::uint32_t number, const std::string& target) {
    Raw raw(*this, port, number);
    raw.write(sim::upgrade_request(target));
    settle();
    return raw.read();
  }

 private:
  static shard::EngineOptions with(const shard::ClientOptions& limits) {
    shard::EngineOptions options;
    options.clients = limits;
    return options;
  }
};

shard::ClientOptions publications(std::uint32_t per_second, OverRate over_rate = OverRate::throttle) {
  shard::ClientOptions clients;
  clients.connection.publications_per_second_max = per_second;
  clients.over_rate = over_rate;
  return clients;
}

}  // namespace

TEST_CASE("rates of gRPC: messages of one frame are published at the rate; nothing is lost, the call succeeds") {
  Place on(publications(50));
  TextClient& listener = on.text_subscriber("/t");
  GrpcClient& client = on.grpc();
  on.settle();
  const auto stream = client.begin_publish("t");
  for (int i = 0; i < 200; ++i) client.publish(stream, i, "x");
  client.end(stream);
  on.settle();
  CHECK(listener.texts.size() == 50);
  on.wait_ms(1000);
  CHECK(listener.texts.size() <= 100);
  CHECK(listener.texts.size() >= 97);
  CHECK(!client.streams[stream].status);
  on.wait_ms(2100);
  CHECK(listener.texts.size() == 200);
  CHECK(client.streams[stream].status == 0);
  CHECK(client.trouble.empty());
  CHECK(on.stat(Metric::clients_throttled_publications) > 0);
}

TEST_CASE("rates of gRPC: subscribers of a connection that rests are not judged for windows that nobody listens to") {
  shard::ClientOptions clients = publications(1);
  Place on(clients);
  GrpcClient& client = on.grpc();
  const auto heard = client.subscribe("t");
  on.settle();
  const auto stream = client.begin_publish("u");
  for (int i = 0; i < 40; ++i) client.publish(stream, i, "x");
  on.settle();
  for (int second = 0; second < 30; ++second) {
    on.publish("t", std::string(16'000, 'y'));
    on.wait_ms(1000);
  }
  CHECK(!client.streams[heard].status);
  CHECK(client.trouble.empty());
}

TEST_CASE("rates of gRPC: over them with close a call is RESOURCE_EXHAUSTED, and the connection goes on") {
  Place on(publications(10, OverRate::close));
  TextClient& listener = on.text_subscriber("/t");
  GrpcClient& client = on.grpc();
  const auto heard = client.subscribe("t");
  const auto stream = client.begin_publish("t");
  for (int i = 0; i < 20; ++i) client.publish(stream, i, "x");
  on.settle();
  CHECK(listener.texts.size() == 10);
  CHECK(client.streams[stream].status == 8);
  CHECK(client.streams[stream].status_text == "too many publications a second");
  CHECK(!client.streams[heard].status);
  CHECK(on.stat(Metric::clients_closed_publications) == 1);
}

TEST_CASE("rates of sessions: client events are published at the rate") {
  Place on(publications(20));
  PusherClient& sender = on.open(sim::terms_of(1000));
  PusherClient& listener = on.open();
  on.join_to_publish(sender, "c");
  on.join(listener, "c");
  on.settle();
  for (int i = 0; i < 60; ++i) sender.send_event({"client-e", "c", "x"});
  on.settle();
  CHECK(listener.heard("c").size() == 20);
  on.wait_ms(1000);
  CHECK(listener.heard("c").size() <= 40);
  CHECK(listener.heard("c").size() >= 38);
  on.wait_ms(1100);
  CHECK(listener.heard("c").size() == 60);
  CHECK(sender.is_open());
}

TEST_CASE("rates of sessions: close is told as an error and by 4100, so that clients come back after a while") {
  Place on(publications(5, OverRate::close));
  PusherClient& sender = on.open(sim::terms_of(1000));
  on.join_to_publish(sender, "c");
  on.settle();
  for (int i = 0; i < 10; ++i) sender.send_event({"client-e", "c", "x"});
  on.settle();
  CHECK(sender.close_code == 4100);
  CHECK(sender.events.back().name == "pusher:error");
  CHECK(on.end_of(sender).code == 4100);
}

TEST_CASE("a client that is closed while it rests ends as any other") {
  Place on(publications(1));
  Client& publisher = on.publisher("/t");
  on.settle();
  for (int i = 0; i < 5; ++i) publisher.send_message(sim::payload_of({0, 0, static_cast<unsigned>(i)}, 10));
  on.settle();
  on.engine->drain(1000);
  on.wait_ms(3000);
  CHECK(publisher.close_code == 1001);
  CHECK(on.stat(Metric::connections_now) == 0);
}

TEST_CASE("connections of a client: one more is told 429 and when to come again; what ends makes room") {
  shard::ClientOptions clients;
  clients.connections_max = 2;
  Place on(clients);
  Raw first(on, 8001, 7);
  first.write(sim::upgrade_request("/t"));
  on.settle();
  CHECK(on.answer(8002, 7, "/t").starts_with("HTTP/1.1 101"));
  const std::string refused = on.answer(8002, 7, "/t");
  CHECK(refused.starts_with("HTTP/1.1 429 Too Many Requests\r\nConnection: close\r\nRetry-After: 1\r\n"));
  CHECK(refused.ends_with("\r\n\r\ntoo many connections of this client; try again in a second\n"));
  CHECK(on.answer(8002, 8, "/t").starts_with("HTTP/1.1 101"));
  CHECK(on.stat(Metric::clients_refused) == 1);
  on.kernel.peer_close(first.socket);
  on.settle();
  CHECK(on.answer(8002, 7, "/t").starts_with("HTTP/1.1 101"));
}

TEST_CASE("connections of a client: a session is told by an error and 4100, and nobody hears of it") {
  shard::ClientOptions clients;
  clients.connections_max = 1;
  Place on(clients);
  on.same_address = true;
  on.open();
  PusherClient& second = on.session();
  on.settle();
  CHECK(second.status == 101);
  CHECK(second.close_code == 4100);
  CHECK(second.events.size() == 1);
  CHECK(second.events.back().name == "pusher:error");
  CHECK(on.count<shard::SessionOpened>() == 1);
  CHECK(on.count<shard::SessionEnded>() == 0);
}

TEST_CASE("connections of a client: gRPC calls of one more are RESOURCE_EXHAUSTED, and it ends") {
  shard::ClientOptions clients;
  clients.connections_max = 1;
  Place on(clients);
  on.same_address = true;
  GrpcClient& first = on.grpc();
  const auto heard = first.subscribe("t");
  on.settle();
  GrpcClient& second = on.grpc();
  const auto refused = second.subscribe("t");
  on.settle();
  CHECK(second.streams[refused].status == 8);
  CHECK(second.goaway);
  GrpcClient& silent = on.grpc();
  on.wait_ms(11'000);
  CHECK(second.is_over());
  CHECK(silent.is_over());
  CHECK(!first.streams[heard].status);
  CHECK(on.stat(Metric::clients_refused) == 2);
}

TEST_CASE("handshakes of an address: over the rate 429, for as many again; then it may come again") {
  shard::ClientOptions clients;
  clients.handshakes_per_second_max = 5;
  Place on(clients);
  for (int i = 0; i < 5; ++i) CHECK(on.answer(8002, 7, "/t").starts_with("HTTP/1.1 101"));
  for (int i = 0; i < 5; ++i) CHECK(on.answer(8002, 7, "/t").starts_with("HTTP/1.1 429"));
  for (int i = 0; i < 5; ++i) CHECK(on.answer(8002, 7, "/t").empty());
  CHECK(on.answer(8001, 8, "/t").starts_with("HTTP/1.1 101"));
  CHECK(on.stat(Metric::handshakes_over_rate) == 10);
  on.kernel.advance_ns(200'000'000);
  CHECK(on.answer(8001, 7, "/t").starts_with("HTTP/1.1 101"));
  CHECK(on.answer(8001, 7, "/t").starts_with("HTTP/1.1 429"));
}

TEST_CASE("subscriptions of a connection have a bound; the others of it go on") {
  shard::ClientOptions clients;
  clients.subscriptions_max = 2;
  Place on(clients);
  GrpcClient& client = on.grpc();
  const auto first = client.subscribe("a");
  const auto second = client.subscribe("b");
  const auto third = client.subscribe("c");
  on.settle();
  CHECK(client.streams[third].status == 8);
  CHECK(!client.streams[second].status);
  client.reset(first);
  on.settle();
  const auto fourth = client.subscribe("d");
  on.settle();
  CHECK(!client.streams[fourth].status);
  CHECK(on.stat(Metric::subscriptions_refused) == 1);
}
