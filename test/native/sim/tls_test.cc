// Every role over TLS, on the fake kernel: real OpenSSL on both sides, records that come in parts and late.
// Owner: the test. Thread: main.
#include "test/native/sim/raw_on_fake.h"
#include "test/native/transport/tls_link.h"
#include "test/native/doctest_last.h"

using metrics::Metric;
using sim::Client;
using sim::EngineOnFake;
using sim::GrpcClient;
using sim::Raw;
using sim::SessionsOnFake;
using sim::TextClient;

namespace {

shard::EngineOptions over_tls(const transport::TlsOptions& tls = tls_link::options_of(certificates::localhost())) {
  shard::EngineOptions options;
  options.tls = std::make_shared<transport::TlsContexts>();
  transport::TlsProblem problem;
  options.tls->add(transport::TlsContext::make(tls, options.tls->tickets(), problem));
  return options;
}

}  // namespace

TEST_CASE("tls engine: WebSocket, Pusher and gRPC hear what each of them says") {
  for (const std::size_t bytes_max : {SIZE_MAX, std::size_t{300}}) {
    SessionsOnFake on(over_tls());
    on.kernel.layer_bytes_max = bytes_max;
    TextClient& subscriber = on.text_subscriber("/t");
    Client& publisher = on.publisher("/t");
    GrpcClient& grpc = on.grpc();
    const auto stream = grpc.subscribe("t");
    on.open();
    on.settle();
    CHECK(subscriber.status == 101);
    publisher.send_message("over TLS");
    on.settle();
    CHECK(subscriber.texts == std::vector<std::string>{"over TLS"});
    REQUIRE(grpc.streams[stream].messages.size() == 1);
    CHECK(grpc.streams[stream].messages[0].second == "over TLS");
    CHECK(on.count<shard::SessionOpened>() == 1);
    CHECK(on.stat(Metric::tls_handshakes) == 4);
    on.engine.reset();
    CHECK(on.kernel.open_fds() == 0);
  }
}

TEST_CASE("tls engine: large and many messages stay whole while the kernel takes what it likes") {
  SessionsOnFake on(over_tls());
  on.kernel.layer_bytes_max = 5000;
  on.kernel.faults.short_send = 300;
  on.kernel.faults.refused_send = 100;
  std::vector<TextClient*> subscribers;
  for (int i = 0; i < 5; ++i) subscribers.push_back(&on.text_subscriber("/t", 16 * 1024));
  for (int i = 0; i < 20; ++i) on.settle(5);
  std::vector<std::string> said;
  for (int i = 0; i < 60; ++i) {
    said.push_back(std::string(static_cast<std::size_t>(i * 350), static_cast<char>('a' + i % 26)) + std::to_string(i));
    CHECK(on.publish("t", said.back()) == shard::PublishStatus::ok);
    on.step(1);
  }
  for (int i = 0; i < 400; ++i) on.settle(5);
  for (const TextClient* each : subscribers) {
    CHECK(each->texts == said);
    CHECK(each->trouble == "");
  }
  CHECK(on.engine->memory().bytes_now() == 0);
  CHECK(on.stat(Metric::tls_failed_garbage) == 0);
}

TEST_CASE("tls engine: one that does not read holds nobody up, and gets the rest when it reads") {
  SessionsOnFake on(over_tls());
  TextClient& eager = on.text_subscriber("/t");
  TextClient& stuck = on.text_subscriber("/t", 8 * 1024);
  on.settle();
  stuck.pace = sim::Pace::stuck;
  std::vector<std::string> said;
  for (int i = 0; i < 50; ++i) {
    said.push_back(std::string(1000, static_cast<char>('a' + i % 26)));
    on.publish("t", said.back());
    on.settle();
  }
  CHECK(eager.texts == said);
  CHECK(stuck.texts.empty());
  CHECK(on.kernel.is_refusing(stuck.socket()));
  stuck.pace = sim::Pace::eager;
  on.settle();
  CHECK(stuck.texts == said);
}

TEST_CASE("tls engine: a client's handshake has the time of every handshake, on every listener") {
  for (const std::uint16_t port : {std::uint16_t{8001}, std::uint16_t{8002}, SessionsOnFake::session_port, SessionsOnFake::grpc_port}) {
    SessionsOnFake on(over_tls());
    on.kernel.layer = nullptr;
    Raw silent(on, port, 1);
    on.settle();
    CHECK(on.stat(Metric::connections_now) == 1);
    for (int i = 0; i < 9; ++i) on.settle(250);
    CHECK(!silent.is_over());
    for (int i = 0; i < 9; ++i) on.settle(1000);
    CHECK(silent.is_over());
    CHECK(silent.read().empty());
    CHECK(on.stat(Metric::handshakes_refused) == 1);
    CHECK(on.stat(Metric::connections_now) == 0);
  }
}

TEST_CASE("tls engine: plain HTTP gets one 400, and nobody is told of the connection") {
  for (const std::uint16_t port : {std::uint16_t{8001}, SessionsOnFake::session_port, SessionsOnFake::grpc_port}) {
    SessionsOnFake on(over_tls());
    on.kernel.layer = nullptr;
    Raw plain(on, port, 1);
    plain.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    on.settle();
    CHECK(plain.read().starts_with("HTTP/1.1 400 "));
    CHECK(plain.is_over());
    CHECK(on.stat(Metric::tls_failed_plain_text) == 1);
    CHECK(on.count<shard::Connected>() == 0);
    CHECK(on.count<shard::Warning>() == 1);
  }
}

TEST_CASE("tls engine: a drain ends handshakes that are under way, and says goodbye to the others") {
  SessionsOnFake on(over_tls());
  TextClient& subscriber = on.text_subscriber("/t");
  on.settle();
  on.kernel.layer = nullptr;
  Raw silent(on, 8002, 9);
  on.settle();
  on.engine->drain(1000);
  for (int i = 0; i < 40; ++i) on.settle(50);
  CHECK(subscriber.close_code == 1001);
  CHECK(silent.is_over());
  CHECK(on.count<shard::Drained>() == 1);
  CHECK(on.stat(Metric::connections_now) == 0);
}

TEST_CASE("tls engine: too many connections are told so behind their handshake") {
  shard::EngineOptions options = over_tls();
  options.connections_max = 1;
  SessionsOnFake on(options);
  on.text_subscriber("/t");
  on.settle();
  TextClient& second = on.text_subscriber("/t");
  on.settle();
  CHECK(second.status == 503);
}

TEST_CASE("tls engine: certificates change under traffic and nobody is lost") {
  shard::EngineOptions options = over_tls();
  const std::shared_ptr<transport::TlsContexts> contexts = options.tls;
  SessionsOnFake on(options);
  TextClient& before = on.text_subscriber("/t");
  on.settle();
  std::vector<std::string> said;
  for (int i = 0; i < 20; ++i) {
    transport::TlsProblem problem;
    contexts->set(0, transport::TlsContext::make(tls_link::options_of(certificates::make({"next"})), contexts->tickets(), problem));
    TextClient& each = on.text_subscriber("/t");
    said.push_back(std::to_string(i));
    on.settle();
    on.publish("t", said.back());
    on.settle();
    CHECK(each.texts == std::vector<std::string>{said.back()});
  }
  CHECK(before.texts == said);
}
