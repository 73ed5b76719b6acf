// What the engine tells of sessions and what it is asked to do with one, on the fake kernel.
// Owner: the test. Thread: main.
#include <set>

#include "test/native/sim/sessions_on_fake.h"
#include "test/native/doctest_last.h"

using sim::Client;
using sim::PusherClient;
using sim::SessionsOnFake;
using sim::Texts;

namespace {

/// By their place in shard::Event.
std::vector<std::size_t> kinds_of(const std::vector<shard::Event>& events) {
  std::vector<std::size_t> kinds;
  for (const shard::Event& event : events) kinds.push_back(event.index());
  return kinds;
}

topic::Join join_of(conn::ConnectionId id) {
  topic::Join join;
  join.connection = id;
  return join;
}

}  // namespace

TEST_CASE("sessions: opening, messages and the end are told of in this order, whatever came at once") {
  SessionsOnFake on;
  PusherClient& client = on.session("/app/key?protocol=7");
  client.send_text("came with the request head");
  on.settle();
  client.send_text(R"({"event":"pusher:subscribe","data":{"channel":"c"}})");
  client.send_close(4000);
  on.settle();
  const auto told = on.told_of(client);
  const std::vector<shard::Event> wanted = {shard::Connected{},      shard::SessionOpened{}, shard::SessionMessage{},
                                            shard::SessionMessage{}, shard::SessionEnded{},  shard::Disconnected{}};
  REQUIRE(kinds_of(told) == kinds_of(wanted));
  CHECK(std::get<shard::SessionOpened>(told[1]).target == "/app/key?protocol=7");
  CHECK(std::get<shard::SessionOpened>(told[1]).origin.empty());
  CHECK(std::get<shard::SessionMessage>(told[2]).text == "came with the request head");
  CHECK(!std::get<shard::SessionMessage>(told[2]).over_rate);
  CHECK(std::get<shard::SessionMessage>(told[3]).text == R"({"event":"pusher:subscribe","data":{"channel":"c"}})");
  CHECK(std::get<shard::SessionEnded>(told[4]).code == 4000);
  CHECK(client.close_code == 4000);
  CHECK(on.stat(metrics::Metric::session_messages) == 2);
}

TEST_CASE("sessions: the opening tells the request's origin") {
  SessionsOnFake on;
  const int socket = on.kernel.connect(SessionsOnFake::session_port, sim::address_of(7), 64 * 1024);
  on.kernel.peer_write(socket, base::bytes_of("GET /app/key HTTP/1.1\r\nHost: sim\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                                              "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                                              "Origin: https://a.example\r\n\r\n"));
  on.settle();
  REQUIRE(on.count<shard::SessionOpened>() == 1);
  CHECK(std::get<shard::SessionOpened>(on.events.back()).target == "/app/key");
  CHECK(std::get<shard::SessionOpened>(on.events.back()).origin == "https://a.example");
}

TEST_CASE("sessions: a connection that only hangs up ends its session, with what it said before") {
  SessionsOnFake on;
  PusherClient& client = on.open();
  client.send_text("last words");
  client.step();
  client.vanish();
  on.settle();
  const auto told = on.told_of(client);
  CHECK(on.messages_of(client) == Texts{"last words"});
  CHECK(sim::is<shard::SessionEnded>(told.back()));
  CHECK(on.end_of(client).code == 1006);
}

TEST_CASE("sessions: the texts of each come in their order, fragments joined") {
  SessionsOnFake on;
  std::vector<PusherClient*> clients;
  for (int i = 0; i < 5; ++i) clients.push_back(&on.open());
  std::vector<Texts> sent(clients.size());
  for (int i = 0; i < 300; ++i) {
    const std::size_t who = static_cast<std::size_t>(i * 7) % clients.size();
    sent[who].push_back(std::to_string(i) + std::string(static_cast<std::size_t>(i) * 3, '.'));
    clients[who]->send_text(sent[who].back());
    if (i % 11 == 0) on.settle();
  }
  on.settle();
  for (std::size_t i = 0; i < clients.size(); ++i) CHECK(on.messages_of(*clients[i]) == sent[i]);
}

TEST_CASE("sessions: what is sent to one reaches it alone, in order, and before the close frame") {
  SessionsOnFake on;
  PusherClient& client = on.open();
  PusherClient& other = on.open();
  for (int i = 0; i < 3; ++i) on.send(client, std::to_string(i));
  on.engine->close_session(on.id_of(client), 4009, "not you");
  on.send(client, "too late");
  on.settle();
  CHECK(client.heard("") == Texts{"0", "1", "2"});
  CHECK(client.close_code == 4009);
  CHECK(client.close_reason == "not you");
  CHECK(client.is_over());
  const shard::SessionEnded end = on.end_of(client);
  CHECK(end.code == 4009);
  CHECK(end.reason == "not you");
  CHECK(other.events.empty());
  CHECK(other.is_open());
}

TEST_CASE("sessions: what comes behind our close frame is read for the peer's, and told of to nobody") {
  SessionsOnFake on;
  PusherClient& client = on.open();
  on.engine->close_session(on.id_of(client), 4001, "");
  on.turn();
  client.send_text("did not know yet");
  client.send_event({"client-event", "c", "neither"});
  client.send_application_ping();
  on.settle();
  CHECK(on.messages_of(client).empty());
  CHECK(client.application_pongs == 0);
  CHECK(client.close_code == 4001);
  CHECK(on.count<shard::SessionEnded>() == 1);
}

TEST_CASE("sessions: a binary message is closed with 1003 and not told of") {
  SessionsOnFake on;
  PusherClient& client = on.open();
  client.send_text("text");
  client.send_binary("bytes");
  client.send_text("behind");
  on.settle();
  CHECK(on.messages_of(client) == Texts{"text"});
  CHECK(client.close_code == 1003);
  CHECK(on.end_of(client).code == 1003);
}

TEST_CASE("sessions: an id names one connection for its life, and never its successor") {
  SessionsOnFake on;
  std::set<conn::ConnectionId> ids;
  conn::ConnectionId gone = 0;
  for (int i = 0; i < 200; ++i) {
    PusherClient& client = on.open();
    const conn::ConnectionId id = on.id_of(client);
    CHECK(id != 0);
    CHECK(id < std::uint64_t{1} << 53);
    CHECK(ids.insert(id).second);
    on.engine->send_to_session(gone, sim::frame_of({"private", "", "for another"}));
    on.engine->close_session(gone, 4000, "");
    on.settle();
    CHECK(client.events.empty());
    CHECK(client.is_open());
    client.send_close(1000);
    on.settle();
    gone = id;
  }
  CHECK(on.stat(metrics::Metric::connections_now) == 0);
}

TEST_CASE("sessions: calls that name nobody do nothing") {
  SessionsOnFake on;
  PusherClient& client = on.open();
  for (const conn::ConnectionId id : {conn::ConnectionId{0}, conn::make_id(0, 77, 0), conn::make_id(0, 5000, 1), conn::make_id(63, 0, 0)}) {
    on.engine->accept_session(id, sim::terms_of(1));
    on.engine->send_to_session(id, "bytes");
    CHECK(on.engine->join_topic("t", join_of(id)) == shard::JoinStatus::ok);
    on.engine->leave_topic(id, "t");
    on.engine->close_session(id, 4000, "");
  }
  on.settle();
  CHECK(client.is_open());
  CHECK(client.events.empty());
  on.publish("t", "unheard");
  CHECK(on.stat(metrics::Metric::publications_unheard) == 1);
}

TEST_CASE("sessions: connections of other protocols are not the control plane's") {
  SessionsOnFake on;
  Client& subscriber = on.subscriber("/t");
  on.settle();
  REQUIRE(sim::is<shard::Connected>(on.events.back()));
  const conn::ConnectionId id = sim::id_of(on.events.back());
  on.engine->accept_session(id, sim::terms_of(1));
  on.engine->send_to_session(id, sim::frame_of({"private", "", "x"}));
  on.engine->join_topic("other", join_of(id));
  on.engine->leave_topic(id, "t");
  on.engine->close_session(id, 4000, "");
  on.settle();
  on.publish("other", 10);
  on.publish("t", 10);
  on.settle();
  CHECK(subscriber.messages.size() == 1);
  CHECK(subscriber.trouble.empty());
  CHECK(subscriber.is_open());
}

TEST_CASE("sessions: an engine that ends with sessions, undelivered events and waiting joins leaves nothing behind") {
  SessionsOnFake on;
  PusherClient& client = on.open();
  PusherClient& other = on.open();
  client.send_text("never looked at");
  client.step();
  on.join(client, "c", "hello");
  on.join(other, "c", "hello");
  on.send(other, "on its way");
  on.publish_event("c", "x");
  on.engine.reset();
  CHECK(on.kernel.open_fds() == 0);
  CHECK(on.kernel.mappings() == 0);
}
