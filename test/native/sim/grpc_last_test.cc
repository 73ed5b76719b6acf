// What topics retain, over gRPC on the fake kernel: asked for, and where a subscriber starts.
// Owner: the test. Thread: main.
#include "test/native/sim/engine_on_fake.h"
#include "test/native/doctest_last.h"

using sim::EngineOnFake;
using sim::GrpcClient;
using sim::GrpcStream;
using wire::operator+;

namespace {

using Messages = std::vector<std::pair<std::int32_t, std::string>>;
constexpr int not_found = 5;

struct Fixture {
  Fixture() : on(options()), client(on.grpc()) {}

  static shard::EngineOptions options() {
    shard::EngineOptions options;
    options.retain.topics = {"kept*"};
    options.retain.topics_max = 2;
    return options;
  }
  std::uint32_t ask(const std::string& topic) { return settled(client.call(h2::last_path, h2::text_field(1, topic))); }
  /// `more`: fields 3, since, and 4, last.
  std::uint32_t subscribe(const std::string& topic, const h2::Wire& more) {
    return settled(client.call(h2::v1_subscribe_path, h2::text_field(2, topic) + more));
  }
  std::uint32_t settled(std::uint32_t stream) {
    on.settle();
    return stream;
  }
  GrpcStream& stream(std::uint32_t id) { return client.streams[id]; }

  EngineOnFake on;
  GrpcClient& client;
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "grpc last: the topic's last publication, of any protocol, and none where none is retained") {
  CHECK(stream(ask("kept")).status == not_found);
  const auto publisher = client.begin_publish("kept");
  client.publish(publisher, 7, "of a stream");
  on.settle();
  const auto first = ask("kept");
  CHECK(stream(first).messages == Messages{{7, "of a stream"}});
  CHECK(stream(first).status == 0);
  on.publish("kept", std::string(R"({"author":3,"data":"of JSON"})"));
  CHECK(stream(ask("kept")).messages == Messages{{3, "of JSON"}});
  on.publish("other", std::string("x"));
  CHECK(stream(ask("other")).status == not_found);
  CHECK(client.trouble == "");
}

TEST_CASE_FIXTURE(Fixture, "grpc last: bytes that are no text cannot be said, and follow what was") {
  on.publish("kept", std::string("text"));
  on.publish_binary("kept", "\xFF\xFE");
  CHECK(stream(ask("kept")).status == not_found);
  CHECK(stream(subscribe("kept", {4 << 3, 1})).messages.empty());
}

TEST_CASE_FIXTURE(Fixture, "grpc last: a subscriber starts with it when it asks for that, and goes on with what follows") {
  on.publish("kept", std::string("zero"));
  on.publish("kept", std::string("one"));
  const auto plain = subscribe("kept", {});
  const auto last = subscribe("kept", {4 << 3, 1});
  const auto since_before = subscribe("kept", {3 << 3, 0});
  const auto since_it = subscribe("kept", {3 << 3, 1});
  const auto since_next = subscribe("kept", {3 << 3, 2});
  on.publish("kept", std::string("two"));
  on.settle();
  CHECK(stream(plain).messages == Messages{{0, "two"}});
  CHECK(stream(last).messages == Messages{{0, "one"}, {0, "two"}});
  CHECK(stream(since_before).messages == Messages{{0, "one"}, {0, "two"}});
  CHECK(stream(since_it).messages == Messages{{0, "one"}, {0, "two"}});
  CHECK(stream(since_next).messages == Messages{{0, "two"}});
  CHECK(client.trouble == "");
}

TEST_CASE_FIXTURE(Fixture, "grpc last: what had to make room is no start either") {
  on.publish("kept", std::string("x"));
  const auto watcher = subscribe("kept", {});  // the topic outlives its value
  on.publish("kept/1", std::string("x"));
  on.publish("kept/2", std::string("x"));
  CHECK(stream(ask("kept")).status == not_found);
  CHECK(stream(subscribe("kept", {4 << 3, 1})).messages.empty());
  CHECK(stream(watcher).messages.empty());
}

TEST_CASE_FIXTURE(Fixture, "grpc last: each first message has its own time") {
  on.publish("kept", std::string(1000, 'x'));
  GrpcClient& stalled = on.grpc({.stream_window_bytes = 100});
  stalled.grows_windows = false;
  const auto subscribe_stalled = [&] { return settled(stalled.call(h2::v1_subscribe_path, h2::text_field(2, "kept") + h2::Wire{4 << 3, 1})); };
  const auto first = subscribe_stalled();
  for (int i = 0; i < 9; ++i) on.step(1000);
  const auto second = subscribe_stalled();
  for (int i = 0; i < 2; ++i) on.step(1000);
  on.settle();
  CHECK(stalled.streams[first].status == 8);
  CHECK(!stalled.streams[second].status);
  for (int i = 0; i < 9; ++i) on.step(1000);
  on.settle();
  CHECK(stalled.streams[second].status == 8);
}

TEST_CASE_FIXTURE(Fixture, "grpc last: a subscriber that does not take its first message ends, its connection goes on") {
  on.publish("kept", std::string(1000, 'x'));
  GrpcClient& stalled = on.grpc({.stream_window_bytes = 100});
  stalled.grows_windows = false;
  on.settle();
  const auto plain = stalled.subscribe("other");
  const auto stuck = stalled.call(h2::v1_subscribe_path, h2::text_field(2, "kept") + h2::Wire{4 << 3, 1});
  on.settle();
  CHECK(on.engine->stream_bytes() > 0);
  for (int i = 0; i < 12; ++i) on.settle(1000);
  CHECK(stalled.streams[stuck].status == 8);
  CHECK(!stalled.streams[plain].status);
  CHECK(on.engine->stream_bytes() == 0);
  CHECK(on.stat(metrics::Metric::streams_closed_slow) == 1);
  on.publish("other", std::string("y"));
  on.settle();
  CHECK(stalled.streams[plain].messages == Messages{{0, "y"}});
  CHECK(stalled.trouble == "");
}
