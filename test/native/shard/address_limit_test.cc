// Covers native/shard/address_limit.cc.
// Owner: the test. Thread: main, and those of one test.
#include "native/shard/address_limit.h"

#include <atomic>
#include <thread>
#include <vector>

#include "test/native/vendor/doctest.h"

using shard::Admission;
using shard::AddressLimit;

namespace {
os::Address address(const char* text) { return *os::Address::parse(text, 1); }
}  // namespace

TEST_CASE("address limit: so many within, 32 to be told, and none beyond") {
  AddressLimit limit(2);
  const os::Address one = address("192.0.2.1");
  for (int i = 0; i < 2; ++i) CHECK(limit.take(one) == Admission::within);
  for (int i = 0; i < 32; ++i) CHECK(limit.take(one) == Admission::over);
  for (int i = 0; i < 5; ++i) CHECK(limit.take(one) == Admission::beyond);
  CHECK(limit.take(address("192.0.2.2")) == Admission::within);
  limit.release(one);
  CHECK(limit.take(one) == Admission::over);
  CHECK(limit.take(one) == Admission::beyond);
  for (int i = 0; i < 33; ++i) limit.release(one);
  CHECK(limit.take(one) == Admission::within);
  CHECK(limit.take(one) == Admission::over);
}

TEST_CASE("address limit: a mapped address and a /64 count as one") {
  AddressLimit limit(1);
  CHECK(limit.take(address("::ffff:192.0.2.1")) == Admission::within);
  CHECK(limit.take(address("192.0.2.1")) == Admission::over);
  CHECK(limit.take(address("2001:db8::1")) == Admission::within);
  CHECK(limit.take(address("2001:db8::2")) == Admission::over);
}

TEST_CASE("address limit: threads share one account") {
  AddressLimit limit(1000);
  std::atomic<int> within{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 1000; ++j) {
        if (limit.take(address("192.0.2.1")) == Admission::within) within.fetch_add(1, std::memory_order_relaxed);
        limit.take(address("192.0.2.9"));
        limit.release(address("192.0.2.9"));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(within.load() == 1000);
  CHECK(limit.take(address("192.0.2.9")) == Admission::within);
}
