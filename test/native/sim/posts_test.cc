// Requests that publish on the fake kernel: beside WebSocket on its port, kept and pipelined, answered with positions; bounds, keys, the end.
// Owner: the test. Thread: main.
#include "test/native/sim/raw_on_fake.h"
#include "test/native/doctest_last.h"

using metrics::Metric;
using sim::Raw;
using sim::SessionsOnFake;
using sim::upgrade_request;

namespace {

constexpr std::uint16_t publish_port = 8001;
using Texts = std::vector<std::string>;

std::string post_of(const std::string& target, const std::string& body, const std::string& more = "") {
  return "POST " + target + " HTTP/1.1\r\nHost: sim\r\nContent-Type: text/plain\r\n" + more + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::size_t count_of(const std::string& text, const std::string& what) {
  std::size_t count = 0;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + what.size())) ++count;
  return count;
}

/// The offsets of the answers, in their order.
std::string offsets_in(const std::string& answers) {
  std::string offsets;
  const std::string name = "{\"offset\":";
  for (std::size_t at = answers.find(name); at != std::string::npos; at = answers.find(name, at + 1)) {
    const std::size_t from = at + name.size();
    offsets += answers.substr(from, answers.find(',', from) - from) + " ";
  }
  return offsets;
}

}  // namespace

TEST_CASE("posts: a publication reaches every kind of subscriber, and is answered with its position") {
  SessionsOnFake on;
  auto& subscriber = on.text_subscriber("/prices");
  on.settle();
  Raw client(on, publish_port, 1);
  client.write(post_of("/prices", "hello"));
  on.settle();
  CHECK(subscriber.texts == Texts{"hello"});
  const std::string answer = client.read();
  CHECK(answer.starts_with("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nBroker-Role: publish\r\nDate: "));
  const std::size_t body = answer.find("\r\n\r\n") + 4;
  CHECK(answer.substr(body).starts_with("{\"offset\":0,\"position\":\""));
  CHECK(answer.ends_with("-0\"}"));
  CHECK(answer.find("\r\nContent-Length: " + std::to_string(answer.size() - body) + "\r\n") != std::string::npos);
  CHECK(!client.is_over());
  CHECK(on.stat(Metric::messages_received) == 1);
  CHECK(on.stat(Metric::posts) == 1);
  CHECK(on.stat(Metric::handshakes_refused) == 0);
}

TEST_CASE("posts: kept and pipelined, cut anywhere, an upgrade and health checks between them") {
  SessionsOnFake on;
  const auto bytes_for = [](const std::string& topic) {
    return post_of("/" + topic, "one") + "GET /up HTTP/1.1\r\nHost: sim\r\n\r\n" + post_of("/topics/" + topic, "two") + "POST /" + topic +
           " HTTP/1.1\r\nHost: sim\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nthree\r\n0\r\n\r\n" + upgrade_request("/" + topic) + sim::client_frame("four");
  };
  for (std::size_t cut = 0; cut <= bytes_for("1000").size(); ++cut) {
    const std::string topic = std::to_string(1000 + cut);
    const std::string bytes = bytes_for(topic);
    auto& subscriber = on.text_subscriber("/" + topic);
    on.settle();
    Raw client(on, publish_port, static_cast<std::uint32_t>(100'000 + cut));
    client.write(bytes.substr(0, cut));
    on.settle();
    client.write(bytes.substr(cut));
    on.settle();
    const std::string answers = client.read();
    const bool all = offsets_in(answers) == "0 1 2 " && count_of(answers, "\nup\n") == 1 && count_of(answers, "HTTP/1.1 101 ") == 1;
    const bool heard = subscriber.texts == Texts{"one", "two", "three", "four"};
    on.kernel.peer_close(client.socket);
    on.clients.clear();
    if (all && heard) continue;
    CAPTURE(cut);
    CHECK(answers == "all of them");
  }
}

TEST_CASE("posts: byte by byte") {
  SessionsOnFake on;
  Raw client(on, publish_port, 1);
  for (const char c : post_of("/a", "one") + post_of("/a", "two") + "GET /x HTTP/1.1\r\nHost: sim\r\n\r\n" + post_of("/b", "three")) {
    client.write(std::string(1, c));
    on.turn();
  }
  on.settle();
  const std::string answers = client.read();
  CHECK(offsets_in(answers) == "0 1 0 ");
  CHECK(count_of(answers, "HTTP/1.1 426 ") == 1);
}

TEST_CASE("posts: who comes and goes is told as often as the protocol changes") {
  SessionsOnFake on;
  Raw client(on, publish_port, 1);
  client.write(post_of("/a", "one") + post_of("/b", "two") + "GET /up HTTP/1.1\r\nHost: sim\r\n\r\n" + post_of("/a", "three"));
  on.settle();
  CHECK(on.count<shard::Connected>() == 2);
  CHECK(on.count<shard::Disconnected>() == 1);
  on.kernel.peer_close(client.socket);
  on.settle();
  CHECK(on.count<shard::Disconnected>() == 2);
  CHECK(on.stat(Metric::connections_now) == 0);
}

TEST_CASE("posts: refusals, and which of them end the connection") {
  shard::EngineOptions options;
  options.reserved_topics = {"pusher/1/"};
  options.codecs.websocket.message_bytes_max = 1000;
  const std::string before = post_of("/a", "fine");
  struct Case {
    std::string bytes;
    std::string status;
    bool ends;
  };
  const std::string host = " HTTP/1.1\r\nHost: sim\r\n";
  const Case cases[] = {
      {post_of("/pusher/1/x", "x"), "403", false},
      {post_of("/a?last=1", "x"), "400", false},
      {post_of("/" + std::string(300, 'x'), "x"), "400", false},
      {post_of("/a", "\xff"), "400", false},
      {post_of("/a", "x", "Content-Encoding: gzip\r\n"), "415", false},
      {post_of("/a", "x", "Expect: something\r\n"), "417", false},
      {post_of("/a", "x", "Origin: https://shop.example\r\n"), "403", false},
      {post_of("/a", std::string(1001, 'x')), "413", false},
      {"POST /a" + host + "Content-Length: 100000\r\n\r\n", "413", true},
      {"POST /a" + host + "Transfer-Encoding: chunked\r\n\r\nx\r\n", "400", true},
      {"POST /a" + host + "Transfer-Encoding: gzip\r\n\r\n", "501", true},
      {"POST /a" + host + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400", true},
      {post_of("/a", "x", "Connection: close\r\n"), "200", true},
      {"POST /a HTTP/1.0\r\nContent-Length: 1\r\n\r\nx", "200", true},
  };
  for (const Case& each : cases) {
    CAPTURE(each.bytes);
    SessionsOnFake on(options);
    Raw client(on, publish_port, 1);
    client.write(before + each.bytes + post_of("/a", "behind it"));
    on.settle();
    const std::string answers = client.read();
    CHECK(count_of(answers, "HTTP/1.1 " + each.status + " ") == (each.status == "200" ? 2 : 1));
    CHECK(count_of(answers, "HTTP/1.1 ") == (each.ends ? 2 : 3));
    CHECK(count_of(answers, "\r\nConnection: close\r\n") == (each.ends ? 1 : 0));
    CHECK(client.is_over() == each.ends);
    CHECK(on.stat(Metric::posts_refused) == (each.status == "200" ? 0 : 1));
  }
}

TEST_CASE("posts: the first request is refused like any other") {
  shard::EngineOptions options;
  options.reserved_topics = {"pusher/1/"};
  SessionsOnFake on(options);
  Raw client(on, publish_port, 1);
  client.write(post_of("/pusher/1/x", "x"));
  on.settle();
  CHECK(client.read().starts_with("HTTP/1.1 403 "));
  CHECK(client.is_over());
}

TEST_CASE("posts: pages of this machine may, and are told so beforehand") {
  SessionsOnFake on;
  Raw client(on, publish_port, 1);
  client.write("OPTIONS /a HTTP/1.1\r\nHost: sim\r\nOrigin: http://localhost:3000\r\nAccess-Control-Request-Method: POST\r\n\r\n" +
               post_of("/a", "x", "Origin: http://localhost:3000\r\n"));
  on.settle();
  const std::string answers = client.read();
  CHECK(answers.starts_with("HTTP/1.1 204 No Content\r\n"));
  CHECK(count_of(answers, "Access-Control-Allow-Origin: *\r\n") == 2);
  CHECK(offsets_in(answers) == "0 ");
}

TEST_CASE("posts: a body that is waited for gets its word, and may take its time but not longer") {
  shard::EngineOptions options;
  options.message_ms = 1000;
  SessionsOnFake on(options);
  Raw patient(on, publish_port, 1);
  patient.write("POST /a HTTP/1.1\r\nHost: sim\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
  on.settle();
  CHECK(patient.read() == "HTTP/1.1 100 Continue\r\n\r\n");
  for (int i = 0; i < 15; ++i) on.turn(100);
  CHECK(patient.read().starts_with("HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n"));
  CHECK(patient.is_over());
  CHECK(on.stat(Metric::connections_closed_overdue) == 1);
}

TEST_CASE("posts: without another request it ends without a word, after keep_alive_ms or with a drain") {
  for (const bool drains : {false, true}) {
    shard::EngineOptions options;
    options.keep_alive_ms = 5000;
    SessionsOnFake on(options);
    Raw client(on, publish_port, 1);
    client.write(post_of("/a", "x"));
    on.settle();
    client.read();
    for (int i = 0; i < 4; ++i) on.turn(1000);
    CHECK(!client.is_over());
    if (drains) on.engine->drain(1000);
    for (int i = 0; i < 3; ++i) on.turn(drains ? 10 : 1000);
    CHECK(client.is_over());
    CHECK(client.read().empty());
  }
}

TEST_CASE("posts: what has come before a drain is published, and its answer says that there is no more") {
  SessionsOnFake on;
  auto& subscriber = on.text_subscriber("/a");
  on.settle();
  Raw client(on, publish_port, 7);
  client.write(post_of("/a", "one"));
  on.settle();
  client.read();
  client.write(post_of("/a", "two"));
  on.engine->drain(1000);
  on.settle(5);
  CHECK(subscriber.texts == Texts{"one", "two"});
  const std::string answer = client.read();
  CHECK(offsets_in(answer) == "1 ");
  CHECK(client.is_over());
}

TEST_CASE("posts: while the logs are full it is told to come again, and read all the same") {
  shard::EngineOptions options;
  options.log_bytes_max = 1024 * 1024;
  options.slow_rules = {{"*", conn::SlowPolicyId::disconnect, {64 * 1024 * 1024, 1'000'000}}};
  SessionsOnFake on(options);
  auto& stuck = on.subscriber("/a");
  on.settle();
  stuck.pace = sim::Pace::stuck;
  Raw client(on, publish_port, 7);
  std::string answers;
  for (int i = 0; i < 60 && count_of(answers, "HTTP/1.1 503 ") == 0; ++i) {
    client.write(post_of("/a", std::string(40'000, 'x')));
    on.turn();
    on.turn();
    answers += client.read();
  }
  CHECK(count_of(answers, "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\n") == 1);
  CHECK(!client.is_over());
  stuck.vanish();
  for (int i = 0; i < 40; ++i) on.turn(10);
  client.read();
  client.write(post_of("/a", "again"));
  on.turn();
  CHECK(client.read().starts_with("HTTP/1.1 200 "));
}

TEST_CASE("posts: a repeated Idempotency-Key is answered with the first position, and publishes nothing") {
  SessionsOnFake on;
  auto& subscriber = on.text_subscriber("/a");
  on.settle();
  Raw client(on, publish_port, 7);
  Raw other(on, publish_port, 8);
  const std::string key = "Idempotency-Key: \"8e03978e-40d5\"\r\n";
  client.write(post_of("/a", "before") + post_of("/a", "once", key) + post_of("/a", "between") + post_of("/a", "once", key));
  on.settle();
  CHECK(offsets_in(client.read()) == "0 1 2 1 ");
  other.write(post_of("/a", "once", key) + post_of("/b", "elsewhere", key));
  on.settle();
  CHECK(offsets_in(other.read()) == "1 0 ");
  CHECK(subscriber.texts == Texts{"before", "once", "between"});
  CHECK(on.stat(Metric::posts_repeated) == 2);
}

TEST_CASE("posts: answers that are not read stop the reading, not the broker") {
  SessionsOnFake on;
  const int socket = on.kernel.connect(publish_port, sim::address_of(7), 4096);
  const std::string request = post_of("/a", "");
  std::string requests;
  while (requests.size() < 30'000) requests += request;
  std::size_t written = 0;
  for (int i = 0; i < 400; ++i) {
    written += on.kernel.peer_write(socket, base::bytes_of(requests).subspan(written % requests.size()));
    on.turn();
  }
  const std::int64_t posts = on.stat(Metric::posts);
  CHECK(posts > 100);
  for (int i = 0; i < 50; ++i) on.turn();
  CHECK(on.stat(Metric::posts) == posts);
  CHECK(static_cast<std::size_t>(posts) * request.size() < written);
  std::string answers;
  std::vector<std::uint8_t> room(64 * 1024);
  for (int i = 0; i < 20'000; ++i) {
    const std::size_t bytes = on.kernel.peer_read(socket, room);
    answers.append(room.begin(), room.begin() + static_cast<std::ptrdiff_t>(bytes));
    on.turn();
  }
  CHECK(on.stat(Metric::posts) > posts);
  CHECK(count_of(answers, "HTTP/1.1 200 ") == static_cast<std::size_t>(on.stat(Metric::posts)));
}
