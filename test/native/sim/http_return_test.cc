// Connections that the control plane's HTTP server gives back for an upgrade behind other requests, on the fake kernel.
// Owner: the test. Thread: main.
#include "test/native/sim/raw_on_fake.h"
#include "test/native/doctest_last.h"

using metrics::Metric;
using sim::client_frame;
using sim::Raw;
using sim::SessionsOnFake;
using sim::upgrade_request;

namespace {

const std::string plain_request = "GET /x HTTP/1.1\r\nHost: sim\r\n\r\n";
const std::string switching = "HTTP/1.1 101 ";

/// Hands the connection over and takes the event away, as JavaScript does.
shard::HttpConnection hand_over(SessionsOnFake& on, Raw& client) {
  client.write(plain_request);
  on.settle();
  const shard::HttpConnection* const found = sim::handed_over(on);
  REQUIRE(found != nullptr);
  shard::HttpConnection event = *found;
  std::erase_if(on.events, sim::is<shard::HttpConnection>);
  return event;
}

bool give_back(SessionsOnFake& on, const shard::HttpConnection& event, const std::string& head) {
  return on.engine->take_back(event.fd, event.listener, *os::Address::parse_text(event.peer), head);
}

}  // namespace

TEST_CASE("return: an upgrade behind other requests opens a session, with what was read behind it and what comes then") {
  for (const unsigned shards : {1u, 3u}) {
    shard::EngineOptions options;
    options.shards = shards;
    SessionsOnFake on(options);
    Raw client(on, SessionsOnFake::session_port, 7);
    const shard::HttpConnection event = hand_over(on, client);
    CHECK(event.listener == 2);
    CHECK(on.stat(Metric::connections_now) == 0);
    client.write(client_frame("third"));  // what came after the head was read
    REQUIRE(give_back(on, event, upgrade_request("/app/key?protocol=7") + client_frame("first") + client_frame("second")));
    on.settle();
    CHECK(client.read().starts_with(switching));
    const auto* const opened = sim::first_of<shard::SessionOpened>(on.events);
    REQUIRE(opened != nullptr);
    CHECK(opened->target == "/app/key?protocol=7");
    CHECK(opened->peer == sim::address_of(7).text());
    CHECK(on.count<shard::SessionMessage>() == 3);
    CHECK(on.stat(Metric::http_connections) == 1);
    CHECK(on.stat(Metric::http_connections_returned) == 1);
    CHECK(on.stat(Metric::connections_accepted) == 1);
    CHECK(on.stat(Metric::connections_now) == 1);
    CHECK(on.stat(Metric::connections_closed) == 1);  // when it was handed over

    on.kernel.peer_close(client.socket);
    on.settle();
    CHECK(on.count<shard::SessionEnded>() == 1);
    CHECK(on.stat(Metric::connections_now) == 0);
    CHECK(on.stat(Metric::connections_closed) == 2);
    on.engine.reset();
    CHECK(on.kernel.open_fds() == 0);
  }
}

TEST_CASE("return: it counts against the bounds of connections like any other") {
  shard::EngineOptions options;
  options.connections_per_address_max = 2;
  SessionsOnFake on(options);
  std::vector<std::unique_ptr<Raw>> clients;
  std::vector<shard::HttpConnection> events;
  for (int i = 0; i < 40; ++i) {
    clients.push_back(std::make_unique<Raw>(on, SessionsOnFake::session_port, 1));
    events.push_back(hand_over(on, *clients.back()));
  }
  for (const shard::HttpConnection& event : events) CHECK(give_back(on, event, upgrade_request("/app/key")));
  on.turn();
  int opened = 0;
  int refused = 0;
  int cut = 0;
  for (const auto& client : clients) {
    const std::string answer = client->read();
    opened += answer.starts_with(switching) ? 1 : 0;
    refused += answer.starts_with("HTTP/1.1 503 ") ? 1 : 0;
    cut += on.kernel.was_reset(client->socket) ? 1 : 0;
  }
  CHECK(opened == 2);
  CHECK(refused == 32);
  CHECK(cut == 6);
  CHECK(on.stat(Metric::connections_refused) == 38);
  for (const auto& client : clients) on.kernel.peer_close(client->socket);
  on.settle();
  CHECK(on.stat(Metric::connections_now) == 0);
  Raw next(on, SessionsOnFake::session_port, 1);  // nothing is left on the address's account
  next.write(upgrade_request("/app/key"));
  on.settle();
  CHECK(next.read().starts_with(switching));
}

TEST_CASE("return: a head that the engine refuses, or understands as no upgrade, ends the connection and goes nowhere else") {
  const std::pair<std::string, std::string> heads[] = {
      {"GET /app/key HTTP/1.1\r\nHost: sim\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n", "HTTP/1.1 426 "},
      {"GET /app/key HTTP/1.1\r\nHost: a b\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n", "HTTP/1.1 400 "},
      {plain_request, "HTTP/1.1 426 "},
      {"POST /x HTTP/1.1\r\nHost: sim\r\nContent-Length: 5\r\n\r\nhello", "HTTP/1.1 405 "},
  };
  for (const auto& [given, answer] : heads) {
    const std::string& head = given;
    CAPTURE(head);
    SessionsOnFake on;
    Raw client(on, SessionsOnFake::session_port, 1);
    REQUIRE(give_back(on, hand_over(on, client), head));
    on.settle();
    CHECK(client.read().starts_with(answer));
    CHECK(client.is_over());
    CHECK(sim::handed_over(on) == nullptr);
  }
}

TEST_CASE("return: a head in part waits for its rest, for as long as any other") {
  SessionsOnFake on;
  Raw client(on, SessionsOnFake::session_port, 1);
  const std::string head = upgrade_request("/app/key");
  REQUIRE(give_back(on, hand_over(on, client), head.substr(0, 30)));
  on.settle();
  CHECK(client.read().empty());
  client.write(head.substr(30));
  on.settle();
  CHECK(client.read().starts_with(switching));

  Raw late(on, SessionsOnFake::session_port, 2);
  REQUIRE(give_back(on, hand_over(on, late), head.substr(0, 30)));
  for (int i = 0; i < 11; ++i) on.settle(1000);
  CHECK(late.read().starts_with("HTTP/1.1 408 "));
}

TEST_CASE("return: while the control plane has enough to do it waits with its head, as a new one does") {
  SessionsOnFake on;
  Raw client(on, SessionsOnFake::session_port, 1);
  const shard::HttpConnection event = hand_over(on, client);
  on.congested_now = true;
  REQUIRE(give_back(on, event, upgrade_request("/app/key") + client_frame("behind")));
  on.settle(5);
  CHECK(on.count<shard::SessionOpened>() == 0);
  on.congested_now = false;
  on.settle(5);
  CHECK(client.read().starts_with(switching));
  CHECK(on.count<shard::SessionOpened>() == 1);
  CHECK(on.count<shard::SessionMessage>() == 1);
}

TEST_CASE("return: into a drain it is told so, at once or, where clients come back here, at the end") {
  for (const std::uint16_t code : {std::uint16_t{4200}, std::uint16_t{4100}}) {
    shard::EngineOptions options;
    options.session_drain_code = code;
    SessionsOnFake on(options);
    on.open();
    Raw client(on, SessionsOnFake::session_port, 1);
    const shard::HttpConnection event = hand_over(on, client);
    on.engine->drain(1000);
    on.turn();
    REQUIRE(give_back(on, event, upgrade_request("/app/key")));
    on.turn();
    const std::string at_once = client.read();
    for (int i = 0; i < 30; ++i) on.turn(100);
    const std::string at_the_end = client.read();
    CHECK(at_once.starts_with("HTTP/1.1 503 ") == (code == 4200));
    CHECK(at_the_end.starts_with(switching) == (code == 4100));
    CHECK(on.count<shard::SessionOpened>() == 1);
    CHECK(on.count<shard::Drained>() == 1);
    CHECK(on.stat(Metric::connections_now) == 0);
  }
}

TEST_CASE("return: an engine that ends meanwhile closes it; where nothing is handed over nothing is taken back") {
  SessionsOnFake on;
  Raw client(on, SessionsOnFake::session_port, 1);
  const shard::HttpConnection event = hand_over(on, client);
  CHECK_FALSE(on.engine->take_back(event.fd, 0, sim::address_of(1), ""));
  CHECK_FALSE(on.engine->take_back(event.fd, 99, sim::address_of(1), ""));
  REQUIRE(give_back(on, event, upgrade_request("/app/key")));
  on.engine.reset();
  CHECK(on.kernel.open_fds() == 0);
}
