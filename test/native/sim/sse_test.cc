// Streams of server-sent events on the fake kernel: how they begin beside WebSocket, what they hear, heartbeats, gaps, the end.
// Owner: the test. Thread: main.
#include <algorithm>
#include <set>

#include "test/native/codec/sse/sse_reader.h"
#include "test/native/sim/raw_on_fake.h"
#include "test/native/doctest_last.h"

using metrics::Metric;
using sim::Raw;
using sim::SessionsOnFake;
using sim::upgrade_request;

namespace {

constexpr std::uint16_t subscribe_port = 8002;

std::string request_for(const std::string& target, const std::string& more = "") {
  return "GET " + target + " HTTP/1.1\r\nHost: sim\r\nAccept: text/event-stream\r\n" + more + "\r\n";
}

/// A client that asks for events and understands them.
struct Listener : Raw {
  Listener(SessionsOnFake& on_fake, std::uint32_t number, const std::string& request) : Raw(on_fake, subscribe_port, number) { write(request); }

  /// Reads what has come; false when nothing has.
  bool hear() {
    std::string bytes = read();
    if (bytes.empty()) return false;
    if (head.find("\r\n\r\n") == std::string::npos) {
      head += bytes;
      const std::size_t end = head.find("\r\n\r\n");
      if (end == std::string::npos) return true;
      bytes = head.substr(end + 4);
      head.resize(end + 4);
    }
    const bool chunked = head.find("Transfer-Encoding: chunked\r\n") != std::string::npos;
    reader.feed(chunked ? chunks.feed(bytes) : bytes);
    CHECK(chunks.trouble == "");
    return true;
  }
  std::vector<std::string> heard() {
    while (hear()) {
    }
    std::vector<std::string> data;
    for (const sse::Event& event : reader.events) data.push_back(event.data);
    return data;
  }

  std::string head;
  sse::Dechunker chunks;
  sse::Reader reader;
};

using Texts = std::vector<std::string>;

std::string retry_of(SessionsOnFake& on, std::uint32_t number) {
  Listener client(on, number, request_for("/a"));
  on.settle();
  client.heard();
  REQUIRE(client.reader.retries.size() == 1);
  return client.reader.retries[0];
}

}  // namespace

TEST_CASE("sse: a stream begins with its head and when to come back, and hears what is published from then on") {
  SessionsOnFake on;
  on.publish("a", std::string("before"));
  Listener client(on, 1, request_for("/a"));
  on.settle();
  on.publish("a", std::string("one"));
  on.publish("a", std::string("two\nlines"));
  on.publish_binary("a", "\xff");
  on.settle();
  CHECK(client.heard() == Texts{"one", "two\nlines", "/w=="});
  CHECK(client.head.starts_with("HTTP/1.1 200 OK\r\n"));
  CHECK(client.head.find("Content-Type: text/event-stream\r\n") != std::string::npos);
  CHECK(client.head.find("Broker-Role: subscribe\r\n") != std::string::npos);
  CHECK(client.head.find("Access-Control") == std::string::npos);
  CHECK(client.reader.retries.size() == 1);
  CHECK(client.reader.events[0].id.ends_with("-1"));
  CHECK(client.reader.events[2].id.ends_with("-3"));
  CHECK(client.reader.events[2].type == "binary");
  CHECK(on.stat(Metric::handshakes_completed) == 1);
  CHECK(on.stat(Metric::subscriptions_now) == 1);
}

TEST_CASE("sse: the request may be cut anywhere, and others may stand before it") {
  SessionsOnFake on;
  const std::string bytes = "GET /up HTTP/1.1\r\nHost: sim\r\n\r\nGET /x HTTP/1.1\r\nHost: sim\r\n\r\nHEAD /x?sse=1 HTTP/1.1\r\nHost: sim\r\n\r\n" + request_for("/a");
  for (std::size_t cut = 1; cut <= bytes.size(); ++cut) {
    Raw client(on, subscribe_port, static_cast<std::uint32_t>(cut));
    client.write(bytes.substr(0, cut));
    on.settle();
    client.write(bytes.substr(cut));
    on.settle();
    on.publish("a", std::string("hello"));
    on.settle();
    const std::string answers = client.read();
    on.kernel.peer_close(client.socket);
    on.settle();
    const bool all = answers.starts_with("HTTP/1.1 200 ") && answers.find("HTTP/1.1 426 ") != std::string::npos && answers.ends_with("data: hello\n\n\r\n");
    if (all && on.stat(Metric::handshakes_refused) == static_cast<std::int64_t>(cut)) continue;
    CAPTURE(cut);
    CHECK(answers == "all of them");
  }
}

TEST_CASE("sse: an upgrade behind HEAD and OPTIONS is served, and events behind a refused request for WebSocket's port") {
  SessionsOnFake on;
  Raw client(on, subscribe_port, 1);
  client.write("HEAD /a?sse=1 HTTP/1.1\r\nHost: sim\r\n\r\nOPTIONS /a HTTP/1.1\r\nHost: sim\r\nOrigin: http://localhost\r\nAccess-Control-Request-Method: GET\r\n\r\n" + upgrade_request("/a"));
  on.settle();
  const std::string answers = client.read();
  CHECK(answers.starts_with("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"));
  CHECK(answers.find("\r\n\r\nHTTP/1.1 204 No Content\r\nAllow: GET, HEAD, OPTIONS\r\n") != std::string::npos);
  CHECK(answers.find("Access-Control-Allow-Origin: *\r\n") != std::string::npos);
  CHECK(answers.find("\r\n\r\nHTTP/1.1 101 ") != std::string::npos);
  CHECK(on.stat(Metric::handshakes_refused) == 0);
}

TEST_CASE("sse: HTTP/1.0 gets the same without chunks, until the end") {
  SessionsOnFake on;
  Listener client(on, 1, "GET /a?sse=1 HTTP/1.0\r\n\r\n");
  on.settle();
  on.publish("a", std::string("hello"));
  on.settle();
  CHECK(client.heard() == Texts{"hello"});
  CHECK(client.head.find("Transfer-Encoding") == std::string::npos);
  on.engine->drain(1000);
  on.settle();
  client.heard();
  CHECK(client.reader.comments == Texts{"1001 shutting down"});
  CHECK(client.is_over());
}

TEST_CASE("sse: several topics, and subscribers of other protocols beside them: one encode a publication") {
  SessionsOnFake on;
  auto& web = on.text_subscriber("/a");
  Listener first(on, 11, request_for("/?topic=a&topic=b"));
  Listener second(on, 12, request_for("/a"));
  on.settle();
  const std::int64_t before = on.stat(Metric::encodes);
  on.publish("a", std::string("to a"));
  on.settle();
  CHECK(on.stat(Metric::encodes) == before + 2);
  on.publish("b", std::string("to b"));
  on.settle();
  CHECK(first.heard() == Texts{"to a", "to b"});
  CHECK(second.heard() == Texts{"to a"});
  CHECK(web.texts == Texts{"to a"});
}

TEST_CASE("sse: pages that may not connect are refused, those that may can read it") {
  SessionsOnFake on;
  Listener own(on, 1, request_for("/a", "Origin: http://localhost:3000\r\n"));
  Listener foreign(on, 2, request_for("/a", "Origin: https://shop.example\r\n"));
  on.settle();
  own.hear();
  CHECK(own.head.find("\r\nAccess-Control-Allow-Origin: *\r\n") != std::string::npos);
  CHECK(foreign.read().starts_with("HTTP/1.1 403 "));
}

TEST_CASE("sse: a comment every interval, whatever the client says, and one at a time while it does not read") {
  shard::EngineOptions options;
  options.idle.ping_interval_ms = 1000;
  SessionsOnFake on(options);
  Listener client(on, 1, request_for("/a"));
  on.settle();
  for (int i = 0; i < 50; ++i) on.turn(100);
  client.heard();
  CHECK(client.reader.comments.size() >= 4);
  CHECK(client.reader.comments.size() <= 5);
  CHECK(std::all_of(client.reader.comments.begin(), client.reader.comments.end(), [](const std::string& comment) { return comment.empty(); }));
  CHECK(on.stat(Metric::connections_now) == 1);
  client.write("this is no request");
  on.settle();
  CHECK(on.stat(Metric::connections_now) == 1);
}

TEST_CASE("sse: who hangs up is gone") {
  SessionsOnFake on;
  Listener client(on, 1, request_for("/a"));
  on.settle();
  on.kernel.peer_close(client.socket);
  on.settle();
  CHECK(on.stat(Metric::connections_now) == 0);
  CHECK(on.stat(Metric::subscriptions_now) == 0);
}

TEST_CASE("sse: what a slow one is not sent is told once, with exact counts, where it is missing") {
  for (const conn::SlowPolicyId policy : {conn::SlowPolicyId::drop_oldest, conn::SlowPolicyId::latest}) {
    shard::EngineOptions options;
    options.slow_rules = {{"*", policy, {64 * 1024, 1000}}};
    options.send_buffer_bytes = 4096;
    SessionsOnFake on(options);
    Listener client(on, 1, request_for("/a"));
    on.settle();
    const std::string filler(5000, 'x');
    std::uint64_t sent = 0;
    for (int round = 0; round < 60; ++round) {  // it reads nothing, and is judged again and again
      for (int i = 0; i < 5; ++i) on.publish("a", std::to_string(sent++) + filler);
      on.turn(300);
    }
    for (int i = 0; i < 2000; ++i) {
      client.hear();
      on.turn();
    }
    std::uint64_t next = 0;
    std::uint64_t gaps = 0;
    std::uint64_t skipped = 0;
    for (const sse::Event& event : client.reader.events) {
      if (event.type == "gap") {
        const std::size_t at = event.data.find("\"skipped\":");
        REQUIRE(at != std::string::npos);
        const std::uint64_t count = std::stoull(event.data.substr(at + 10));
        CHECK(event.data.find("-" + std::to_string(next) + "\",\"to\":") != std::string::npos);
        CHECK(event.data.find("-" + std::to_string(next + count - 1) + "\",\"skipped\"") != std::string::npos);
        next += count;
        skipped += count;
        ++gaps;
        continue;
      }
      CHECK(event.data == std::to_string(next) + filler);
      CHECK(event.id.ends_with("-" + std::to_string(next)));
      ++next;
    }
    CHECK(next == sent);
    CHECK(gaps >= 1);
    CHECK(gaps <= 3);  // it was judged far more often
    CHECK(on.stat(Metric::slow_events) > 10);
    CHECK(static_cast<std::uint64_t>(on.stat(Metric::publications_skipped)) == skipped);
  }
}

TEST_CASE("sse: by the policy disconnect it ends, and says so when it is read") {
  shard::EngineOptions options;
  options.slow_rules = {{"*", conn::SlowPolicyId::disconnect, {64 * 1024, 1000}}};
  SessionsOnFake on(options);
  Listener client(on, 1, request_for("/a"));
  on.settle();
  for (int i = 0; i < 40; ++i) on.publish("a", std::string(10'000, 'x'));
  for (int i = 0; i < 5; ++i) on.turn(300);
  while (client.hear()) on.turn();
  CHECK(on.stat(Metric::connections_closed_slow) == 1);
  CHECK(client.chunks.ended());
  REQUIRE(client.reader.comments.size() == 1);
  CHECK(client.reader.comments[0].starts_with("1013 slow consumer: "));
}

TEST_CASE("sse: a drain sends what there is, when to come back, and the last chunk") {
  SessionsOnFake on;
  Listener client(on, 1, request_for("/a"));
  on.settle();
  on.publish("a", std::string("last words"));
  on.engine->drain(1000);
  for (int i = 0; i < 20; ++i) on.turn(50);
  CHECK(client.heard() == Texts{"last words"});
  CHECK(client.reader.comments == Texts{"1001 shutting down"});
  CHECK(client.reader.retries.size() == 2);
  CHECK(client.chunks.ended());
  CHECK(client.is_over());
  on.kernel.peer_close(client.socket);
  on.settle(10);
  CHECK(on.stat(Metric::connections_now) == 0);
}

TEST_CASE("sse: who comes back goes on behind the last event it has heard, or is told what is missing first") {
  shard::EngineOptions options;
  options.epoch_seed = "run1234";
  options.history.rules.push_back({"*", 5, 1 << 20, 300});
  SessionsOnFake on(options);
  for (int i = 0; i < 10; ++i) on.publish("a", std::to_string(i));
  Listener whole(on, 1, request_for("/a", "Last-Event-ID: run12340-6\r\n"));
  Listener part(on, 2, request_for("/a?last=1", "Last-Event-ID: run12340-2\r\n"));
  Listener queried(on, 3, request_for("/a?since=run12340-8&sse=1"));
  Listener other(on, 4, request_for("/a", "Last-Event-ID: of another server\r\n"));
  on.settle();
  on.publish("a", std::string("live"));
  on.settle();
  CHECK(whole.heard() == Texts{"7", "8", "9", "live"});
  CHECK(part.heard() == Texts{R"({"topic":"a","from":"run12340-3","to":"run12340-4","skipped":2})", "5", "6", "7", "8", "9", "live"});
  CHECK(part.reader.events[0].type == "gap");
  CHECK(queried.heard() == Texts{"9", "live"});
  REQUIRE(!other.heard().empty());
  CHECK(other.heard()[0] == R"({"topic":"a","from":null,"to":null,"skipped":null})");
  CHECK(other.heard().back() == "live");
}

TEST_CASE("sse: clients come back after one second to three, each after another time") {
  SessionsOnFake on;
  std::set<std::string> times;
  for (std::uint32_t i = 1; i <= 100; ++i) {
    const std::string retry = retry_of(on, i);
    CHECK(std::stoi(retry) >= 1000);
    CHECK(std::stoi(retry) <= 3000);
    times.insert(retry);
  }
  CHECK(times.size() > 80);
}
