// Covers native/shard/rates.cc.
// Owner: the test. Thread: main, and those of one test.
#include "native/shard/rates.h"

#include <thread>
#include <vector>

#include "test/native/vendor/doctest.h"

using conn::Account;
using shard::ClientOptions;
using shard::OverRate;
using shard::OverWhat;
using shard::Rates;

namespace {
constexpr std::int64_t second = 1'000'000'000;
constexpr std::int64_t start = 1000 * second;
}  // namespace

TEST_CASE("rates: without limits nothing is asked") {
  const Rates rates{ClientOptions{}};
  CHECK_FALSE(rates.any());
  CHECK_FALSE(rates.throttles());
  CHECK_FALSE(rates.closes());
}

TEST_CASE("rates: what is over is told, publications first") {
  ClientOptions options;
  options.connection = {10, 1000};
  options.over_rate = OverRate::close;
  const Rates rates(options);
  CHECK(rates.closes());
  Account account;
  CHECK(rates.over(account, start) == OverWhat::nothing);
  rates.take_bytes(account, start, 1000);
  CHECK(rates.over(account, start) == OverWhat::bytes);
  CHECK_FALSE(rates.owes_bytes(account, start));
  rates.take_bytes(account, start, 1);
  CHECK(rates.owes_bytes(account, start));
  CHECK_FALSE(rates.is_over_publications(account, start));
  for (int i = 0; i < 10; ++i) rates.take_publication(account, start);
  CHECK(rates.over(account, start) == OverWhat::publications);
  CHECK(rates.is_over_publications(account, start));
  CHECK(rates.wait_ns(account, start) == second / 10);
  CHECK(rates.over(account, start + second) == OverWhat::nothing);
}

TEST_CASE("rates: no more is read than both buckets have") {
  ClientOptions options;
  options.connection.bytes_per_second_max = 1000;
  options.client.bytes_per_second_max = 2000;
  const Rates rates(options);
  const auto client = std::make_shared<conn::Client>(conn::ClientKey{"alice", {}});
  Account one;
  Account other;
  one.client = other.client = client;
  CHECK(rates.bytes_left(one, start, 64'000) == 1000);
  CHECK(rates.bytes_left(one, start, 100) == 100);
  rates.take_bytes(one, start, 1000);
  CHECK(rates.bytes_left(one, start, 64'000) == 0);
  CHECK(rates.bytes_left(other, start, 64'000) == 1000);
  rates.take_bytes(other, start, 600);
  CHECK(rates.bytes_left(other, start, 64'000) == 400);
  Account nobodys;
  CHECK(rates.bytes_left(nobodys, start, 64'000) == 1000);
}

TEST_CASE("rates: a client's bucket is exact, whatever shards take from it at once") {
  ClientOptions options;
  options.client.publications_per_second_max = 1000;
  const Rates rates(options);
  const auto client = std::make_shared<conn::Client>(conn::ClientKey{"alice", {}});
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      Account account;
      account.client = client;
      for (int j = 0; j < 10'000; ++j) rates.take_publication(account, start);
    });
  }
  for (std::thread& thread : threads) thread.join();
  Account account;
  account.client = client;
  CHECK(rates.wait_ns(account, start) == 39 * second + second / 1000);
}
