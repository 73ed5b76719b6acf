// gRPC connections on the fake kernel: what all of them may have and keep together, and who ends when it is too much.
// Owner: the test. Thread: main.
#include "test/native/sim/engine_on_fake.h"
#include "test/native/doctest_last.h"

using metrics::Metric;
using sim::EngineOnFake;
using sim::GrpcClient;
using wire::operator+;

namespace {

/// A publisher's message of that length, of which the last byte has not come.
h2::Wire half_message(std::uint32_t stream, std::uint32_t bytes) {
  h2::Wire content = h2::Wire{0} + h2::u32(bytes) + h2::Wire(bytes - 1, 0);
  h2::Wire frames = h2::call(stream, h2::publish_path);
  for (std::size_t at = 0; at < content.size(); at += 16'384) {
    frames = frames + h2::data(stream, h2::Wire(content.begin() + static_cast<std::ptrdiff_t>(at),
                                                content.begin() + static_cast<std::ptrdiff_t>(std::min(content.size(), at + 16'384))));
  }
  return frames;
}

}  // namespace

TEST_CASE("grpc limits: streams of all connections together; what ends makes room") {
  shard::EngineOptions options;
  options.streams_max = 3;
  EngineOnFake on(options);
  GrpcClient& first = on.grpc();
  const auto leaves = first.subscribe("t");
  first.subscribe("t");
  on.settle();
  GrpcClient& second = on.grpc();
  const auto third = second.subscribe("t");
  const auto refused = second.begin_publish("t");
  const auto refused_too = second.subscribe("t");
  on.settle();
  CHECK(!second.streams[third].status);
  CHECK(second.streams[refused].status == 14);
  CHECK(second.streams[refused_too].status == 14);
  CHECK(second.streams[refused_too].status_text == "too many streams");
  CHECK(on.stat(Metric::streams_now) == 3);
  CHECK(on.stat(Metric::streams_refused) == 2);
  first.reset(leaves);
  on.settle();
  CHECK(on.stat(Metric::streams_cancelled) == 1);
  const auto fits = second.subscribe("t");
  on.settle();
  CHECK(!second.streams[fits].status);
  first.vanish();
  on.settle();
  CHECK(on.stat(Metric::streams_now) == 2);
  second.vanish();
  on.settle();
  CHECK(on.stat(Metric::streams_now) == 0);
}

TEST_CASE("regression: who has all the streams there may be does not keep others out") {
  shard::EngineOptions options;
  options.streams_max = 100;
  EngineOnFake on(options);
  GrpcClient& hog = on.grpc();
  for (int i = 0; i < 100; ++i) hog.begin_publish("t");
  on.settle();
  GrpcClient& other = on.grpc();
  on.settle();
  const auto admitted = other.subscribe("t");
  const auto refused = hog.begin_publish("t");
  on.settle();
  CHECK(!other.streams[admitted].status);
  CHECK(hog.streams[refused].status == 14);
}

TEST_CASE("grpc limits: half messages of all connections together; who has more than its part ends, the others go on") {
  shard::EngineOptions options;
  options.stream_bytes_max = 200'000;
  EngineOnFake on(options);
  GrpcClient& good = on.grpc();
  const auto stream = good.subscribe("t");
  good.send(half_message(1001, 1000));
  on.settle();
  CHECK(on.engine->stream_bytes() >= 1000);
  for (int i = 0; i < 6; ++i) on.grpc().send(half_message(1, 60'000));
  on.settle();
  CHECK(on.engine->stream_bytes() <= 200'000);
  int ended = 0;
  for (const auto& client : on.grpc_clients) {
    if (!client->goaway) continue;
    ++ended;
    CHECK(client->goaway->code == 11);
    CHECK(client->goaway->text == "the server is out of buffers");
  }
  CHECK(ended == 3);
  CHECK(!good.goaway);
  on.publish("t", std::string("x"));
  on.settle();
  CHECK(good.streams[stream].messages.size() == 1);
  for (const auto& client : on.grpc_clients) client->vanish();
  on.settle();
  CHECK(on.engine->stream_bytes() == 0);
  CHECK(on.stat(Metric::connections_now) == 0);
}

TEST_CASE("grpc limits: answers that one connection does not read end their calls, its other streams go on") {
  EngineOnFake on;
  GrpcClient& client = on.grpc({.stream_window_bytes = 0});
  client.grows_windows = false;
  const auto stream = client.subscribe("t");
  for (std::uint32_t i = 0; i < 3000; ++i) {
    client.send(h2::call(1001 + 2 * i, "/grpc.health.v1.Health/Check") + h2::end_data(1001 + 2 * i, h2::grpc({})));
    if (i % 100 == 0) on.settle();
  }
  on.settle();
  CHECK(on.engine->stream_bytes() == 3000 * 7);
  CHECK(!client.streams[stream].status);
  CHECK(client.trouble == "");
}

TEST_CASE("grpc limits: many who publish beside a subscriber that stands still cannot overfill the logs") {
  shard::EngineOptions options;
  options.log_bytes_max = 1 << 20;
  options.slow_rules = {{"*", conn::SlowPolicyId::disconnect, {1 << 30, 3'600'000}}};
  options.connections_max = options.connections_per_address_max = 100;
  EngineOnFake on(options);
  std::vector<std::uint32_t> publishers;
  for (int i = 0; i < 12; ++i) {
    GrpcClient& client = on.grpc({.stream_window_bytes = 0});
    client.subscribe("t");
    publishers.push_back(client.begin_publish("t"));
  }
  on.settle();
  for (int i = 0; i < 1000; ++i) {
    for (std::size_t k = 0; k < publishers.size(); ++k) on.grpc_clients[k]->publish(publishers[k], 1, std::string(1000, 'x'));
    if (i % 20 == 0) on.settle();
  }
  on.settle();
  CHECK(on.engine->memory().bytes_now() < (6u << 20));
  int refused = 0;
  for (std::size_t k = 0; k < publishers.size(); ++k) {
    const sim::GrpcStream& stream = on.grpc_clients[k]->streams[publishers[k]];
    if (!stream.status) continue;
    ++refused;
    CHECK(stream.status == 14);
    CHECK(stream.status_text == "the logs are full");
  }
  CHECK(refused > 0);
}
