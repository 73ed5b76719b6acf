// Peers that go on sending after their connection's close has begun, on the fake kernel.
// Owner: the test. Thread: main.
#include "test/native/sim/engine_on_fake.h"
#include "test/native/doctest_last.h"

using metrics::Metric;
using sim::Client;
using sim::EngineOnFake;
using wire::operator+;

namespace {

constexpr std::int64_t mebibyte = 1 << 20;

/// Sends for ten times the bound, within the time for the close; returns what was read of it.
std::int64_t flood(EngineOnFake& on, int socket, const std::string& bytes) {
  const std::int64_t before = on.stat(Metric::bytes_received);
  for (std::int64_t sent = 0; sent < 40 * mebibyte && !on.kernel.was_reset(socket);) {
    sent += static_cast<std::int64_t>(on.kernel.peer_write(socket, base::bytes_of(bytes)));
    on.turn();
  }
  return on.stat(Metric::bytes_received) - before;
}

}  // namespace

TEST_CASE("after close: who does not stop at it is cut, after as much as may have been on its way") {
  EngineOnFake on;
  Client& client = on.publisher("/t");
  on.settle();
  client.send_message("x");
  on.settle();
  on.kernel.peer_write(client.socket(), base::bytes_of(std::string("\x83\x80\0\0\0\0", 6)));  // an opcode that is not
  on.turn();
  REQUIRE(on.stat(Metric::protocol_errors) == 1);
  const std::int64_t read = flood(on, client.socket(), std::string(60'000, 'x'));
  CHECK(read > 4 * mebibyte);
  CHECK(read <= 5 * mebibyte);
  CHECK(on.stat(Metric::connections_cut_flooding) == 1);
  CHECK(on.stat(Metric::connections_now) == 0);
}

TEST_CASE("after close: frames that are understood have the same bound") {
  EngineOnFake on;
  Client& client = on.publisher("/t");
  on.settle();
  on.engine->drain(5000);
  for (int i = 0; i < 50; ++i) on.turn(5);
  std::string frames;
  for (int i = 0; i < 1000; ++i) frames += std::string("\x82\xB2\0\0\0\0", 6) + std::string(50, 'x');
  const std::int64_t read = flood(on, client.socket(), frames);
  CHECK(read > 4 * mebibyte);
  CHECK(read <= 5 * mebibyte);
  CHECK(on.stat(Metric::connections_cut_flooding) == 1);
}

TEST_CASE("after close: gRPC connections too, behind their GOAWAY") {
  EngineOnFake on;
  sim::GrpcClient& client = on.grpc();
  on.settle();
  client.send(h2::frame(0xFF, 0, 0, {}) + h2::data(1, h2::Wire(10, 0)));  // DATA on a stream that is idle
  client.step();
  on.turn();
  REQUIRE(on.stat(Metric::protocol_errors) == 1);
  const std::int64_t read = flood(on, client.socket(), std::string(60'000, 'x'));
  CHECK(read > 4 * mebibyte);
  CHECK(read <= 5 * mebibyte);
  CHECK(on.stat(Metric::connections_cut_flooding) == 1);
  CHECK(on.stat(Metric::connections_now) == 0);
}

TEST_CASE("after close: what was on its way is read, and the close frame arrives") {
  EngineOnFake on;
  Client& client = on.publisher("/t");
  on.settle();
  on.kernel.peer_write(client.socket(), base::bytes_of(std::string("\x83\x80\0\0\0\0", 6)));
  on.turn();
  for (std::int64_t sent = 0; sent < 3 * mebibyte;) {
    sent += static_cast<std::int64_t>(on.kernel.peer_write(client.socket(), base::bytes_of(std::string(60'000, 'x'))));
    on.turn();
  }
  on.settle();
  CHECK(client.close_code == 1002);
  CHECK(on.stat(Metric::connections_cut_flooding) == 0);
}
