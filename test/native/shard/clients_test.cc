// Covers native/shard/clients.cc.
// Owner: the test. Thread: main, and those of one test.
#include "native/shard/clients.h"

#include <atomic>
#include <thread>
#include <vector>

#include "test/native/vendor/doctest.h"

using conn::ClientKey;
using shard::ClientOptions;
using shard::Clients;

namespace {

constexpr std::int64_t second = 1'000'000'000;

ClientKey by_address(const char* text) { return {"", os::Address::parse(text, 1)->limit_key()}; }
ClientKey by_subject(const char* text) { return {text, {}}; }

ClientOptions at_most(std::uint32_t connections_max) {
  ClientOptions options;
  options.connections_max = connections_max;
  return options;
}

}  // namespace

TEST_CASE("clients: so many connections each, by subject or by address") {
  const ClientOptions options = at_most(2);
  Clients clients(options);
  for (const ClientKey& key : {by_address("192.0.2.1"), by_subject("192.0.2.1"), by_subject("alice")}) {
    const Clients::ClientRef first = clients.enter(key, 0);
    REQUIRE(first != nullptr);
    CHECK(clients.enter(key, 0) == first);
    CHECK(clients.enter(key, 0) == nullptr);
    clients.leave(first, 0);
    CHECK(clients.enter(key, 0) == first);
    CHECK(clients.enter(key, 0) == nullptr);
  }
  CHECK(clients.size() == 3);
}

TEST_CASE("clients: nobody is known who has no connection and owes nothing") {
  const ClientOptions options = at_most(2);
  Clients clients(options);
  const Clients::ClientRef client = clients.enter(by_subject("alice"), 0);
  clients.leave(client, 0);
  CHECK(clients.size() == 0);
}

TEST_CASE("clients: who comes again at once goes on with what it has left") {
  const ClientOptions options;
  Clients clients(options);
  Clients::ClientRef client = clients.enter(by_subject("alice"), 0);
  client->publications_full_ns = 3 * second;
  clients.leave(client, 0);
  CHECK(clients.size() == 1);
  const Clients::ClientRef again = clients.enter(by_subject("alice"), second);
  CHECK(again == client);
  clients.leave(again, 2 * second);
  CHECK(clients.size() == 1);
  clients.leave(clients.enter(by_subject("alice"), 3 * second), 3 * second);
  CHECK(clients.size() == 0);
}

TEST_CASE("clients: those that linger are forgotten as others come, and have a bound") {
  const ClientOptions options;
  Clients clients(options);
  const auto pass_by = [&](int number, std::int64_t now_ns, std::int64_t full_ns) {
    const Clients::ClientRef client = clients.enter(by_subject(std::to_string(number).c_str()), now_ns);
    client->bytes_full_ns = full_ns;
    clients.leave(client, now_ns);
  };
  for (int i = 0; i < 200'000; ++i) pass_by(i, 0, second);
  CHECK(clients.size() <= 16 * Clients::lingering_max);
  CHECK(clients.size() > Clients::lingering_max);
  for (int i = 0; i < 200'000; ++i) pass_by(i, second, 0);
  CHECK(clients.size() == 0);
}

TEST_CASE("clients: threads share one account") {
  const ClientOptions options = at_most(100);
  Clients clients(options);
  std::atomic<int> refused{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 1000; ++j) {
        const Clients::ClientRef client = clients.enter(by_subject("alice"), j);
        if (!client) refused.fetch_add(1, std::memory_order_relaxed);
        else if (j % 10 != 0) clients.leave(client, j);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(refused.load() >= 300);
  CHECK(clients.enter(by_subject("alice"), 0) == nullptr);
  CHECK(clients.enter(by_subject("bob"), 0) != nullptr);
}
