// gRPC streams on the fake kernel: who gets what, across protocols and over many streams of one connection.
// Owner: the test. Thread: main.
#include "test/native/sim/sessions_on_fake.h"
#include "test/native/doctest_last.h"

using metrics::Metric;
using sim::EngineOnFake;
using sim::GrpcClient;

namespace {

using Messages = std::vector<std::pair<std::int32_t, std::string>>;

}  // namespace

TEST_CASE("grpc: a publication reaches every stream of its topic, also under the same subscriber's name") {
  EngineOnFake on;
  GrpcClient& client = on.grpc();
  const auto first = client.subscribe("a");
  const auto second = client.subscribe("a");
  const auto other = client.subscribe("b");
  on.settle();
  CHECK(client.streams[first].has_headers);
  GrpcClient& publisher = on.grpc();
  const auto stream = publisher.begin_publish("a");
  publisher.publish(stream, 7, "hello");
  publisher.publish(stream, -1, "");
  on.settle();
  CHECK(client.streams[first].messages == Messages{{7, "hello"}, {-1, ""}});
  CHECK(client.streams[second].messages == client.streams[first].messages);
  CHECK(client.streams[other].messages.empty());
  CHECK(!publisher.streams[stream].status);
  publisher.end(stream);
  on.settle();
  CHECK(publisher.streams[stream].answers == std::vector<std::string>{"ok"});
  CHECK(publisher.streams[stream].status == 0);
  CHECK(on.stat(Metric::deliveries) == 4);
  CHECK(on.stat(Metric::subscriptions_now) == 3);
  CHECK(on.engine->memory().bytes_now() == 0);
  CHECK(client.trouble == "");
  CHECK(publisher.trouble == "");
}

TEST_CASE("grpc: who publishes and subscribes on one connection hears itself") {
  EngineOnFake on;
  GrpcClient& client = on.grpc();
  const auto subscriber = client.subscribe("a");
  const auto publisher = client.begin_publish("a");
  client.publish(publisher, 1, "me");
  on.settle();
  CHECK(client.streams[subscriber].messages == Messages{{1, "me"}});
}

TEST_CASE("grpc: publications of other protocols become messages, and those of gRPC their JSON") {
  sim::SessionsOnFake on;
  GrpcClient& client = on.grpc();
  const auto stream = client.subscribe("pusher/1/c");
  sim::TextClient& socket = on.text_subscriber("/pusher/1/c");
  sim::PusherClient& session = on.open();
  on.join(session, "c");
  on.settle();
  on.publish("pusher/1/c", std::string(R"({"author":5,"data":"a \"word\""})"));
  on.publish("pusher/1/c", std::string("no JSON"));
  CHECK(on.publish_binary("pusher/1/c", "\xFF\xFE") == shard::PublishStatus::ok);
  const auto publisher = client.begin_publish("pusher/1/c");
  client.publish(publisher, 9, "line\nbreak");
  on.settle();
  CHECK(client.streams[stream].messages == Messages{{5, "a \"word\""}, {0, "no JSON"}, {9, "line\nbreak"}});
  REQUIRE(socket.texts.size() == 4);
  CHECK(socket.texts[3] == R"({"author":9,"data":"line\nbreak"})");
  CHECK(session.heard("c").back() == R"({"author":9,"data":"line\nbreak"})");
  CHECK(on.stat(Metric::publications_not_encodable) == 1);
  CHECK(on.engine->memory().bytes_now() == 0);
}

TEST_CASE("grpc: a WebSocket publisher reaches streams") {
  EngineOnFake on;
  GrpcClient& client = on.grpc();
  const auto stream = client.subscribe("t");
  sim::Client& publisher = on.publisher("/t");
  on.settle();
  publisher.send_message(R"({"author":3,"data":"from a socket"})");
  on.settle();
  CHECK(client.streams[stream].messages == Messages{{3, "from a socket"}});
}

TEST_CASE("grpc: a thousand streams of one connection, and a publisher that never ends its stream") {
  EngineOnFake on;
  GrpcClient& client = on.grpc();
  for (int i = 0; i < 1000; ++i) client.subscribe("t");
  on.settle();
  CHECK(on.stat(Metric::subscriptions_now) == 1000);
  for (int round = 1; round <= 3; ++round) {
    client.publish(client.begin_publish("t"), round, std::string(1000, 'x'));
    on.settle();
    for (std::uint32_t stream = 1; stream < 2000; stream += 2) {
      REQUIRE(client.streams[stream].messages.size() == static_cast<std::size_t>(round));
    }
  }
  CHECK(on.stat(Metric::encodes) == 3);
  CHECK(on.stat(Metric::deliveries) == 3000);
  CHECK(on.engine->memory().bytes_now() == 0);
  CHECK(client.trouble == "");
}

TEST_CASE("grpc: the streams of a connection leave in few writes") {
  EngineOnFake on;
  GrpcClient& client = on.grpc({.send_buffer_bytes = 1 << 20});
  for (int i = 0; i < 1000; ++i) client.subscribe("t");
  on.settle();
  const std::int64_t before = on.stat(Metric::writes);
  on.publish("t", std::string("short"));
  for (int i = 0; i < 5; ++i) on.turn();
  CHECK(on.stat(Metric::deliveries) == 1000);
  CHECK(on.stat(Metric::writes) - before <= 2);
}

TEST_CASE("grpc: a stream that has left gets nothing more, the others everything") {
  EngineOnFake on;
  GrpcClient& client = on.grpc();
  GrpcClient& neighbour = on.grpc();
  std::vector<std::uint32_t> streams;
  for (int i = 0; i < 20; ++i) streams.push_back(client.subscribe("t"));
  const auto other = neighbour.subscribe("t");
  on.settle();
  for (int round = 0; round < 10; ++round) {
    client.reset(streams[static_cast<std::size_t>(round) * 7 % 20]);
    on.settle();
    CHECK(on.stat(Metric::subscriptions_now) == 20 - round);
    on.publish("t", std::to_string(round));
    on.settle();
  }
  for (int left = 0; left < 20; ++left) {
    const auto& stream = client.streams[streams[static_cast<std::size_t>(left) * 7 % 20]];
    CHECK(stream.messages.size() == static_cast<std::size_t>(std::min(left, 10)));
  }
  CHECK(neighbour.streams[other].messages.size() == 10);
  CHECK(client.trouble == "");
  client.vanish();
  neighbour.vanish();
  on.settle();
  CHECK(on.stat(Metric::subscriptions_now) == 0);
  CHECK(on.stat(Metric::connections_now) == 0);
}

TEST_CASE("grpc: what cannot be taken is answered with its status, and the connection goes on") {
  shard::EngineOptions options;
  options.codecs.grpc.message_bytes_max = 1000;
  options.topics_max = 1;
  EngineOnFake on(options);
  GrpcClient& client = on.grpc();
  const auto good = client.subscribe("t");
  on.settle();
  const auto long_one = client.begin_publish("t");
  client.publish(long_one, 1, std::string(2000, 'x'));
  const auto bad_topic = client.subscribe(std::string(300, 'a'));
  const auto one_topic_more = client.subscribe("u");
  const auto publishes_to_one_more = client.begin_publish("v");
  client.publish(publishes_to_one_more, 1, "x");
  client.send(h2::last(1001));
  client.send(h2::call(1003, "/MessageService/Unknown"));
  on.settle();
  CHECK(client.streams[long_one].status == 8);
  CHECK(client.streams[bad_topic].status == 3);
  CHECK(client.streams[one_topic_more].status == 8);
  CHECK(client.streams[publishes_to_one_more].status == 8);
  CHECK(client.streams[1001].status == 5);
  CHECK(client.streams[1003].status == 12);
  on.publish("t", std::string("still there"));
  on.settle();
  CHECK(client.streams[good].messages.size() == 1);
}

TEST_CASE("grpc: faults of the kernel neither lose nor double nor mix anything") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    EngineOnFake on;
    on.kernel.faults = {.short_send = 300, .refused_send = 200};
    GrpcClient& client = on.grpc({.send_buffer_bytes = 8 * 1024, .stream_window_bytes = static_cast<std::uint32_t>(seed % 2 == 0 ? 700 : 65'535)});
    for (int i = 0; i < 30; ++i) client.subscribe(i % 3 == 0 ? "a" : "b");
    on.settle(1);
    for (int i = 0; i < 60; ++i) {
      client.read_max = seed * 97 % 3000 + 1;
      on.publish(i % 2 == 0 ? "a" : "b", std::to_string(i) + std::string(static_cast<std::size_t>(i * 37 % 900), 'x'));
      on.turn(1);
      client.step();
    }
    client.read_max = SIZE_MAX;
    for (int i = 0; i < 50; ++i) on.settle(5);
    CHECK(client.trouble == "");
    for (std::uint32_t stream = 1; stream < 60; stream += 2) {
      const auto& messages = client.streams[stream].messages;
      REQUIRE(messages.size() == 30);
      for (int k = 0; k < 30; ++k) {
        const int i = 2 * k + ((stream / 2) % 3 == 0 ? 0 : 1);
        CHECK(messages[static_cast<std::size_t>(k)].second == std::to_string(i) + std::string(static_cast<std::size_t>(i * 37 % 900), 'x'));
      }
    }
    CHECK(on.stat(Metric::deliveries) == 30 * 30);
    CHECK(on.engine->memory().bytes_now() == 0);
  }
}
