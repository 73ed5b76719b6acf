// gRPC connections on the fake kernel: how they end, by whom, and what is said then.
// Owner: the test. Thread: main.
#include "test/native/sim/engine_on_fake.h"
#include "test/native/doctest_last.h"

using metrics::Metric;
using sim::EngineOnFake;
using sim::GrpcClient;
using wire::operator+;

namespace {

void drain(EngineOnFake& on) {
  on.engine->drain(2000);
  for (int i = 0; i < 600 && on.count<shard::Drained>() == 0; ++i) on.settle(5);
}

}  // namespace

TEST_CASE("grpc ends: malformed bytes are answered with GOAWAY, then the connection is closed") {
  EngineOnFake on;
  GrpcClient& client = on.grpc();
  GrpcClient& other = on.grpc();
  const auto stream = client.subscribe("t");
  const auto elsewhere = other.subscribe("t");
  on.settle();
  client.send(h2::frame(codec::FrameType::push_promise, 0, 1, h2::u32(2)));
  on.settle();
  REQUIRE(client.goaway);
  CHECK(client.goaway->code == 1);
  CHECK(client.is_over());
  CHECK(client.trouble == "");
  CHECK(on.stat(Metric::protocol_errors) == 1);
  CHECK(on.stat(Metric::subscriptions_now) == 1);
  on.publish("t", std::string("x"));
  on.settle();
  CHECK(client.streams[stream].messages.empty());
  CHECK(other.streams[elsewhere].messages.size() == 1);
  on.settle(100);
  CHECK(on.stat(Metric::connections_now) == 1);
}

TEST_CASE("grpc ends: who does not speak HTTP/2 is told so") {
  EngineOnFake on;
  const int socket = on.kernel.connect(EngineOnFake::grpc_port, sim::address_of(9), 64 * 1024);
  on.kernel.peer_write(socket, base::bytes_of("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
  for (int i = 0; i < 5; ++i) on.turn();
  std::vector<std::uint8_t> bytes(1000);
  bytes.resize(on.kernel.peer_read(socket, bytes));
  CHECK(base::text_of(bytes).find("prior knowledge") != std::string_view::npos);
  CHECK(on.kernel.peer_at_end(socket));
}

TEST_CASE("grpc ends: a preface that does not come in time, or a header block that does not end") {
  shard::EngineOptions options;
  options.handshake_ms = 1000;
  EngineOnFake on(options);
  GrpcClient& half = on.grpc();
  on.settle();
  half.send(h2::headers(1, h2::block(h2::call_fields(h2::subscribe_path)), 0));
  const int silent = on.kernel.connect(EngineOnFake::grpc_port, sim::address_of(9), 64 * 1024);
  GrpcClient& good = on.grpc();
  const auto stream = good.subscribe("t");
  on.settle();
  for (int i = 0; i < 18; ++i) on.step(50);
  CHECK(!half.goaway);
  CHECK(!on.kernel.peer_at_end(silent));
  for (int i = 0; i < 10; ++i) on.step(50);
  REQUIRE(half.goaway);
  CHECK(half.goaway->text == "a request took too long");
  std::vector<std::uint8_t> bytes(1000);
  on.kernel.peer_read(silent, bytes);
  CHECK(on.kernel.peer_at_end(silent));
  CHECK(!good.is_over());
  CHECK(!good.streams[stream].status);
}

TEST_CASE("grpc ends: an idle peer is pinged, and let go of when it does not answer") {
  shard::EngineOptions options;
  options.idle = {1000, 500};
  EngineOnFake on(options);
  GrpcClient& answers = on.grpc();
  GrpcClient& silent = on.grpc();
  on.settle();
  silent.reads = false;
  for (int i = 0; i < 40; ++i) on.settle(100);
  CHECK(answers.pings >= 2);
  CHECK(!answers.is_over());
  CHECK(on.stat(Metric::connections_now) == 1);
}

TEST_CASE("regression: a slow reader that is silent is asked for a sign of life before it is let go of") {
  shard::EngineOptions options;
  options.idle = {1000, 1500};
  options.slow_rules = {{"*", conn::SlowPolicyId::drop_oldest, {1 << 30, 3'600'000}}};
  EngineOnFake on(options);
  GrpcClient& client = on.grpc({.send_buffer_bytes = 4096, .stream_window_bytes = 0x7FFFFFFF});
  client.grows_windows = false;
  client.grow_window(0, 0x7FFFFFFF - 65'535);
  client.subscribe("t");
  on.settle();
  client.read_max = 1000;
  for (int i = 0; i < 100; ++i) {
    on.publish("t", std::string(3000, 'x'));
    on.step(100);
  }
  CHECK(!client.is_over());
  CHECK(client.pings > 0);
  CHECK(client.trouble == "");
}

TEST_CASE("grpc ends: over the limit of connections the refusal is HTTP/2") {
  shard::EngineOptions options;
  options.connections_max = 1;
  EngineOnFake on(options);
  GrpcClient& first = on.grpc();
  on.settle();
  GrpcClient& second = on.grpc();
  on.settle();
  REQUIRE(second.goaway);
  CHECK(second.goaway->text == "too many connections");
  CHECK(second.is_over());
  CHECK(!first.goaway);
  on.settle(10);
  CHECK(on.stat(Metric::connections_now) == 1);
  CHECK(on.count<shard::Connected>() == 1);
  CHECK(on.count<shard::Disconnected>() == 0);
}

TEST_CASE("grpc ends: a client that says goodbye is closed when its streams are gone") {
  EngineOnFake on;
  GrpcClient& client = on.grpc();
  const auto stream = client.subscribe("t");
  on.settle();
  client.send(h2::goaway());
  on.settle();
  CHECK(!client.is_over());
  client.reset(stream);
  on.settle();
  CHECK(client.is_over());
  on.settle(10);
  CHECK(on.stat(Metric::connections_now) == 0);
  CHECK(on.count<shard::Disconnected>() == 1);
}

TEST_CASE("grpc ends: a drain delivers what is published, tells peers not to come back here, and ends every stream as unavailable") {
  EngineOnFake on;
  GrpcClient& client = on.grpc({.send_buffer_bytes = 8 * 1024});
  for (int i = 0; i < 500; ++i) client.subscribe("t");
  on.settle();
  GrpcClient& publisher = on.grpc();
  const auto stream = publisher.begin_publish("t");
  publisher.publish(stream, 1, "before");
  on.settle();
  publisher.publish(stream, 2, "last");
  publisher.step();
  drain(on);
  CHECK(on.count<shard::Drained>() == 1);
  CHECK(on.stat(Metric::connections_now) == 0);
  for (std::uint32_t each = 1; each < 1000; each += 2) {
    REQUIRE(client.streams[each].messages.size() == 2);
    REQUIRE(client.streams[each].status == 14);
  }
  CHECK(publisher.streams[stream].status == 14);
  REQUIRE(client.goaway);
  CHECK(client.goaway->code == 0);
  CHECK(client.trouble == "");
  for (const shard::Event& event : on.events) {
    if (const auto* const drained = std::get_if<shard::Drained>(&event)) CHECK(drained->cut == 0);
  }
}

TEST_CASE("grpc ends: a drain does not wait for ever for who does not read") {
  EngineOnFake on;
  GrpcClient& client = on.grpc({.send_buffer_bytes = 1000});
  client.subscribe("t");
  on.settle();
  client.reads = false;
  for (int i = 0; i < 10; ++i) on.publish("t", std::string(1000, 'x'));
  on.settle();
  drain(on);
  CHECK(on.count<shard::Drained>() == 1);
  CHECK(on.stat(Metric::connections_now) == 0);
}

TEST_CASE("grpc ends: a call ends here when its deadline has come, whatever its client does; the others go on") {
  EngineOnFake on;
  GrpcClient& client = on.grpc();
  const auto with_timeout = [](std::uint32_t stream, std::string_view path, const std::string& timeout) {
    return h2::call(stream, path, {{"topic", "t"}, {"grpc-timeout", timeout}});
  };
  client.send(with_timeout(1, h2::subscribe_path, "900m") + h2::end_data(1, h2::grpc({})));
  client.send(with_timeout(3, h2::publish_path, "300m") + h2::data(3, h2::grpc(h2::message(7, "in time"))));
  client.send(h2::call(5, h2::subscribe_path, {{"topic", "t"}}) + h2::end_data(5, h2::grpc({})));
  client.send(with_timeout(7, h2::subscribe_path, "99999999H") + h2::end_data(7, h2::grpc({})));
  on.settle();
  CHECK(on.stat(Metric::streams_now) == 4);
  for (int i = 0; i < 5; ++i) on.step(50);
  CHECK(!client.streams[3].status);
  for (int i = 0; i < 3; ++i) on.step(50);
  CHECK(client.streams[3].status == 4);
  CHECK(client.streams[3].status_text == "the deadline is over");
  CHECK(!client.streams[1].status);
  for (int i = 0; i < 12; ++i) on.step(50);
  CHECK(client.streams[1].status == 4);
  CHECK(client.streams[1].messages.size() == 1);
  CHECK(on.stat(Metric::streams_overdue) == 2);
  CHECK(on.stat(Metric::subscriptions_now) == 2);
  on.publish("t", std::string("later"));
  on.settle();
  for (const std::uint32_t stream : {5u, 7u}) {
    CHECK(client.streams[stream].messages.size() == 1);  // they subscribed behind the first publication
    CHECK(!client.streams[stream].status);
  }
  CHECK(client.trouble == "");
}

TEST_CASE("grpc ends: a drain refuses nothing that was on its way when it began") {
  EngineOnFake on;
  GrpcClient& client = on.grpc();
  GrpcClient& ear = on.grpc();
  const auto heard = ear.subscribe("t");
  client.subscribe("other");
  on.settle();
  on.engine->drain(2000);
  client.send(h2::call(3, "/broker.v1.MessageService/PublishOne", {{"topic", "t"}}) + h2::end_data(3, h2::grpc(h2::message(7, "x"))));
  client.step();
  on.turn();
  for (int i = 0; i < 600 && on.count<shard::Drained>() == 0; ++i) on.settle(5);
  CHECK(client.streams[3].status == 0);
  CHECK(client.streams[3].answers.size() == 1);
  CHECK(ear.streams[heard].messages.size() == 1);
  REQUIRE(client.goaway);
  CHECK(client.goaway->last_stream == 3);  // the last one
  CHECK(client.trouble == "");
}
