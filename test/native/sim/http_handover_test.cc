// Plain HTTP requests on a port that sessions share with the control plane's HTTP server, on the fake kernel.
// Owner: the test. Thread: main.
#include "test/native/sim/raw_on_fake.h"
#include "test/native/doctest_last.h"

using metrics::Metric;
using sim::handed_over;
using sim::Raw;
using sim::SessionsOnFake;

namespace {

const std::string request = "POST /apps/1/events?auth_key=k HTTP/1.1\r\nHost: sim\r\nContent-Length: 11\r\n\r\nhello world";

}  // namespace

TEST_CASE("http: a request that asks for no WebSocket is handed over with its socket and all its bytes") {
  SessionsOnFake on;
  Raw client(on, SessionsOnFake::session_port, 1);
  on.turn();
  client.write(request);
  on.turn();
  const shard::HttpConnection* const event = handed_over(on);
  REQUIRE(event != nullptr);
  CHECK(event->head == request);
  CHECK(event->peer == sim::address_of(1).text());
  CHECK(event->protocol == codec::ProtocolId::pusher);
  REQUIRE(event->fd >= 0);
  CHECK(on.count<shard::Connected>() == 0);
  CHECK(on.count<shard::Disconnected>() == 0);
  CHECK(on.count<shard::SessionEnded>() == 0);
  CHECK(on.stat(Metric::http_connections) == 1);
  CHECK(on.stat(Metric::connections_now) == 0);

  client.write("more of it");  // is the receiver's to read
  on.settle();
  std::uint8_t more[100];
  CHECK(on.kernel.receive(event->fd, more).bytes == 10);
  CHECK(on.kernel.send(event->fd, base::bytes_of("HTTP/1.1 200 OK\r\n\r\n")).bytes == 19);
  CHECK(client.read() == "HTTP/1.1 200 OK\r\n\r\n");

  const int fd = event->fd;
  on.engine.reset();
  CHECK(on.kernel.open_fds() == 1);  // the receiver's
  on.kernel.close(fd);
  CHECK(on.kernel.open_fds() == 0);
}

TEST_CASE("http: a head in pieces is handed over when it is complete, with everything that came") {
  SessionsOnFake on;
  Raw client(on, SessionsOnFake::session_port, 1);
  const std::size_t head_bytes = request.find("\r\n\r\n") + 4;
  for (std::size_t i = 0; i + 1 < head_bytes; ++i) {
    client.write(request.substr(i, 1));
    on.turn();
    CHECK(handed_over(on) == nullptr);
  }
  client.write(request.substr(head_bytes - 1));
  on.turn();
  REQUIRE(handed_over(on) != nullptr);
  CHECK(handed_over(on)->head == request);
}

TEST_CASE("http: what was handed over no longer counts against any bound of connections") {
  for (const unsigned shards : {1u, 3u}) {
    shard::EngineOptions options;
    options.shards = shards;
    options.connections_max = 2;
    options.connections_per_address_max = 1;
    SessionsOnFake on(options);
    for (int i = 0; i < 20; ++i) {
      Raw client(on, SessionsOnFake::session_port, 1);
      client.write(request);
      on.settle();
    }
    CHECK(on.count<shard::HttpConnection>() == 20);
    CHECK(on.stat(Metric::connections_refused) == 0);
    CHECK(on.stat(Metric::connections_closed) == 20);
    CHECK(on.stat(Metric::connections_now) == 0);
    on.same_address = true;
    CHECK(on.open().is_open());
  }
}

TEST_CASE("http: over the bounds it is refused like any other") {
  shard::EngineOptions options;
  options.connections_per_address_max = 1;
  SessionsOnFake on(options);
  on.same_address = true;
  on.open();
  Raw client(on, SessionsOnFake::session_port, 1);
  client.write(request);
  on.settle();
  CHECK(client.read().starts_with("HTTP/1.1 503 "));
  CHECK(handed_over(on) == nullptr);
}

TEST_CASE("http: what is no request is refused before anybody is told") {
  SessionsOnFake on;
  Raw malformed(on, SessionsOnFake::session_port, 1);
  malformed.write("GET / HTTP/1.1\nHost: a\n\n");
  Raw silent(on, SessionsOnFake::session_port, 2);
  silent.write("GET / HT");
  on.settle();
  CHECK(malformed.read().starts_with("HTTP/1.1 400 "));
  for (int i = 0; i < 11; ++i) on.settle(1000);
  CHECK(silent.read().starts_with("HTTP/1.1 408 "));
  CHECK(handed_over(on) == nullptr);
}

TEST_CASE("http: ports of other protocols hand nothing over") {
  SessionsOnFake on;
  for (const std::uint16_t port : {std::uint16_t{8001}, std::uint16_t{8002}}) {
    Raw client(on, port, 1);
    client.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    on.settle();
    CHECK(client.read().starts_with("HTTP/1.1 426 "));
  }
  CHECK(handed_over(on) == nullptr);
}

TEST_CASE("http: a peer that ends its direction behind the request, or is gone already, is handed over all the same") {
  for (const bool gone : {false, true}) {
    SessionsOnFake on;
    Raw client(on, SessionsOnFake::session_port, 1);
    client.write(request);
    gone ? on.kernel.peer_close(client.socket) : on.kernel.peer_shutdown(client.socket);
    on.settle();
    REQUIRE(handed_over(on) != nullptr);
    CHECK(handed_over(on)->head == request);
    CHECK(on.stat(Metric::connections_now) == 0);
  }
}

TEST_CASE("http: a receiver that takes no events any more gets no socket, and none is left open") {
  SessionsOnFake on;
  Raw client(on, SessionsOnFake::session_port, 1);
  on.turn();
  const std::size_t before = on.kernel.open_fds();
  client.write(request);
  on.closed = true;
  on.settle();
  CHECK(on.kernel.open_fds() == before - 1);
  CHECK(on.stat(Metric::events_dropped) == 1);
  CHECK(on.stat(Metric::connections_now) == 0);
}
