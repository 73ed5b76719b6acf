// Ping frames beside a session protocol's own pings, on the fake kernel: what stands between never sees a minute of silence.
// Owner: the test. Thread: main.
#include "test/native/sim/sessions_on_fake.h"
#include "test/native/doctest_last.h"

using metrics::Metric;
using sim::PusherClient;
using sim::SessionsOnFake;

namespace {

/// The moments, in ms, at which a client that says nothing got ping frames within `for_ms`, and when it got the protocol's own.
struct Heard {
  std::vector<int> frames;
  std::vector<int> texts;
};

/// A connection whose peer answers nothing at all.
struct Silent {
  explicit Silent(SessionsOnFake& engine_on_fake) : on(engine_on_fake), socket(on.kernel.connect(SessionsOnFake::session_port, sim::address_of(9), 64 * 1024)) {
    on.kernel.peer_write(socket, base::bytes_of("GET /app/key HTTP/1.1\r\nHost: sim\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                                                "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"));
    on.settle();
    read();
  }
  std::string read() {
    std::string bytes(4096, '\0');
    bytes.resize(on.kernel.peer_read(socket, {reinterpret_cast<std::uint8_t*>(bytes.data()), bytes.size()}));
    return bytes;
  }
  Heard listen(int for_ms) {
    Heard heard;
    for (int ms = 0; ms < for_ms; ms += 100) {
      on.turn(100);
      const std::string bytes = read();
      if (bytes == std::string("\x89\0", 2)) heard.frames.push_back(ms);
      if (bytes.find("pusher:ping") != std::string::npos) heard.texts.push_back(ms);
    }
    return heard;
  }

  SessionsOnFake& on;
  const int socket;
};

}  // namespace

TEST_CASE("session pings: a frame every pingInterval of silence, until the protocol's own ping decides") {
  SessionsOnFake on;  // 30 s, 120 s and 30 s
  Silent client(on);
  const Heard heard = client.listen(155'000);
  REQUIRE(heard.frames.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) {
    const int since_ms = heard.frames[i] - (i == 0 ? 0 : heard.frames[i - 1]);
    CHECK(since_ms >= 29'900);
    CHECK(since_ms <= 34'000);  // an eighth apart, so that they do not all come at once
  }
  REQUIRE(heard.texts.size() == 1);
  CHECK(heard.texts[0] >= 119'900);
  CHECK(on.stat(Metric::pings_sent) == 4);
  for (int i = 0; i < 20; ++i) on.turn(1000);
  REQUIRE(on.count<shard::SessionEnded>() == 1);  // frames that nobody answered changed nothing
  for (const shard::Event& event : on.events) {
    if (const auto* const ended = std::get_if<shard::SessionEnded>(&event)) CHECK(ended->code == 4201);
  }
}

TEST_CASE("session pings: whoever answers frames is alive, and never asked by the protocol's own") {
  SessionsOnFake on;
  PusherClient& client = on.open();
  for (int i = 0; i < 600; ++i) on.settle(250);
  CHECK(on.stat(Metric::pings_sent) >= 10);
  CHECK(client.application_pings == 0);
  CHECK(client.is_open());
}

TEST_CASE("session pings: no frames where the protocol asks more often") {
  shard::EngineOptions options;
  options.sessions = {20'000, 5'000};
  SessionsOnFake on(options);
  Silent client(on);
  const Heard heard = client.listen(24'000);
  CHECK(heard.frames.empty());
  CHECK(heard.texts.size() == 1);
}
