// Covers native/shard/address_limit.cc.
// Owner: the test. Thread: main, and those of one test.
#include "native/shard/address_limit.h"

#include <array>
#include <atomic>
#include <string>
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

TEST_CASE("address limit: so many handshakes a second, as many again are told, and the others are not") {
  constexpr std::int64_t ms = 1'000'000;
  AddressLimit limit(1000, 10);
  const os::Address one = address("192.0.2.1");
  std::array<int, 5> seen{};
  for (int i = 0; i < 100; ++i) {
    const Admission admission = limit.take(one, 0);
    ++seen[static_cast<std::size_t>(admission)];
    if (has_place(admission)) limit.release(one, 0);
  }
  CHECK(seen[static_cast<std::size_t>(Admission::within)] == 10);
  CHECK(seen[static_cast<std::size_t>(Admission::over_rate)] == 10);
  CHECK(seen[static_cast<std::size_t>(Admission::beyond_rate)] == 80);
  CHECK(limit.take(address("192.0.2.2"), 0) == Admission::within);
  CHECK(limit.take(one, 99 * ms) == Admission::beyond_rate);
  CHECK(limit.take(one, 100 * ms) == Admission::within);
  CHECK(limit.take(one, 100 * ms) == Admission::over_rate);
  CHECK(limit.take(one, 5000 * ms) == Admission::within);
}

TEST_CASE("address limit: who has no connection is forgotten when its second is over") {
  constexpr std::int64_t second = 1'000'000'000;
  AddressLimit limit(1000, 10);
  for (int i = 0; i < 1000; ++i) {
    const os::Address from = address(("10.0." + std::to_string(i / 250) + '.' + std::to_string(i % 250)).c_str());
    CHECK(limit.take(from, 0) == Admission::within);
    limit.release(from, 0);
  }
  CHECK(limit.size() == 1000);
  const os::Address other = address("192.0.2.1");
  for (int i = 0; i < 500; ++i) {
    limit.take(other, second);
    CHECK(limit.size() == 1000 - 2 * static_cast<std::size_t>(i + 1) + 1);
  }
}

TEST_CASE("address limit: those that are remembered have a bound") {
  AddressLimit limit(1000, 10);
  for (std::uint32_t i = 0; i < 100'000; ++i) {
    os::Address from;
    from.bytes = {10, static_cast<std::uint8_t>(i >> 16), static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i)};
    CHECK(limit.take(from, 0) == Admission::within);
    limit.release(from, 0);
  }
  CHECK(limit.size() == AddressLimit::lingering_max);
}
