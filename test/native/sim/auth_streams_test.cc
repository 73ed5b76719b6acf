// Who may do what on gRPC connections: decided once for each credential and use, and held to at each topic. On the fake kernel.
// Owner: the test. Thread: main.
#include "test/native/sim/auth_on_fake.h"
#include "test/native/doctest_last.h"

using metrics::Metric;
using sim::AskedNow;
using sim::AuthOnFake;
using sim::GrpcClient;
using wire::operator+;

namespace {

constexpr int permission_denied = 7;
constexpr int resource_exhausted = 8;
constexpr int unavailable = 14;
constexpr int unauthenticated = 16;

std::uint32_t subscribe(GrpcClient& client, const std::string& topic, const std::string& token) {
  return client.call(h2::subscribe_path, h2::text_field(1, "s"), {{"topic", topic}, {"authorization", "Bearer " + token}});
}

}  // namespace

TEST_CASE("auth streams: a call waits for its verdict, then what it has said counts") {
  AuthOnFake on;
  on.engine->set_asked_fields({"cookie"});
  GrpcClient& client = on.grpc();
  const auto stream = client.call(h2::subscribe_path, h2::text_field(1, "s"),
                                  {{"topic", "a"}, {"authorization", "Bearer abc"}, {"cookie", "c=1"}, {"cookie", "d=2"}, {"origin", "https://x.example"}, {"x-other", "1"}});
  on.settle();
  const shard::AuthQuestion question = on.last_asked().question;
  CHECK(question.protocol == codec::ProtocolId::grpc);
  CHECK(question.use == topic::Use::subscribe);
  CHECK(question.metadata == "Bearer abc");
  CHECK(!question.credential.authorization);
  CHECK(question.topics.empty());
  CHECK(question.origin == "https://x.example");
  CHECK(question.headers == std::vector<std::pair<std::string, std::string>>{{"cookie", "c=1, d=2"}});
  CHECK(!question.proxied);
  CHECK(!client.streams[stream].has_headers);
  CHECK(on.stat(Metric::subscriptions_now) == 0);
  on.answer(AuthOnFake::allowing({}, {"a"}));
  CHECK(client.streams[stream].has_headers);
  on.publish("a", std::string("x"));
  on.settle();
  CHECK(client.streams[stream].messages.size() == 1);
  CHECK(client.trouble == "");
}

TEST_CASE("auth streams: one question a credential and use, whoever else comes with it") {
  AuthOnFake on;
  GrpcClient& client = on.grpc();
  std::vector<std::uint32_t> streams;
  for (int i = 0; i < 10; ++i) streams.push_back(subscribe(client, "a", "one"));
  streams.push_back(subscribe(client, "a", "two"));
  on.settle();
  REQUIRE(on.asked().size() == 2);
  on.answer(on.asked()[1], AuthOnFake::refusing(401));
  on.answer(on.asked()[0], AuthOnFake::allowing({}, {"a"}));
  on.settle();
  for (int i = 0; i < 10; ++i) CHECK(client.streams[streams[static_cast<std::size_t>(i)]].has_headers);
  CHECK(client.streams[streams.back()].status == unauthenticated);
  CHECK(client.streams[streams.back()].status_text == "told 401");
  const auto later = subscribe(client, "a", "one");
  on.settle();
  CHECK(on.asked().size() == 2);
  CHECK(client.streams[later].has_headers);
  const auto publisher = client.call("/broker.v1.MessageService/PublishOne", h2::text_field(2, "x"), {{"topic", "a"}, {"authorization", "Bearer one"}});
  on.settle();
  CHECK(on.asked().size() == 3);
  CHECK(on.last_asked().question.use == topic::Use::publish);
  on.answer(AuthOnFake::allowing({}, {"a"}));
  CHECK(client.streams[publisher].status == permission_denied);
}

TEST_CASE("auth streams: each message's topic is held to the grants") {
  AuthOnFake on;
  GrpcClient& client = on.grpc();
  const auto stream = client.begin_publish("a");
  client.publish(stream, 1, "one");
  on.settle();
  CHECK(on.stat(Metric::messages_received) == 0);
  on.answer(AuthOnFake::allowing({"a", "b/*"}, {}));
  CHECK(on.stat(Metric::messages_received) == 1);
  client.end(stream);
  const auto other = client.begin_publish("c");
  client.publish(other, 1, "two");
  const auto below = client.begin_publish("b/x");
  client.publish(below, 1, "three");
  client.end(below);
  on.settle();
  CHECK(client.streams[stream].status == 0);
  CHECK(client.streams[below].status == 0);
  CHECK(client.streams[other].status == permission_denied);
  CHECK(client.streams[other].status_text == "the credential is not for this topic");
  CHECK(on.stat(Metric::messages_received) == 2);
  CHECK(on.stat(Metric::auth_topics_refused) == 1);
}

TEST_CASE("auth streams: the last value of a topic is its subscribers'") {
  shard::EngineOptions options;
  options.retain.topics = {"*"};
  AuthOnFake on(options);
  on.publish("a", std::string("kept"));
  on.publish("b", std::string("kept"));
  GrpcClient& client = on.grpc();
  const auto mine = client.call(h2::last_path, h2::text_field(1, "a"));
  const auto others = client.call(h2::last_path, h2::text_field(1, "b"));
  on.settle();
  REQUIRE(on.asked().size() == 1);
  on.answer(AuthOnFake::allowing({}, {"a"}));
  CHECK(client.streams[mine].status == 0);
  CHECK(client.streams[others].status == permission_denied);
}

TEST_CASE("auth streams: refusals, each with its status") {
  const std::pair<int, int> rows[] = {{401, unauthenticated}, {403, permission_denied}, {429, resource_exhausted}, {503, unavailable}};
  for (const auto& row : rows) {
    AuthOnFake on;
    GrpcClient& client = on.grpc();
    const auto stream = subscribe(client, "a", "abc");
    on.settle();
    on.answer(AuthOnFake::refusing(row.first));
    CHECK(client.streams[stream].status == row.second);
    CHECK(!client.is_over());
    CHECK(on.stat(Metric::auth_refused) == 1);
  }
}

TEST_CASE("auth streams: who may come later goes on meanwhile, also where who decides never answers") {
  shard::EngineOptions options;
  options.handshake_ms = 1000;
  AuthOnFake on(options);
  GrpcClient& client = on.grpc();
  const auto good = subscribe(client, "a", "good");
  on.settle();
  on.answer(AuthOnFake::allowing({}, {"a"}));
  const auto waits = subscribe(client, "a", "unknown");
  on.settle();
  for (int i = 0; i < 8; ++i) {
    on.publish("a", std::string(10'000, 'x'));
    on.step(100);
  }
  CHECK(client.streams[good].messages.size() == 8);
  CHECK(!client.streams[waits].status);
  const AskedNow late = on.last_asked();
  for (int i = 0; i < 4; ++i) on.step(100);
  CHECK(client.streams[waits].status == unavailable);
  on.answer(late, AuthOnFake::allowing({}, {"a"}));
  on.settle();
  CHECK(on.stat(Metric::subscriptions_now) == 1);
  CHECK(client.trouble == "");
}

TEST_CASE("auth streams: what is said before the verdict is bounded, and nothing of it is lost") {
  shard::EngineOptions options;
  options.http.head_bytes_max = 4096;
  AuthOnFake on(options);
  GrpcClient& client = on.grpc();
  const auto stream = client.begin_publish("a");
  for (int i = 0; i < 60; ++i) client.publish(stream, i, std::string(1000, 'x'));
  client.end(stream);
  on.settle(5);
  REQUIRE(on.asked().size() == 1);
  CHECK(on.engine->stream_bytes() <= 4096 + 16'384);
  CHECK(on.stat(Metric::auth_held_back) == 1);
  on.answer(AuthOnFake::allowing({"a"}, {}));
  on.settle(5);
  CHECK(on.stat(Metric::messages_received) == 60);
  CHECK(client.streams[stream].status == 0);
  CHECK(on.engine->stream_bytes() == 0);
  CHECK(client.trouble == "");
}

TEST_CASE("auth streams: a call that is gone before its verdict") {
  AuthOnFake on;
  GrpcClient& client = on.grpc();
  const auto stream = subscribe(client, "a", "abc");
  on.settle();
  client.reset(stream);
  const auto next = subscribe(client, "a", "abc");
  on.settle();
  CHECK(on.asked().size() == 1);
  on.answer(AuthOnFake::allowing({}, {"a"}));
  CHECK(client.streams[next].has_headers);
  CHECK(on.stat(Metric::subscriptions_now) == 1);
  client.abort();
  on.settle();
  on.answer(AuthOnFake::allowing({}, {"a"}));
  CHECK(on.stat(Metric::connections_now) == 0);
}

TEST_CASE("auth streams: health and reflection are everybody's") {
  AuthOnFake on;
  GrpcClient& client = on.grpc();
  const auto health = client.call("/grpc.health.v1.Health/Check", {});
  on.settle();
  CHECK(client.streams[health].status == 0);
  CHECK(on.asked().empty());
}

TEST_CASE("auth streams: streams end with their credential, and the connection goes on") {
  AuthOnFake on;
  GrpcClient& client = on.grpc();
  const auto ends = subscribe(client, "a", "short");
  on.settle();
  shard::AuthVerdict verdict = AuthOnFake::allowing({}, {"a"});
  verdict.ends_in_ms = 3000;
  on.answer(std::move(verdict));
  const auto stays = subscribe(client, "a", "long");
  on.settle();
  on.answer(AuthOnFake::allowing({}, {"a"}));
  for (int i = 0; i < 29; ++i) on.step(100);
  CHECK(!client.streams[ends].status);
  for (int i = 0; i < 3; ++i) on.step(100);
  CHECK(client.streams[ends].status == unauthenticated);
  CHECK(client.streams[ends].status_text == "token expired");
  CHECK(!client.streams[stays].status);
  CHECK(on.stat(Metric::subscriptions_now) == 1);
  const auto again = subscribe(client, "a", "short");
  on.settle();
  CHECK(on.asked().size() == 3);
  on.answer(AuthOnFake::refusing(401));
  CHECK(client.streams[again].status == unauthenticated);
  CHECK(!client.is_over());
}

TEST_CASE("auth streams: what has fallen ends the streams that stood on it") {
  AuthOnFake on;
  GrpcClient& client = on.grpc();
  std::vector<std::uint32_t> streams;
  for (std::uint32_t standing = 1; standing <= 3; ++standing) {
    streams.push_back(subscribe(client, "a", std::to_string(standing)));
    on.settle();
    shard::AuthVerdict verdict = AuthOnFake::allowing({}, {"a"});
    verdict.standing = standing;
    on.answer(std::move(verdict));
  }
  on.engine->revoke({2}, 500);
  for (int i = 0; i < 8; ++i) on.step(100);
  CHECK(!client.streams[streams[0]].status);
  CHECK(client.streams[streams[1]].status == unauthenticated);
  CHECK(!client.streams[streams[2]].status);
}

TEST_CASE("auth streams: a wall clock that is set moves each end once, however many streams have it") {
  AuthOnFake on;
  GrpcClient& client = on.grpc();
  std::vector<std::uint32_t> streams;
  for (int i = 0; i < 5; ++i) streams.push_back(subscribe(client, "a", "one"));
  on.settle();
  shard::AuthVerdict verdict = AuthOnFake::allowing({}, {"a"});
  verdict.ends_in_ms = 10'000;
  on.answer(std::move(verdict));
  on.engine->shift_ends(4000);
  for (int i = 0; i < 55; ++i) on.step(100);
  CHECK(!client.streams[streams[0]].status);
  for (int i = 0; i < 8; ++i) on.step(100);
  for (const std::uint32_t stream : streams) CHECK(client.streams[stream].status == unauthenticated);
}

TEST_CASE("auth streams: many credentials at once are refused, and decided ones are asked again when they were forgotten") {
  shard::EngineOptions options;
  options.http.head_bytes_max = 4096;
  AuthOnFake on(options);
  GrpcClient& client = on.grpc();
  std::vector<std::uint32_t> streams;
  for (int i = 0; i < 20; ++i) streams.push_back(subscribe(client, "a", std::string(1000, 'x') + std::to_string(i)));
  on.settle();
  CHECK(on.asked().size() <= 4);
  CHECK(client.streams[streams.back()].status == unavailable);
  for (const AskedNow& each : on.asked()) on.answer(each, AuthOnFake::allowing({}, {"a"}));
  on.settle();
  CHECK(client.streams[streams.front()].has_headers);
  const std::size_t before = on.asked().size();
  for (std::size_t i = 0; i <= conn::Authorization::known_max; ++i) {
    subscribe(client, "a", "other-" + std::to_string(i));
    on.settle();
    on.answer(AuthOnFake::allowing({}, {"a"}));
  }
  CHECK(on.asked().size() == before + conn::Authorization::known_max + 1);
  subscribe(client, "a", "other-" + std::to_string(conn::Authorization::known_max));
  on.settle();
  CHECK(on.asked().size() == before + conn::Authorization::known_max + 1);
  subscribe(client, "a", std::string(1000, 'x') + "0");
  on.settle();
  CHECK(on.asked().size() == before + conn::Authorization::known_max + 2);
}

TEST_CASE("auth streams: while too much waits for who decides, an unknown credential is refused at once, and a known one is not") {
  AuthOnFake on;
  GrpcClient& client = on.grpc();
  subscribe(client, "a", "known");
  on.settle();
  on.answer(AuthOnFake::allowing({}, {"a"}));
  on.congested_now = true;
  const auto known = subscribe(client, "a", "known");
  const auto unknown = subscribe(client, "a", "unknown");
  on.settle();
  CHECK(client.streams[known].has_headers);
  CHECK(client.streams[unknown].status == unavailable);
}
