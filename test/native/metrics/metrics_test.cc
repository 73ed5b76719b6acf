// Covers native/metrics: every row is counted apart and has a name.
// Owner: the test. Thread: main, and one reader where it says so.
#include "native/metrics/metrics.h"

#include <set>
#include <string>
#include <thread>

#include "test/native/vendor/doctest.h"

using metrics::Metric;

TEST_CASE("metrics: every row is a counter of its own") {
  metrics::Block block;
  for (std::size_t i = 0; i < metrics::metric_count; ++i) block.add(static_cast<Metric>(i), static_cast<std::int64_t>(i));
  for (std::size_t i = 0; i < metrics::metric_count; ++i) CHECK(block.get(static_cast<Metric>(i)) == static_cast<std::int64_t>(i));
  block.add(Metric::connections_now, -5);
  block.add(Metric::connections_now);
  CHECK(block.get(Metric::connections_now) == static_cast<std::int64_t>(Metric::connections_now) - 4);
}

TEST_CASE("metrics: names are lower case words, each once, and each row says what it counts") {
  std::set<std::string> names;
  const auto check = [&](const metrics::Explained& row) {
    CAPTURE(row.name);
    CHECK(names.insert(row.name).second);
    CHECK(std::string(row.name).find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string::npos);
    CHECK(std::string(row.help).size() > 10);
  };
  for (const metrics::Explained& row : metrics::metric_rows) check(row);
  for (const metrics::Explained& row : metrics::shared_metric_rows) check(row);
}

TEST_CASE("metrics: another thread may read while the owner writes") {
  metrics::Block block;
  std::thread owner([&] {
    for (int i = 0; i < 50'000; ++i) block.add(Metric::turns);
  });
  std::int64_t last = 0;
  bool falls = false;
  while (last < 50'000) {
    const std::int64_t now = block.get(Metric::turns);
    falls = falls || now < last;
    last = now;
  }
  owner.join();
  CHECK(!falls);
}
