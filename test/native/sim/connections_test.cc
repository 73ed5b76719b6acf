// Who is connected, what each says and gets, and ending one, on the fake kernel: covers native/shard/connection_search.cc.
// Owner: the test. Thread: main.
#include <algorithm>

#include "native/shard/connection_search.h"
#include "test/native/sim/raw_on_fake.h"
#include "test/native/doctest_last.h"

using metrics::Metric;
using shard::ConnectionOrder;
using shard::ConnectionQuery;
using shard::ConnectionRow;
using sim::Client;
using sim::GrpcClient;
using sim::PusherClient;
using sim::SessionsOnFake;
using sim::TextClient;

namespace {

class Place : public SessionsOnFake {
 public:
  using SessionsOnFake::SessionsOnFake;

  struct Answer {
    std::uint64_t matches = 0;
    std::vector<ConnectionRow> rows;
  };

  /// As the control plane puts the shards' answers together.
  Answer list(const ConnectionQuery& query = {}) {
    engine->find_connections(++asked_, query);
    settle();
    Answer answer;
    unsigned answers = 0;
    for (const shard::Event& event : events) {
      const auto* const listed = std::get_if<shard::ConnectionsListed>(&event);
      if (listed == nullptr || listed->ask != asked_) continue;
      ++answers;
      answer.matches += listed->matches;
      answer.rows.insert(answer.rows.end(), listed->rows.begin(), listed->rows.end());
    }
    CHECK(answers == engine->shards());
    std::stable_sort(answer.rows.begin(), answer.rows.end(), [](const ConnectionRow& a, const ConnectionRow& b) { return a.place.is_before(b.place); });
    return answer;
  }
  ConnectionRow row_of(const os::Address& peer, const ConnectionQuery& query = {}) {
    for (const ConnectionRow& row : list(query).rows) {
      if (row.peer == peer.text()) return row;
    }
    CHECK(!"it is listed");
    return {};
  }
  bool remove(conn::ConnectionId id) {
    if (!engine->remove_connection(++asked_, id)) return false;
    settle();
    for (const shard::Event& event : events) {
      const auto* const removed = std::get_if<shard::ConnectionRemoved>(&event);
      if (removed != nullptr && removed->ask == asked_) return removed->found;
    }
    CHECK(!"it is answered");
    return false;
  }

 private:
  std::uint64_t asked_ = 0;
};

ConnectionQuery by(ConnectionOrder order, std::size_t limit = 100) {
  ConnectionQuery query;
  query.order = order;
  query.limit = limit;
  return query;
}

std::vector<std::uint64_t> ids_of(const std::vector<ConnectionRow>& rows) {
  std::vector<std::uint64_t> ids;
  for (const ConnectionRow& row : rows) ids.push_back(row.place.id);
  return ids;
}

}  // namespace

TEST_CASE("connections: what each of them is, says and gets, on every protocol") {
  Place on;
  TextClient& subscriber = on.text_subscriber("/t");
  Client& publisher = on.publisher("/t");
  PusherClient& session = on.open();
  on.join(session, "c");
  GrpcClient& grpc = on.grpc();
  grpc.subscribe("t");
  on.settle();
  const auto stream = grpc.begin_publish("u");
  for (int i = 0; i < 3; ++i) publisher.send_message(sim::payload_of({0, 0, static_cast<unsigned>(i)}, 10));
  for (int i = 0; i < 5; ++i) grpc.publish(stream, i, "x");
  on.publish_event("c", "hello");
  on.settle();

  const ConnectionRow heard = on.row_of(subscriber.setup.address);
  CHECK(heard.protocol == codec::ProtocolId::websocket_subscribe);
  CHECK(heard.listener == 1);
  CHECK(heard.is_open);
  CHECK(heard.accepted_s == 784'111'777);
  CHECK(heard.topics == std::vector<std::string>{"t"});
  CHECK(heard.messages_out == 3);
  CHECK(heard.messages_in == 0);
  CHECK(heard.pending_bytes == 0);
  CHECK(heard.bytes_out > 3 * 10);

  const ConnectionRow said = on.row_of(publisher.setup.address);
  CHECK(said.publishes_to == "t");
  CHECK(said.messages_in == 3);
  CHECK(said.messages_out == 0);
  CHECK(said.topics.empty());
  CHECK(said.bytes_in > 3 * 10);

  CHECK(on.row_of(session.setup.address).topics == std::vector<std::string>{"pusher/1/c"});
  CHECK(on.row_of(session.setup.address).messages_out == 1);
  on.leave(session, "c");
  on.settle();
  CHECK(on.row_of(session.setup.address).subscriptions == 0);
  CHECK(on.row_of(session.setup.address).messages_out == 1);

  const ConnectionRow both = on.row_of(grpc.setup.address);
  CHECK(both.protocol == codec::ProtocolId::grpc);
  CHECK(both.messages_in == 5);
  CHECK(both.messages_out == 3);
  CHECK(both.publishes_to == "u");
  CHECK(both.subscriptions == 1);
}

TEST_CASE("connections: what somebody was not given does not count as given") {
  Place on;
  PusherClient& sender = on.open(sim::terms_of(100));
  PusherClient& listener = on.open();
  on.join_to_publish(sender, "c");
  on.join(listener, "c");
  on.settle();
  for (int i = 0; i < 4; ++i) sender.send_event({"client-e", "c", "x"});
  on.publish_event("c", "for all");
  on.settle();
  CHECK(on.row_of(listener.setup.address).messages_out == 5);
  CHECK(on.row_of(sender.setup.address).messages_out == 1);
  CHECK(on.row_of(sender.setup.address).messages_in == 4);
}

TEST_CASE("connections: what waits for one that does not read") {
  Place on;
  TextClient& stuck = on.text_subscriber("/t", 4096);
  on.settle();
  stuck.pace = sim::Pace::stuck;
  for (int i = 0; i < 10; ++i) on.publish("t", std::string(2000, 'x'));
  on.settle();
  const ConnectionRow row = on.row_of(stuck.setup.address);
  CHECK(row.pending_bytes >= 19'000);
  CHECK(row.pending_bytes <= 21'000);
  CHECK(row.messages_out <= 3);
}

TEST_CASE("connections: conditions") {
  Place on;
  for (int i = 0; i < 3; ++i) on.text_subscriber("/prices/" + std::to_string(i));
  on.text_subscriber("/other");
  on.publisher("/prices/1");
  on.settle();
  const auto matching = [&](auto set) {
    ConnectionQuery query;
    set(query);
    return on.list(query).matches;
  };
  CHECK(matching([](ConnectionQuery&) {}) == 5);
  CHECK(matching([](ConnectionQuery& query) { query.topic = "prices/"; }) == 4);
  CHECK(matching([](ConnectionQuery& query) { query.topic = "prices/1"; }) == 2);
  CHECK(matching([](ConnectionQuery& query) { query.protocol = codec::ProtocolId::websocket_publish; }) == 1);
  CHECK(matching([](ConnectionQuery& query) { query.listener = 1; }) == 4);
  CHECK(matching([](ConnectionQuery& query) { query.peer = "10.0.0.2:"; }) == 1);
  CHECK(matching([](ConnectionQuery& query) { query.peer = "10."; }) == 5);
  CHECK(matching([](ConnectionQuery& query) { query.subject = "alice"; }) == 0);
}

TEST_CASE("connections: orders and pages, over shards") {
  for (const unsigned shards : {1u, 3u}) {
    shard::EngineOptions options;
    options.shards = shards;
    Place on(options);
    std::vector<Client*> publishers;
    for (int i = 0; i < 40; ++i) publishers.push_back(&on.publisher("/t"));
    on.settle();
    for (std::size_t i = 0; i < publishers.size(); ++i) {
      for (std::size_t k = 0; k < i % 7; ++k) publishers[i]->send_message(sim::payload_of({0, 0, static_cast<unsigned>(k)}, 10 + i));
    }
    on.settle();
    for (const ConnectionOrder order : {ConnectionOrder::id, ConnectionOrder::age, ConnectionOrder::messages_in, ConnectionOrder::bytes_in,
                                        ConnectionOrder::bytes_out, ConnectionOrder::pending_bytes, ConnectionOrder::throttled_ms}) {
      CAPTURE(static_cast<int>(order));
      const std::vector<std::uint64_t> all = ids_of(on.list(by(order)).rows);
      CHECK(all.size() == 40);
      std::vector<std::uint64_t> paged;
      ConnectionQuery query = by(order, 7);
      for (int page = 0; page < 10; ++page) {
        Place::Answer answer = on.list(query);
        CHECK(answer.matches == 40);
        if (answer.rows.empty()) break;
        answer.rows.resize(std::min<std::size_t>(7, answer.rows.size()));
        for (const ConnectionRow& row : answer.rows) paged.push_back(row.place.id);
        query.after = answer.rows.back().place;
      }
      CHECK(paged == all);
    }
    const auto most = on.list(by(ConnectionOrder::messages_in, 3)).rows;
    CHECK(most.front().messages_in == 6);
  }
}

TEST_CASE("connections: looking at many takes many turns, and each of them little") {
  shard::EngineOptions options;
  options.connections_max = 5000;
  Place on(options);
  for (int i = 0; i < 3000; ++i) on.kernel.connect(8002, sim::address_of(static_cast<std::uint32_t>(i)), 4096);
  for (int i = 0; i < 100 && on.stat(Metric::connections_now) < 3000; ++i) on.settle();
  REQUIRE(on.stat(Metric::connections_now) == 3000);
  on.engine->find_connections(1, {});
  on.turn();
  CHECK(on.count<shard::ConnectionsListed>() == 0);
  int turns = 1;
  while (on.count<shard::ConnectionsListed>() == 0 && turns < 100) on.turn(), ++turns;
  CHECK(turns >= static_cast<int>(3000 / shard::ConnectionSearch::slots_per_turn));
  CHECK(turns < 20);
}

TEST_CASE("connections: ending one says so in its protocol's words, and the others stay") {
  Place on;
  TextClient& subscriber = on.text_subscriber("/t");
  TextClient& neighbour = on.text_subscriber("/t");
  PusherClient& session = on.open();
  GrpcClient& grpc = on.grpc();
  const auto heard = grpc.subscribe("t");
  on.settle();
  CHECK(on.remove(on.row_of(subscriber.setup.address).place.id));
  CHECK(on.remove(on.row_of(session.setup.address).place.id));
  CHECK(on.remove(on.row_of(grpc.setup.address).place.id));
  CHECK(subscriber.close_code == 1008);
  CHECK(subscriber.close_reason == "closed by the operator");
  CHECK(session.close_code == 4100);
  CHECK(session.events.back().name == "pusher:error");
  CHECK(grpc.streams[heard].status == 14);
  CHECK(grpc.streams[heard].status_text == "closed by the operator");
  CHECK(neighbour.is_open());
  CHECK(on.stat(Metric::connections_removed) == 3);
}

TEST_CASE("connections: ending one that is gone, one of no shard, and one that has said nothing") {
  Place on;
  TextClient& subscriber = on.text_subscriber("/t");
  on.settle();
  const auto id = on.row_of(subscriber.setup.address).place.id;
  CHECK(on.remove(id));
  CHECK_FALSE(on.remove(id));
  CHECK_FALSE(on.remove(UINT64_MAX >> 11));
  sim::Raw silent(on, 8002, 900);
  on.settle();
  const ConnectionRow row = on.row_of(sim::address_of(900));
  CHECK_FALSE(row.is_open);
  CHECK(on.remove(row.place.id));
  CHECK(on.kernel.peer_at_end(silent.socket));
}
