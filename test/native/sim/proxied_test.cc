// Connections that come through trusted proxies, on the fake kernel: PROXY headers on every protocol, X-Forwarded-For in handshakes, and
// whom the limit by address counts.
// Owner: the test. Thread: main.
#include <array>
#include <memory>
#include <string>
#include <vector>

#include "native/shard/engine.h"
#include "test/native/codec/http2/http2_wire.h"
#include "test/native/sim/client.h"
#include "test/native/sim/told.h"
#include "test/native/doctest_last.h"

using codec::ProtocolId;
using wire::operator+;
using metrics::Metric;

namespace {

constexpr std::uint16_t publish_port = 8001, subscribe_port = 8002, pusher_port = 8003, grpc_port = 8004, raw_port = 8005;
constexpr std::uint16_t http_ports[] = {publish_port, subscribe_port, pusher_port};
constexpr std::uint16_t all_ports[] = {publish_port, subscribe_port, pusher_port, grpc_port, raw_port};
const std::string path = "/run/broker.sock";
const std::string proxy = "10.0.0.1";  // of the trusted 10.0.0.0/8
const std::string from_client = "PROXY TCP4 203.0.113.7 192.0.2.1 4711 443\r\n";
const std::string local = std::string("\r\n\r\n\0\r\nQUIT\n\x20\0\0\0", 16);

std::string upgrade(const std::string& lines = "") {
  return "GET /topic HTTP/1.1\r\nHost: sim\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
         "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" + lines + "\r\n";
}

enum class Header : bool { none, required };

/// An engine that listens for every protocol, with the test as its control plane.
class Proxied final : private shard::EventSink {
 public:
  explicit Proxied(Header header, shard::EngineOptions options = {}) : kernel(1) {
    const bool required = header == Header::required;
    const auto at = [](std::uint16_t port) { return *os::Address::parse("127.0.0.1", port); };
    options.listeners = {{ProtocolId::websocket_publish, at(publish_port), false, {}, required}, {ProtocolId::websocket_subscribe, at(subscribe_port), false, {}, required},
                         {ProtocolId::pusher, at(pusher_port), false, {}, required},             {ProtocolId::grpc, at(grpc_port), false, {}, required},
                         {ProtocolId::responder_raw, at(raw_port), false, {}, required},         {ProtocolId::responder_raw, *os::Endpoint::parse("unix:" + path, 0), false, {}, required}};
    REQUIRE(options.proxies.trusted.add("10.0.0.0/8"));
    REQUIRE(options.proxies.trusted.add("unix"));
    shard::StartError error;
    engine = shard::Engine::start(std::move(options), kernel, *this, error);
    REQUIRE(engine != nullptr);
    engine->set_connection_events(true);
  }

  int connect(std::uint16_t port, const std::string& address = proxy) { return kernel.connect(port, *os::Address::parse(address, 5000), 64 * 1024); }
  int say(int socket, const std::string& bytes) {
    CHECK(kernel.peer_write(socket, base::bytes_of(bytes)) == bytes.size());
    settle();
    return socket;
  }
  void settle(std::int64_t ms = 0) {
    for (int i = 0; i < 6; ++i) {
      kernel.advance_ns(ms * 1'000'000);
      for (unsigned each = 0; each < engine->shards(); ++each) engine->shard(each).turn(0);
    }
  }
  std::string read(int socket) {
    std::string all;
    std::array<std::uint8_t, 10'000> buffer;
    while (const std::size_t count = kernel.peer_read(socket, buffer)) all += base::text_of(base::Bytes(buffer).first(count));
    return all;
  }
  /// The status of an HTTP answer and its body's line.
  std::string answer(int socket) {
    const std::string text = read(socket);
    const std::size_t body = text.find("\r\n\r\n");
    if (!text.starts_with("HTTP/1.1 ") || body == std::string::npos) return text;
    const std::string line = text.substr(body + 4);
    return text.substr(9, 3) + (line.empty() || text.substr(9, 3) == "101" ? "" : ' ' + line.substr(0, line.size() - 1));
  }
  std::int64_t stat(Metric metric) const { return engine->stats()[static_cast<std::size_t>(metric)]; }
  template <typename Kind>
  std::vector<std::string> peers() const {
    std::vector<std::string> found;
    for (const shard::Event& event : events) {
      if (const auto* const each = std::get_if<Kind>(&event)) found.push_back(each->peer);
    }
    return found;
  }
  /// Of the last event that told one.
  std::string last_peer() const {
    for (auto event = events.rbegin(); event != events.rend(); ++event) {
      if (!sim::peer_of(*event).empty()) return sim::peer_of(*event);
    }
    return "";
  }

  sim::FakeKernel kernel;
  std::vector<shard::Event> events;
  std::unique_ptr<shard::Engine> engine;

 private:
  bool post(shard::Event&& event) override {
    events.push_back(std::move(event));
    return true;
  }
  bool congested() const override { return false; }
};

/// What a client of each protocol says first, and what is answered to it first.
std::string hello(std::uint16_t port) {
  if (port == raw_port) return "hola";
  if (port != grpc_port) return upgrade();
  const h2::Wire wire = h2::preface() + h2::settings_ack();
  return std::string(wire.begin(), wire.end());
}
std::string welcome(std::uint16_t port) { return port == raw_port ? "respuesta" : port == grpc_port ? std::string("\0\0", 2) : "HTTP/1.1 101 "; }

shard::EngineOptions one_each() {
  shard::EngineOptions options;
  options.connections_per_address_max = 1;
  return options;
}

const std::string no_header = "400 a PROXY header must come first from this address (proxyProtocol)";

}  // namespace

TEST_CASE("PROXY header: every protocol serves what stands behind it, and knows the client by it") {
  for (const std::uint16_t port : all_ports) {
    CAPTURE(port);
    Proxied on(Header::required);
    const int client = on.say(on.connect(port), from_client + hello(port));
    CHECK(on.read(client).starts_with(welcome(port)));
    CHECK(on.peers<shard::Connected>() == std::vector<std::string>{"203.0.113.7:4711"});
    on.kernel.peer_close(client);
    on.settle();
    CHECK(on.peers<shard::Disconnected>() == std::vector<std::string>{"203.0.113.7:4711"});
    CHECK(on.engine->received_bytes() == 0);
  }
}

TEST_CASE("PROXY header: however the bytes are cut") {
  for (const std::uint16_t port : all_ports) {
    const std::string all = from_client + hello(port);
    for (std::size_t cut = 1; cut < all.size(); ++cut) {
      CAPTURE(port);
      CAPTURE(cut);
      Proxied on(Header::required);
      const int client = on.say(on.say(on.connect(port), all.substr(0, cut)), all.substr(cut));
      CHECK(on.read(client).starts_with(port == raw_port ? "respuesta" : welcome(port)));
      CHECK(on.last_peer() == "203.0.113.7:4711");
    }
    Proxied on(Header::required);
    const int client = on.connect(port);
    for (const char byte : from_client) on.say(client, std::string(1, byte));
    CHECK(on.engine->received_bytes() == 0);
    CHECK(on.read(on.say(client, hello(port))).starts_with(welcome(port)));
  }
}

TEST_CASE("PROXY header: gRPC says its settings when the header has come, not before, and not only when its client speaks") {
  Proxied on(Header::required);
  const int client = on.connect(grpc_port);
  on.settle();
  CHECK(on.read(client).empty());
  on.say(client, from_client);
  CHECK(on.read(client).starts_with(std::string("\0\0", 2)));
}

TEST_CASE("PROXY header: a trusted proxy without one is refused") {
  for (const std::uint16_t port : all_ports) {
    CAPTURE(port);
    for (const std::string& wrong : {hello(port), std::string("PROXY TCP4 203.0.113.7 192.0.2.1 4711\r\n"), std::string("PROXY TCP9\r\n") + hello(port)}) {
      Proxied on(Header::required);
      const int client = on.say(on.connect(port), wrong);
      const bool speaks_http = port < grpc_port;
      if (speaks_http && wrong == hello(port)) CHECK(on.answer(client) == no_header);
      else if (speaks_http) CHECK(on.answer(client).starts_with("400 the PROXY header"));
      else CHECK(on.read(client).empty());
      on.kernel.peer_close(client);
      on.settle();
      CHECK(on.stat(Metric::handshakes_refused) == 1);
      CHECK(on.stat(Metric::connections_now) == 0);
      CHECK(on.peers<shard::Connected>().empty());
      REQUIRE(on.events.size() == 1);
      CHECK(std::get<shard::Warning>(on.events.front()).message.find("from 10.0.0.1:5000: ") != std::string::npos);
    }
  }
}

TEST_CASE("PROXY header: nobody else's is believed") {
  for (const std::uint16_t port : http_ports) {
    for (const Header header : {Header::none, Header::required}) {
      Proxied on(header);
      CHECK(on.answer(on.say(on.connect(port, "198.51.100.1"), upgrade())) == "101");
      CHECK(on.last_peer() == "198.51.100.1:5000");
      CHECK(on.answer(on.say(on.connect(port, "198.51.100.2"), from_client + upgrade())).starts_with("400 "));
    }
    Proxied off(Header::none);
    CHECK(off.answer(off.say(off.connect(port), from_client + upgrade())).starts_with("400 "));
  }
}

TEST_CASE("PROXY header: it has the handshake's time, and no more") {
  for (const std::uint16_t port : all_ports) {
    CAPTURE(port);
    for (const std::string& start : {std::string(), from_client.substr(0, 20)}) {
      Proxied on(Header::required);
      const int client = on.connect(port);
      on.say(client, start);
      for (int i = 0; i < 9; ++i) on.settle(160);
      CHECK(on.read(client).empty());
      CHECK(on.stat(Metric::handshakes_refused) == 0);
      for (int i = 0; i < 3; ++i) on.settle(200);
      CHECK(on.answer(client) == (port < grpc_port ? "408 the PROXY header took too long" : ""));
      CHECK(on.stat(Metric::handshakes_refused) == 1);
      on.kernel.peer_close(client);
      on.settle();
      CHECK(on.stat(Metric::connections_now) == 0);
    }
  }
}

TEST_CASE("PROXY header: a proxy that speaks for itself stays who it is, and is not counted") {
  Proxied on(Header::required, one_each());
  for (int i = 0; i < 50; ++i) {
    for (const std::string& itself : {local, std::string("PROXY UNKNOWN\r\n")}) {
      CHECK(on.answer(on.say(on.connect(subscribe_port), itself + upgrade())) == "101");
      CHECK(on.last_peer() == "10.0.0.1:5000");
    }
  }
}

TEST_CASE("PROXY header: on a Unix socket too, with replies that wait for a slow reader") {
  Proxied on(Header::required);
  const int client = on.kernel.connect(path, 8);
  on.say(client, from_client + "a");
  CHECK(on.last_peer() == "203.0.113.7:4711");
  std::string all;
  for (int i = 0; i < 10; ++i) {
    all += on.read(client);
    on.settle();
  }
  CHECK(all == "respuesta");
}

TEST_CASE("limits by address: the client is counted, not its proxy, from the header on and once") {
  for (const std::uint16_t port : all_ports) {
    CAPTURE(port);
    for (const unsigned shards : {1u, 3u}) {
      shard::EngineOptions options = one_each();
      options.shards = shards;
      Proxied on(Header::required, options);
      for (int i = 0; i < 40; ++i) on.connect(port);  // proxies that have said nothing yet
      on.settle();
      CHECK(on.stat(Metric::connections_refused) == 0);
      const int first = on.say(on.connect(port), from_client + hello(port));
      CHECK(on.read(first).starts_with(welcome(port)));
      const int second = on.say(on.connect(port), from_client + hello(port));
      const std::string refusal = on.read(second);
      CHECK((refusal.find("too many connections") != std::string::npos) == (port != raw_port));
      if (port == raw_port) CHECK(refusal.empty());
      CHECK(on.stat(Metric::connections_refused) == 1);
      on.kernel.peer_close(second);
      on.kernel.peer_close(first);
      on.settle(6000);
      const int third = on.say(on.connect(port), from_client + hello(port));
      CHECK(on.read(third).starts_with(welcome(port)));
      CHECK(on.stat(Metric::connections_refused) == 1);
    }
  }
}

TEST_CASE("limits by address: refusals are told as without a proxy, to 32 of an address, and the others end without a word") {
  Proxied on(Header::required, one_each());
  const int first = on.say(on.connect(subscribe_port), from_client + upgrade());
  CHECK(on.answer(first) == "101");
  std::vector<int> refused;
  for (int i = 0; i < 32; ++i) refused.push_back(on.say(on.connect(subscribe_port), from_client));
  const int beyond = on.say(on.connect(subscribe_port), from_client + upgrade());
  CHECK(on.read(beyond).empty());
  CHECK(on.stat(Metric::connections_refused) == 33);
  CHECK(on.stat(Metric::connections_now) == 33);
  for (const int each : refused) CHECK(on.answer(on.say(each, upgrade())) == "503 too many connections");
  CHECK(on.answer(on.say(on.connect(subscribe_port), "PROXY TCP4 203.0.113.8 192.0.2.1 1 2\r\n" + upgrade())) == "101");
}

TEST_CASE("X-Forwarded-For: a handshake from a trusted proxy is its client's, and counted as such") {
  for (const std::uint16_t port : http_ports) {
    CAPTURE(port);
    for (const unsigned shards : {1u, 3u}) {
      shard::EngineOptions options = one_each();
      options.shards = shards;
      Proxied on(Header::none, options);
      const int first = on.say(on.connect(port), upgrade("X-Forwarded-For: 198.51.100.1, 203.0.113.7\r\nX-Forwarded-For: 10.9.9.9\r\n"));
      CHECK(on.answer(first) == "101");
      CHECK(on.last_peer() == "203.0.113.7");
      CHECK(on.answer(on.say(on.connect(port), upgrade("X-Forwarded-For: 203.0.113.7\r\n"))) == "503 too many connections");
      CHECK(on.answer(on.say(on.connect(port), upgrade("X-Forwarded-For: 203.0.113.8\r\n"))) == "101");
      CHECK(on.answer(on.say(on.connect(port, "203.0.113.8"), upgrade())) == "503 too many connections");  // the same account
      on.kernel.peer_close(first);
      on.settle(6000);
      CHECK(on.answer(on.say(on.connect(port), upgrade("X-Forwarded-For: 203.0.113.7\r\n"))) == "101");
    }
  }
}

TEST_CASE("X-Forwarded-For: from anybody else it is a header like any other, and so is Forwarded") {
  Proxied on(Header::none, one_each());
  CHECK(on.answer(on.say(on.connect(subscribe_port, "198.51.100.1"), upgrade("X-Forwarded-For: 203.0.113.7\r\n"))) == "101");
  CHECK(on.last_peer() == "198.51.100.1:5000");
  CHECK(on.answer(on.say(on.connect(subscribe_port), upgrade("Forwarded: for=203.0.113.7\r\n"))) == "101");
  CHECK(on.last_peer() == "10.0.0.1:5000");
}

TEST_CASE("X-Forwarded-For: where a PROXY header has told, only of a client that is a trusted proxy itself") {
  Proxied on(Header::required);
  on.say(on.connect(subscribe_port), from_client + upgrade("X-Forwarded-For: 198.51.100.1\r\n"));
  CHECK(on.last_peer() == "203.0.113.7:4711");
  on.say(on.connect(subscribe_port), "PROXY TCP4 10.2.2.2 192.0.2.1 4711 443\r\n" + upgrade("X-Forwarded-For: 198.51.100.1\r\n"));
  CHECK(on.last_peer() == "198.51.100.1");
}

TEST_CASE("proxies: a plain HTTP request is handed over without the PROXY header, and its head is the receiver's to read") {
  const std::string request = "GET /apps HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 198.51.100.1\r\n\r\n";
  for (const Header header : {Header::none, Header::required}) {
    Proxied on(header, one_each());
    for (int i = 0; i < 3; ++i) {
      on.say(on.connect(pusher_port), (header == Header::required ? from_client : "") + request);
      REQUIRE(on.events.size() == static_cast<std::size_t>(i + 1));
      REQUIRE(sim::is<shard::HttpConnection>(on.events.back()));
      CHECK(std::get<shard::HttpConnection>(on.events.back()).head == request);
      CHECK(sim::peer_of(on.events.back()) == (header == Header::required ? "203.0.113.7:4711" : "10.0.0.1:5000"));
    }
  }
}

TEST_CASE("proxies: on a connection that they keep, the client is whose upgrade it is, and one before it counts for nothing") {
  for (const std::uint16_t port : {publish_port, subscribe_port}) {
    Proxied on(Header::none, one_each());
    const int kept = on.say(on.connect(port), "GET / HTTP/1.1\r\nHost: sim\r\nX-Forwarded-For: 203.0.113.7\r\n\r\n");
    CHECK(on.read(kept).starts_with("HTTP/1.1 426 "));
    on.say(kept, upgrade("X-Forwarded-For: 203.0.113.8\r\n"));
    CHECK(on.read(kept).starts_with("HTTP/1.1 101 "));
    CHECK(on.last_peer() == "203.0.113.8");
    CHECK(on.answer(on.say(on.connect(port), upgrade("X-Forwarded-For: 203.0.113.7\r\n"))) == "101");
    CHECK(on.answer(on.say(on.connect(port), upgrade("X-Forwarded-For: 203.0.113.8\r\n"))) == "503 too many connections");
  }
}

TEST_CASE("proxies: a connection that is given back is its client's, without another PROXY header") {
  const std::string request = "GET /apps HTTP/1.1\r\nHost: a\r\n\r\n";
  for (const Header header : {Header::none, Header::required}) {
    Proxied on(header, one_each());
    const auto return_one = [&](const std::string& lines) {
      const int client = on.say(on.connect(pusher_port), (header == Header::required ? from_client : "") + request);
      REQUIRE(sim::is<shard::HttpConnection>(on.events.back()));
      const auto event = std::get<shard::HttpConnection>(on.events.back());
      REQUIRE(on.engine->take_back(event.fd, event.listener, *os::Address::parse_text(event.peer), upgrade(lines)));
      on.settle();
      return client;
    };
    const std::string told = header == Header::required ? "203.0.113.7:4711" : "203.0.113.7";
    CHECK(on.answer(return_one("X-Forwarded-For: 203.0.113.7\r\n")) == "101");
    CHECK(on.last_peer() == told);
    if (header == Header::none) CHECK(on.answer(return_one("X-Forwarded-For: 203.0.113.7\r\n")) == "503 too many connections");
    else CHECK(on.answer(on.say(on.connect(pusher_port), from_client + request)) == "503 too many connections");
  }
}

TEST_CASE("proxies: a drain ends who has not said its header yet") {
  Proxied on(Header::required);
  for (const std::uint16_t port : all_ports) on.say(on.connect(port), "PROXY");
  on.engine->drain(1000);
  for (int i = 0; i < 3; ++i) on.settle(1000);
  CHECK(on.stat(Metric::connections_now) == 0);
  CHECK(sim::is<shard::Drained>(on.events.back()));
}
