// Who may do what on plain WebSocket listeners: requests that wait for a verdict, what is said then, and how it ends. On the fake kernel.
// Owner: the test. Thread: main.
#include "test/native/sim/auth_on_fake.h"
#include "test/native/doctest_last.h"

using metrics::Metric;
using sim::AskedNow;
using sim::AuthOnFake;
using sim::Raw;
using sim::upgrade_with;

namespace {

constexpr std::uint16_t publish_port = 8001;
constexpr std::uint16_t subscribe_port = 8002;

const std::string bearer = "Authorization: Bearer abc\r\n";

}  // namespace

TEST_CASE("auth: a request waits for its verdict, and says all that decides") {
  AuthOnFake on;
  on.engine->set_asked_fields({"cookie"});
  Raw client(on, subscribe_port, 1);
  client.write(upgrade_with("/a?topic=b&token=t%2B", bearer + "Origin: https://shop.example\r\nSec-WebSocket-Protocol: x, bearer\r\nCookie: c=1\r\nCookie: d=2\r\nX-Other: 1\r\n"));
  on.settle(10);
  CHECK(client.read() == "");
  CHECK(on.stat(Metric::subscriptions_now) == 0);
  const shard::AuthQuestion question = on.last_asked().question;
  CHECK(question.listener == 1);
  CHECK(question.protocol == codec::ProtocolId::websocket_subscribe);
  CHECK(question.use == topic::Use::subscribe);
  CHECK(question.peer == "10.0.0.1");
  CHECK(question.topics == std::vector<std::string>{"a", "b"});
  CHECK(question.origin == "https://shop.example");
  CHECK(question.credential.authorization == "Bearer abc");
  CHECK(question.credential.subprotocols == "x, bearer");
  CHECK(question.credential.query == "topic=b&token=t%2B");
  CHECK(!question.metadata);
  CHECK(question.headers == std::vector<std::pair<std::string, std::string>>{{"cookie", "c=1, d=2"}});
  CHECK(question.proxied);  // `sim` is no name of this machine
  on.answer(AuthOnFake::allowing({}, {"*"}));
  const std::string answer = client.read();
  CHECK(answer.starts_with("HTTP/1.1 101 "));
  CHECK(answer.find("Sec-WebSocket-Protocol: x\r\n") != std::string::npos);
  CHECK(on.stat(Metric::subscriptions_now) == 2);
  on.publish("b", std::string("hello"));
  on.settle();
  CHECK(client.read() == "\x81\x05hello");
  CHECK(on.stat(Metric::auth_questions) == 1);
}

TEST_CASE("auth: what is published while a request waits is not its subscriber's, and what comes behind the answer is") {
  AuthOnFake on;
  Raw client(on, subscribe_port, 1);
  client.write(upgrade_with("/a", bearer));
  on.settle();
  on.publish("a", std::string("before"));
  on.answer(on.last_asked(), AuthOnFake::allowing({}, {"a"}));
  on.turn();
  on.publish("a", std::string("behind"));
  on.settle();
  const std::string answer = client.read();
  CHECK(answer.find("before") == std::string::npos);
  CHECK(answer.ends_with("\x81\x06" "behind"));
}

TEST_CASE("auth: whether somebody stands between") {
  struct Row {
    const char* host;
    const char* line;
    bool proxied;
  };
  const Row rows[] = {{"127.0.0.1:8002", "", false}, {"localhost", "", false}, {"[::1]", "", false}, {"evil.example", "", true},
                      {"localhost", "X-Forwarded-For: 127.0.0.1\r\n", true}, {"localhost", "Forwarded: for=127.0.0.1\r\n", true},
                      {"localhost", "Via: 1.1 x\r\n", true}, {"localhost", "x-real-ip: 127.0.0.1\r\n", true}};
  AuthOnFake on;
  std::uint32_t number = 0;
  for (const Row& row : rows) {
    CAPTURE(row.host);
    CAPTURE(row.line);
    Raw client(on, publish_port, ++number);
    std::string request = upgrade_with("/a", row.line);
    request.replace(request.find("Host: sim"), 9, std::string("Host: ") + row.host);
    client.write(request);
    on.settle();
    CHECK(on.last_asked().question.proxied == row.proxied);
    CHECK(on.last_asked().question.use == topic::Use::publish);
  }
}

TEST_CASE("auth: frames behind the request are understood once it is let in, and not before") {
  AuthOnFake on;
  sim::TextClient& heard = on.text_subscriber("/a");
  on.settle();
  on.answer(AuthOnFake::allowing({}, {"**"}));
  REQUIRE(heard.is_open());
  Raw client(on, publish_port, 77);
  client.write(upgrade_with("/a", bearer) + sim::client_frame("one"));
  on.settle();
  client.write(sim::client_frame("two"));
  on.settle();
  CHECK(heard.texts.empty());
  on.answer(AuthOnFake::allowing({"a"}, {}));
  CHECK(heard.texts == sim::Texts{"one", "two"});
}

TEST_CASE("auth: a connection that is not decided keeps no more than one head, and is not read") {
  shard::EngineOptions options;
  options.http.head_bytes_max = 4096;
  AuthOnFake on(options);
  Raw client(on, publish_port, 1);
  client.write(upgrade_with("/a", bearer) + std::string(30'000, 'x'));
  on.settle(5);
  REQUIRE(on.asked().size() == 1);
  CHECK(on.engine->received_bytes() <= 4096);
  CHECK(on.stat(Metric::bytes_received) <= 4096);
}

TEST_CASE("auth: refusals, each with its status, its headers and the end of the connection") {
  struct Row {
    int status;
    const char* challenge;
    const char* expected;
  };
  const Row rows[] = {{401, "Bearer realm=\"broker\"", "WWW-Authenticate: Bearer realm=\"broker\"\r\n"},
                      {403, "Bearer realm=\"broker\", error=\"insufficient_scope\"", "WWW-Authenticate: Bearer realm=\"broker\", error=\"insufficient_scope\"\r\n"},
                      {429, "", "Retry-After: 1\r\n"}, {503, "", "Retry-After: 1\r\n"}};
  for (const Row& row : rows) {
    CAPTURE(row.status);
    AuthOnFake on;
    Raw client(on, subscribe_port, 1);
    client.write(upgrade_with("/a?token=secret", ""));
    on.settle();
    shard::AuthVerdict verdict = AuthOnFake::refusing(row.status, row.challenge);
    verdict.retry_after_s = row.status == 429 || row.status == 503 ? 1 : 0;
    on.answer(std::move(verdict));
    const std::string answer = client.read();
    CHECK(answer.starts_with("HTTP/1.1 " + std::to_string(row.status) + " "));
    CHECK(answer.find(row.expected) != std::string::npos);
    CHECK(answer.find("Retry-After: 1\r\n") == answer.rfind("Retry-After: 1\r\n"));
    CHECK(answer.find("Connection: close\r\n") != std::string::npos);
    CHECK(answer.ends_with("\r\n\r\ntold " + std::to_string(row.status) + "\n"));
    CHECK(on.stat(Metric::auth_refused) == 1);
    CHECK(on.stat(Metric::subscriptions_now) == 0);
    for (const shard::Event& event : on.events) {
      if (const auto* const warning = std::get_if<shard::Warning>(&event)) CHECK(warning->message.find("secret") == std::string::npos);
    }
  }
}

TEST_CASE("auth: the engine itself holds a handshake to its grants, whatever was decided") {
  AuthOnFake on;
  Raw client(on, subscribe_port, 1);
  client.write(upgrade_with("/a?topic=b", bearer));
  on.settle();
  on.answer(AuthOnFake::allowing({"**"}, {"a"}));
  CHECK(client.read().starts_with("HTTP/1.1 403 "));
  CHECK(on.stat(Metric::auth_topics_refused) == 1);
  CHECK(on.stat(Metric::subscriptions_now) == 0);
}

TEST_CASE("auth: `bearer` is answered where it was offered beside a token") {
  AuthOnFake on;
  Raw client(on, subscribe_port, 1);
  client.write(upgrade_with("/a", "Sec-WebSocket-Protocol: chat, bearer, bearer.YWJj\r\n"));
  on.settle();
  shard::AuthVerdict verdict = AuthOnFake::allowing({}, {"a"});
  verdict.answers_bearer = true;
  on.answer(std::move(verdict));
  const std::string answer = client.read();
  CHECK(answer.find("Sec-WebSocket-Protocol: bearer\r\n") != std::string::npos);
  CHECK(answer.find("YWJj") == std::string::npos);
}

TEST_CASE("auth: `token` is a key of the query only where somebody is asked") {
  sim::SessionsOnFake plain;
  Raw refused(plain, subscribe_port, 1);
  refused.write(upgrade_with("/a?token=secret", ""));
  plain.settle();
  const std::string answer = refused.read();
  CHECK(answer.starts_with("HTTP/1.1 400 "));
  CHECK(answer.find("secret") == std::string::npos);
  AuthOnFake on;
  Raw other(on, publish_port, 1);
  other.write(upgrade_with("/a?since=1", ""));
  on.settle();
  CHECK(other.read().starts_with("HTTP/1.1 400 "));
  CHECK(on.asked().empty());
}

TEST_CASE("auth: without an answer in time it is refused, and an answer that is late is nothing") {
  shard::EngineOptions options;
  options.handshake_ms = 1000;
  AuthOnFake on(options);
  Raw client(on, subscribe_port, 1);
  client.write(upgrade_with("/a", bearer));
  on.settle();
  const AskedNow late = on.last_asked();
  for (int i = 0; i < 11; ++i) on.turn(100);
  CHECK(client.read().starts_with("HTTP/1.1 503 "));
  on.answer(late, AuthOnFake::allowing({}, {"a"}));
  on.settle();
  CHECK(client.read() == "");
  CHECK(on.stat(Metric::subscriptions_now) == 0);
  on.answer({late.id + 1, late.question}, AuthOnFake::allowing({}, {"a"}));  // of nobody
  on.answer({0, late.question}, AuthOnFake::refusing(401));
  on.settle();
  CHECK(on.stat(Metric::handshakes_completed) == 0);
}

TEST_CASE("auth: an answer to another question is none to this one, nor a second answer to anything") {
  AuthOnFake on;
  Raw client(on, subscribe_port, 1);
  client.write(upgrade_with("/a", bearer));
  on.settle();
  AskedNow wrong = on.last_asked();
  ++wrong.question.number;
  on.answer(wrong, AuthOnFake::allowing({}, {"**"}));
  on.settle();
  CHECK(client.read() == "");
  on.answer(AuthOnFake::allowing({}, {"**"}));
  CHECK(client.read().starts_with("HTTP/1.1 101 "));
  on.answer(AuthOnFake::refusing(401));
  CHECK(client.read() == "");
  CHECK(on.stat(Metric::connections_now) == 1);
}

TEST_CASE("auth: a peer that goes away before the answer") {
  AuthOnFake on;
  {
    Raw client(on, subscribe_port, 1);
    client.write(upgrade_with("/a", bearer));
    on.settle();
    on.kernel.peer_abort(client.socket);
    on.settle();
  }
  on.answer(AuthOnFake::allowing({}, {"a"}));
  on.settle(10);
  CHECK(on.stat(Metric::connections_now) == 0);
  CHECK(on.stat(Metric::subscriptions_now) == 0);
}

TEST_CASE("auth: while too much waits for who decides, nobody else is asked; then they are") {
  AuthOnFake on;
  on.congested_now = true;
  Raw client(on, subscribe_port, 1);
  client.write(upgrade_with("/a", bearer));
  on.settle(5);
  CHECK(on.asked().empty());
  on.congested_now = false;
  on.settle(5);
  CHECK(on.asked().size() == 1);
}

TEST_CASE("auth: a drain refuses who waits") {
  for (const std::uint16_t code : {std::uint16_t{4100}, std::uint16_t{4200}}) {
    CAPTURE(code);
    shard::EngineOptions options;
    options.session_drain_code = code;
    AuthOnFake on(options);
    Raw client(on, subscribe_port, 1);
    client.write(upgrade_with("/a", bearer));
    on.settle();
    on.engine->drain(500);
    for (int i = 0; i < 200 && on.count<shard::Drained>() == 0; ++i) on.settle(10);
    CHECK(client.read().starts_with("HTTP/1.1 503 "));
    CHECK(on.count<shard::Drained>() == 1);
  }
}

TEST_CASE("auth: a connection ends with its credential, within its tick") {
  AuthOnFake on;
  sim::TextClient& client = on.text_subscriber("/a");
  sim::TextClient& stays = on.text_subscriber("/a");
  on.settle();
  const std::vector<AskedNow> asked = on.asked();
  REQUIRE(asked.size() == 2);
  for (const AskedNow& each : asked) {
    shard::AuthVerdict verdict = AuthOnFake::allowing({}, {"a"});
    if (each.question.peer == client.setup.address.host()) verdict.ends_in_ms = 5000;
    on.answer(each, std::move(verdict));
  }
  on.settle();
  for (int i = 0; i < 49; ++i) on.step(100);
  CHECK(client.is_open());
  CHECK(!client.close_code);
  for (int i = 0; i < 3; ++i) on.step(100);
  CHECK(client.close_code == 1008);
  CHECK(client.close_reason == "token expired");
  CHECK(!stays.close_code);
  CHECK(on.stat(Metric::auth_ended) == 1);
}

TEST_CASE("auth: ends far away are no deadline that has passed") {
  AuthOnFake on;
  sim::TextClient& client = on.text_subscriber("/a");
  on.settle();
  shard::AuthVerdict verdict = AuthOnFake::allowing({}, {"a"});
  verdict.ends_in_ms = UINT64_MAX;
  on.answer(std::move(verdict));
  for (int i = 0; i < 40; ++i) on.step(3'600'000);
  CHECK(client.is_open());
}

TEST_CASE("auth: a wall clock that is set moves the ends, forward and back") {
  AuthOnFake on;
  sim::TextClient& client = on.text_subscriber("/a");
  on.settle();
  shard::AuthVerdict verdict = AuthOnFake::allowing({}, {"a"});
  verdict.ends_in_ms = 100'000;
  on.answer(std::move(verdict));
  on.engine->shift_ends(-10'000);
  on.engine->shift_ends(109'000);
  on.settle();
  CHECK(!client.close_code);
  for (int i = 0; i < 11; ++i) on.step(100);
  CHECK(client.close_code == 1008);
}

TEST_CASE("auth: who stands on what has fallen is closed, spread over the time, and nobody else") {
  AuthOnFake on;
  std::vector<sim::TextClient*> clients;
  for (int i = 0; i < 200; ++i) clients.push_back(&on.text_subscriber("/a"));
  on.settle();
  for (const AskedNow& each : on.asked()) {
    shard::AuthVerdict verdict = AuthOnFake::allowing({}, {"a"});
    verdict.standing = each.question.peer.back() % 2 == 0 ? 7 : 8;
    on.answer(each, std::move(verdict));
  }
  on.settle();
  on.engine->revoke({9, 7}, 2000);
  std::size_t at_half = 0;
  for (int i = 0; i < 25; ++i) {
    on.step(100);
    if (i == 10) at_half = static_cast<std::size_t>(std::count_if(clients.begin(), clients.end(), [](auto* each) { return each->close_code.has_value(); }));
  }
  std::size_t fallen = 0;
  for (const sim::TextClient* const each : clients) {
    const bool falls = each->setup.address.host().back() % 2 == 0;
    CHECK(each->close_code.has_value() == falls);
    if (falls) CHECK(each->close_code == 1008);
    fallen += falls ? 1 : 0;
  }
  CHECK(at_half > fallen / 5);
  CHECK(at_half < fallen * 4 / 5);
}

TEST_CASE("auth: sessions are not asked about, and neither are health checks") {
  AuthOnFake on;
  on.session();
  Raw health(on, subscribe_port, 99);
  health.write("GET /up HTTP/1.1\r\nHost: sim\r\n\r\n");
  on.settle();
  CHECK(on.asked().empty());
  CHECK(on.count<shard::SessionOpened>() == 1);
  CHECK(health.read().starts_with("HTTP/1.1 200 "));
}

TEST_CASE("auth: what has fallen ends when it was told to, whatever the wall clock does") {
  AuthOnFake on;
  sim::TextClient& client = on.text_subscriber("/a");
  on.settle();
  shard::AuthVerdict verdict = AuthOnFake::allowing({}, {"a"});
  verdict.standing = 7;
  verdict.ends_in_ms = 1'000'000;
  on.answer(std::move(verdict));
  on.engine->revoke({7}, 2000);
  on.engine->shift_ends(-3'600'000);  // set back by an hour
  for (int i = 0; i < 31; ++i) on.step(100);
  CHECK(client.close_code == 1008);
}
