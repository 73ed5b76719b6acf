// A request that is no upgrade on a port that speaks WebSocket only: its refusal leaves the connection open for the next one where it
// can, as proxies send requests of many clients over one connection. On the fake kernel.
// Owner: the test. Thread: main.
#include "test/native/sim/raw_on_fake.h"
#include "test/native/doctest_last.h"

using metrics::Metric;
using sim::Raw;
using sim::SessionsOnFake;
using sim::upgrade_request;

namespace {

constexpr std::uint16_t subscribe_port = 8002;
const std::string plain_request = "GET /other HTTP/1.1\r\nHost: sim\r\n\r\n";

std::size_t count_of(const std::string& text, const std::string& what) {
  std::size_t count = 0;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + what.size())) ++count;
  return count;
}

}  // namespace

TEST_CASE("kept: an upgrade behind a refused request is served, however the bytes are cut") {
  const std::string bytes = plain_request + upgrade_request("/a");
  for (const std::uint16_t port : {std::uint16_t{8001}, subscribe_port}) {
    for (std::size_t cut = 1; cut <= bytes.size(); ++cut) {
      CAPTURE(cut);
      SessionsOnFake on;
      Raw client(on, port, 1);
      client.write(bytes.substr(0, cut));
      on.settle();
      client.write(bytes.substr(cut));
      on.settle();
      const std::string answers = client.read();
      CHECK(answers.starts_with("HTTP/1.1 426 "));
      CHECK(count_of(answers, "HTTP/1.1 101 ") == 1);
      CHECK(count_of(answers, "close") == 0);
      CHECK(on.stat(Metric::handshakes_refused) == 1);
      CHECK(on.stat(Metric::handshakes_completed) == 1);
    }
  }
}

TEST_CASE("kept: an upgrade behind a health check is served, and health checks are no refusals") {
  SessionsOnFake on;
  for (const std::uint16_t port : {std::uint16_t{8001}, subscribe_port, SessionsOnFake::session_port}) {
    Raw client(on, port, port);
    client.write("GET /up HTTP/1.1\r\nHost: sim\r\n\r\nHEAD /health HTTP/1.1\r\nHost: sim\r\n\r\n" + upgrade_request("/app"));
    on.settle();
    const std::string answers = client.read();
    CHECK(count_of(answers, "HTTP/1.1 200 ") == 2);
    CHECK(count_of(answers, "\nup\n") == 1);
    CHECK(count_of(answers, "close") == 0);
    CHECK(count_of(answers, "HTTP/1.1 101 ") == 1);
  }
  Raw topic_of_that_name(on, subscribe_port, 8);
  topic_of_that_name.write(upgrade_request("/up"));
  on.settle();
  CHECK(topic_of_that_name.read().starts_with("HTTP/1.1 101 "));
  CHECK(on.stat(Metric::handshakes_refused) == 0);
  Raw last(on, subscribe_port, 9);
  last.write("GET /up HTTP/1.1\r\nHost: sim\r\nConnection: close\r\n\r\n");
  on.settle();
  CHECK(count_of(last.read(), "Connection: close\r\n") == 1);
  CHECK(last.is_over());
}

TEST_CASE("kept: byte by byte, and frames behind the upgrade") {
  SessionsOnFake on;
  Raw client(on, 8001, 1);
  auto& subscriber = on.text_subscriber("/a");
  on.settle();
  for (const char c : plain_request + plain_request + upgrade_request("/a") + sim::client_frame("hello")) {
    client.write(std::string(1, c));
    on.turn();
  }
  on.settle();
  CHECK(count_of(client.read(), "HTTP/1.1 426 ") == 2);
  REQUIRE(subscriber.texts.size() == 1);
  CHECK(subscriber.texts[0] == "hello");
}

TEST_CASE("kept: refusals that do not end it, and those that do") {
  const std::string host = " HTTP/1.1\r\nHost: sim\r\n";
  const std::string staying[] = {"HEAD /" + host + "\r\n", "POST /" + host + "\r\n", "OPTIONS *" + host + "\r\n", "BREW /" + host + "\r\n",
                                 "GET /" + host + "Upgrade: h2c\r\nConnection: Upgrade\r\n\r\n"};
  const std::string ending[] = {
      "GET /" + host + "Connection: close\r\n\r\n",
      "GET / HTTP/1.0\r\n\r\n",
      "POST /" + host + "Content-Length: 4\r\n\r\n",
      "POST /" + host + "Transfer-Encoding: chunked\r\n\r\n",
      "GET /" + host + "Upgrade: websocket\r\n\r\n",
      "GET / HTTP/1.1\r\n\r\n",
  };
  for (const std::string& head : staying) {
    CAPTURE(head);
    SessionsOnFake on;
    Raw client(on, subscribe_port, 1);
    client.write(head + upgrade_request("/a"));
    on.settle();
    CHECK(count_of(client.read(), "HTTP/1.1 101 ") == 1);
  }
  for (const std::string& head : ending) {
    CAPTURE(head);
    SessionsOnFake on;
    Raw client(on, subscribe_port, 1);
    client.write(head + upgrade_request("/a"));
    on.settle();
    const std::string answers = client.read();
    CHECK(count_of(answers, "HTTP/1.1 ") == 1);
    CHECK(count_of(answers, "\r\nConnection: close") == 1);
    CHECK(client.is_over());
  }
}

TEST_CASE("kept: so many, and the answer to the next one ends it") {
  SessionsOnFake on;
  Raw client(on, subscribe_port, 1);
  for (int i = 0; i < 102; ++i) client.write(plain_request);
  on.settle();
  const std::string answers = client.read();
  CHECK(count_of(answers, "HTTP/1.1 426 ") == 101);
  CHECK(count_of(answers, "Connection: close, Upgrade\r\n") == 1);
  CHECK(client.is_over());
  CHECK(on.stat(Metric::handshakes_refused) == 101);
}

TEST_CASE("kept: without another request it ends without a word, in time or with the drain") {
  for (const bool drains : {false, true}) {
    SessionsOnFake on;
    Raw client(on, subscribe_port, 1);
    client.write(plain_request);
    on.settle();
    CHECK(client.read().starts_with("HTTP/1.1 426 "));
    for (int i = 0; i < 74; ++i) on.turn(1000);
    CHECK_FALSE(client.is_over());
    if (drains) on.engine->drain(1000);
    for (int i = 0; i < 2; ++i) on.turn(drains ? 0 : 1000);
    CHECK(client.is_over());
    CHECK(client.read().empty());
    CHECK(on.stat(Metric::connections_now) == 0);
  }
}

TEST_CASE("kept: the next request has a time of its own, from its first byte") {
  SessionsOnFake on;
  Raw client(on, subscribe_port, 1);
  client.write(plain_request);
  on.settle();
  client.read();
  for (int i = 0; i < 70; ++i) on.turn(1000);
  client.write("GET /");
  for (int i = 0; i < 9; ++i) on.turn(1000);
  CHECK(client.read().empty());
  for (int i = 0; i < 2; ++i) on.turn(1000);
  CHECK(client.read().starts_with("HTTP/1.1 408 "));
  CHECK(client.is_over());
}

TEST_CASE("kept: over the bounds of connections nothing is") {
  shard::EngineOptions options;
  options.connections_max = 1;
  SessionsOnFake on(options);
  Raw first(on, subscribe_port, 1);
  on.settle();
  Raw second(on, subscribe_port, 2);
  second.write(plain_request + upgrade_request("/a"));
  on.settle();
  CHECK(count_of(second.read(), "HTTP/1.1 503 ") == 1);
  CHECK(second.is_over());
}
