// Covers native/conn/connection_table.h.
// Owner: the test. Thread: main.
#include "native/conn/connection_table.h"

#include <map>
#include <random>

#include "test/native/doctest_last.h"

using conn::Connection;
using conn::ConnectionTable;

namespace {

Connection& add(ConnectionTable& table) {
  Connection& connection = table.add();
  connection.state = conn::State::open;
  return connection;
}

}  // namespace

TEST_CASE("connection table: a token finds its connection until it is gone, and never its successor") {
  ConnectionTable table;
  Connection& first = add(table);
  const std::uint64_t token = ConnectionTable::token(first);
  CHECK(table.find(token) == &first);
  first.close_code = 1000;
  first.outbound_for_writing();
  table.remove(first);
  CHECK(table.find(token) == nullptr);
  Connection& second = add(table);
  CHECK(&second == &first);
  CHECK(second.close_code == 0);
  CHECK(!second.has_outbound());
  CHECK(table.find(token) == nullptr);
  CHECK(table.find(ConnectionTable::token(second)) == &second);
}

TEST_CASE("connection table: tokens of nobody find nobody") {
  ConnectionTable table;
  CHECK(table.find(0) == nullptr);
  CHECK(table.find(UINT64_MAX) == nullptr);
  add(table);
  CHECK(table.find(UINT64_MAX) == nullptr);
  CHECK(table.find(UINT64_MAX - 1024) == nullptr);
  CHECK(table.find(5) == nullptr);
}

TEST_CASE("connection table: addresses stay, whatever comes and goes") {
  std::mt19937 random(7);
  ConnectionTable table;
  std::map<std::uint64_t, Connection*> present;
  for (int i = 0; i < 20'000; ++i) {
    if (present.empty() || random() % 5 < 3) {
      Connection& connection = add(table);
      const bool fresh = present.try_emplace(ConnectionTable::token(connection), &connection).second;
      CHECK(fresh);
    } else {
      auto victim = present.begin();
      std::advance(victim, static_cast<std::ptrdiff_t>(random() % std::min<std::size_t>(present.size(), 50)));
      REQUIRE(table.find(victim->first) == victim->second);
      table.remove(*victim->second);
      present.erase(victim);
    }
  }
  CHECK(table.size() == present.size());
  for (const auto& [token, connection] : present) CHECK(table.find(token) == connection);
}

TEST_CASE("connection table: an id finds its connection until it is gone, and never its successor or another shard's") {
  ConnectionTable table;
  const auto add_as = [&](unsigned shard) -> Connection& {
    Connection& connection = add(table);
    connection.id = conn::make_id(shard, connection.slot, connection.generation);
    return connection;
  };
  Connection& first = add_as(2);
  const conn::ConnectionId id = first.id;
  CHECK(table.find_id(id) == &first);
  CHECK(table.find_id(conn::make_id(1, first.slot, first.generation)) == nullptr);
  CHECK(table.find_id(conn::make_id(2, first.slot, first.generation + 1)) == nullptr);
  table.remove(first);
  CHECK(table.find_id(id) == nullptr);
  Connection& second = add_as(2);
  REQUIRE(&second == &first);
  CHECK(table.find_id(id) == nullptr);
  CHECK(table.find_id(second.id) == &second);
}

TEST_CASE("connection table: ids of nobody find nobody") {
  ConnectionTable table;
  CHECK(table.find_id(0) == nullptr);
  CHECK(table.find_id(UINT64_MAX) == nullptr);
  Connection& connection = add(table);  // its id is not given yet
  CHECK(table.find_id(conn::make_id(0, connection.slot, connection.generation)) == nullptr);
  CHECK(table.find_id(conn::make_id(0, 127, 0)) == nullptr);
  CHECK(table.find_id(conn::make_id(0, 128, 0)) == nullptr);
  CHECK(table.find_id(UINT64_MAX) == nullptr);
}
