// gRPC streams on the fake kernel: windows that are full, slow consumers, full logs.
// Owner: the test. Thread: main.
#include "test/native/sim/engine_on_fake.h"
#include "test/native/doctest_last.h"

using metrics::Metric;
using sim::EngineOnFake;
using sim::GrpcClient;

namespace {

shard::EngineOptions with_rule(conn::SlowPolicyId policy, std::uint64_t bytes_behind_max, std::uint32_t age_max_ms) {
  shard::EngineOptions options;
  options.slow_rules = {{"*", policy, {bytes_behind_max, age_max_ms}}};
  return options;
}

/// The shard sleeps until something is due, instead of turning without end.
void check_rests(EngineOnFake& on) {
  const std::int64_t before_ns = on.kernel.now_ns();
  on.engine->shard(0).turn(1000);
  on.engine->shard(0).turn(1000);
  CHECK(on.kernel.now_ns() - before_ns > 100'000'000);
}

std::string numbered(int i) { return std::to_string(i) + std::string(900, 'x'); }

}  // namespace

TEST_CASE("grpc windows: a stream without window waits alone, without a busy loop, and goes on when it grows") {
  EngineOnFake on;
  GrpcClient& client = on.grpc({.stream_window_bytes = 3000});
  client.grows_windows = false;
  client.grow_window(0, 1'000'000);
  const auto full = client.subscribe("t");
  const auto wide = client.subscribe("t");
  client.grow_window(wide, 1'000'000);
  on.settle();
  for (int i = 0; i < 20; ++i) on.publish("t", numbered(i));
  on.settle();
  CHECK(client.streams[wide].messages.size() == 20);
  CHECK(client.streams[full].messages.size() == 3);
  CHECK(client.streams[full].window == 0);
  const std::int64_t writes = on.stat(Metric::writes);
  check_rests(on);
  CHECK(on.stat(Metric::writes) == writes);
  client.grow_window(full, 1'000'000);
  on.settle();
  CHECK(client.streams[full].messages == client.streams[wide].messages);
  CHECK(client.trouble == "");
  CHECK(on.engine->memory().bytes_now() == 0);
}

TEST_CASE("grpc windows: the connection's window holds up all of its streams and nobody else") {
  EngineOnFake on;
  GrpcClient& client = on.grpc();
  GrpcClient& other = on.grpc();
  client.grows_windows = false;
  for (int i = 0; i < 100; ++i) client.subscribe("t");
  const auto elsewhere = other.subscribe("t");
  on.settle();
  on.publish("t", numbered(1));
  on.settle();
  CHECK(client.connection_window == 0);
  CHECK(other.streams[elsewhere].messages.size() == 1);
  check_rests(on);
  // Replies are not held up.
  client.send(h2::ping());
  on.settle();
  CHECK(client.pongs == 1);
  client.grow_window(0, 1'000'000);
  on.settle();
  for (std::uint32_t stream = 1; stream < 200; stream += 2) REQUIRE(client.streams[stream].messages.size() == 1);
  CHECK(client.trouble == "");
}

TEST_CASE("grpc windows: SETTINGS change all of them") {
  EngineOnFake on;
  GrpcClient& client = on.grpc({.stream_window_bytes = 0});
  client.grows_windows = false;
  const auto first = client.subscribe("t");
  const auto second = client.subscribe("t");
  on.settle();
  on.publish("t", std::string("now"));
  on.settle();
  CHECK(client.streams[first].messages.empty());
  client.send(h2::settings({{4, 1000}}));
  client.streams[first].window = client.streams[second].window = 1000;
  on.settle();
  CHECK(client.streams[first].messages.size() == 1);
  CHECK(client.streams[second].messages.size() == 1);
  CHECK(client.trouble == "");
}

TEST_CASE("grpc windows: a stream is reset while its frame is half written") {
  EngineOnFake on;
  GrpcClient& client = on.grpc({.send_buffer_bytes = 2000});
  const auto first = client.subscribe("t");
  const auto second = client.subscribe("t");
  on.settle();
  client.reads = false;
  on.publish("t", std::string(5000, 'x'));
  for (int i = 0; i < 3; ++i) on.turn();
  client.reset(first);
  on.turn();
  client.step();  // its reset is sent; it still does not read
  on.turn();
  CHECK(on.stat(Metric::subscriptions_now) == 1);
  client.reads = true;
  on.settle();
  CHECK(client.streams[first].messages.size() == 1);
  CHECK(client.streams[second].messages.size() == 1);
  CHECK(client.trouble == "");
  CHECK(on.engine->memory().bytes_now() == 0);
}

TEST_CASE("regression: rests of frames whose subscribers are gone do not fill the logs for ever") {
  shard::EngineOptions options;
  options.log_bytes_max = 300 * 1024;
  EngineOnFake on(options);
  for (int i = 0; on.publish("other", std::string("x")) == shard::PublishStatus::ok; ++i) {
    REQUIRE(i < 100);
    GrpcClient& client = on.grpc({.send_buffer_bytes = 2000});
    const std::string topic = "t" + std::to_string(i);
    const auto stream = client.subscribe(topic);
    on.settle();
    client.reads = false;
    on.publish(topic, std::string(15'000, 'x'));
    on.turn();
    client.reset(stream);
    client.step();
    on.turn();
  }
  CHECK(on.stat(Metric::subscriptions_now) == 0);
  for (int i = 0; i < 20; ++i) {
    for (const auto& client : on.grpc_clients) client->grow_window(0, 16);  // they are never silent
    on.publish("other", std::string("x"));
    on.step(200);
  }
  CHECK(on.engine->memory().below_resume(topic::Demand::little));
  CHECK(on.stat(Metric::connections_closed_slow) > 0);
  CHECK(on.publish("other", std::string("x")) == shard::PublishStatus::ok);
}

TEST_CASE("grpc slow: a stream without window is disconnected by the rule, its connection and the other streams go on") {
  EngineOnFake on(with_rule(conn::SlowPolicyId::disconnect, 10'000, 3'600'000));
  GrpcClient& client = on.grpc({.stream_window_bytes = 1500});
  const auto slow = client.subscribe("t");
  const auto good = client.subscribe("t");
  on.settle();
  client.grows_windows = false;
  client.grow_window(0, 1'000'000);
  client.grow_window(good, 1'000'000);
  for (int i = 0; i < 15; ++i) {
    on.publish("t", numbered(i));
    on.settle();
  }
  CHECK(client.streams[slow].status == 8);
  CHECK(client.streams[slow].status_text.find("slow consumer") == 0);
  CHECK(client.streams[slow].messages.size() == 1);
  CHECK(client.streams[good].messages.size() == 15);
  CHECK(!client.is_over());
  CHECK(on.count<shard::Slow>() == 1);
  CHECK(on.stat(Metric::streams_closed_slow) == 1);
  CHECK(on.stat(Metric::connections_closed_slow) == 0);
  CHECK(on.stat(Metric::subscriptions_now) == 1);
  CHECK(on.engine->memory().bytes_now() == 0);
}

TEST_CASE("grpc slow: the age counts for streams without window, also when nothing is published any more") {
  EngineOnFake on(with_rule(conn::SlowPolicyId::disconnect, 1 << 30, 500));
  GrpcClient& client = on.grpc({.stream_window_bytes = 100});
  client.grows_windows = false;
  const auto slow = client.subscribe("t");
  const auto idle = client.subscribe("quiet");
  on.settle();
  on.publish("t", numbered(0));
  on.settle();
  for (int i = 0; i < 9; ++i) on.step(50);
  CHECK(!client.streams[slow].status);
  for (int i = 0; i < 10; ++i) on.step(50);
  CHECK(client.streams[slow].status == 8);
  CHECK(!client.streams[idle].status);
}

TEST_CASE("grpc slow: many streams that nobody reads end one by one, each counted") {
  EngineOnFake on(with_rule(conn::SlowPolicyId::disconnect, 20'000, 3'600'000));
  GrpcClient& client = on.grpc({.send_buffer_bytes = 4000});
  for (int i = 0; i < 50; ++i) client.subscribe("t");
  GrpcClient& other = on.grpc();
  const auto elsewhere = other.subscribe("t");
  on.settle();
  client.reads = false;
  for (int i = 0; i < 40; ++i) {
    on.publish("t", numbered(i));
    on.settle();
  }
  CHECK(on.stat(Metric::subscriptions_now) == 1);
  CHECK(on.stat(Metric::streams_closed_slow) == 50);
  CHECK(other.streams[elsewhere].messages.size() == 40);
  client.reads = true;
  on.settle();
  CHECK(client.trouble == "");
  for (std::uint32_t stream = 1; stream < 100; stream += 2) CHECK(client.streams[stream].status == 8);
  CHECK(on.engine->memory().bytes_now() == 0);
}

TEST_CASE("grpc slow: latest skips at a message's boundary") {
  EngineOnFake on(with_rule(conn::SlowPolicyId::latest, 5000, 3'600'000));
  GrpcClient& client = on.grpc({.stream_window_bytes = 10'000});
  client.grows_windows = false;
  // A window that ends with a message: each is 5 bytes of prefix, 3 of field head, and its text.
  const auto stream = client.subscribe("t");
  on.settle();
  const std::string text(1000 - 8, 'x');
  for (int i = 0; i < 20; ++i) {
    on.publish("t", text);
    on.settle();
  }
  on.publish("t", std::string("the latest"));
  on.settle();
  CHECK(client.streams[stream].messages.size() == 10);
  client.grow_window(0, 1'000'000);
  client.grow_window(stream, 1'000'000);
  on.settle();
  CHECK(!client.streams[stream].status);
  CHECK(client.streams[stream].messages.back().second == "the latest");
  CHECK(on.stat(Metric::publications_skipped) == 21 - static_cast<std::int64_t>(client.streams[stream].messages.size()));
  CHECK(on.stat(Metric::publications_skipped) > 0);
  CHECK(client.trouble == "");
}

TEST_CASE("regression: latest sends the newest message that gRPC can say, also when bytes came behind it") {
  EngineOnFake on(with_rule(conn::SlowPolicyId::latest, 5000, 3'600'000));
  GrpcClient& client = on.grpc({.stream_window_bytes = 10'000});
  client.grows_windows = false;
  const auto stream = client.subscribe("t");
  on.settle();
  for (int i = 0; i < 15; ++i) {
    on.publish("t", std::string(1000 - 8, 'x'));
    on.settle();
  }
  on.publish("t", std::string("the latest"));
  on.publish_binary("t", "\xFF");
  on.settle();
  client.grow_window(0, 1'000'000);
  client.grow_window(stream, 1'000'000);
  on.settle();
  CHECK(client.streams[stream].messages.back().second == "the latest");
  CHECK(on.stat(Metric::publications_skipped) > 0);
}

TEST_CASE("grpc slow: within a message nothing can be skipped, the stream ends") {
  EngineOnFake on(with_rule(conn::SlowPolicyId::latest, 5000, 3'600'000));
  GrpcClient& client = on.grpc({.stream_window_bytes = 1500});
  client.grows_windows = false;
  const auto stream = client.subscribe("t");
  on.settle();
  for (int i = 0; i < 10; ++i) on.publish("t", numbered(i));
  for (int i = 0; i < 5; ++i) on.step(50);
  on.settle();
  CHECK(client.streams[stream].status == 8);
  CHECK(on.stat(Metric::streams_closed_slow) == 1);
}

TEST_CASE("grpc: while the logs are full publishers rest within their window, and the subscribers beside them go on") {
  shard::EngineOptions options = with_rule(conn::SlowPolicyId::disconnect, 1 << 30, 3'600'000);
  options.log_bytes_max = 200 * 1024;
  EngineOnFake on(options);
  GrpcClient& client = on.grpc();
  client.grows_windows = false;
  const auto subscriber = client.subscribe("t");
  const auto publisher = client.begin_publish("t");
  on.settle();
  int sent = 0;
  for (; sent < 300; ++sent) client.publish(publisher, sent, std::string(1000, 'x'));
  on.settle();
  CHECK(on.stat(Metric::publishers_paused) == 1);
  client.grows_windows = true;
  client.grow_window(0, 500'000);
  client.grow_window(subscriber, 500'000);
  on.settle();
  CHECK(client.streams[subscriber].messages.size() == 300);
  CHECK(on.engine->memory().bytes_now() == 0);
  // Its credit is granted again: more than a whole window of the connection comes through.
  for (; sent < 3000; ++sent) client.publish(publisher, sent, std::string(1000, 'x'));
  for (int i = 0; i < 20; ++i) on.settle(5);
  CHECK(client.streams[subscriber].messages.size() == 3000);
  CHECK(client.trouble == "");
}
