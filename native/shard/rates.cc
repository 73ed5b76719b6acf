#include "native/shard/rates.h"

#include <algorithm>
#include <atomic>

namespace shard {

using base::Pace;
using conn::Account;

namespace {

void take(const Pace& pace, std::int64_t& full_ns, std::int64_t now_ns, std::int64_t count) {
  if (pace.limits()) full_ns = pace.take(full_ns, now_ns, count);
}

/// Of a bucket that shards share: whoever is second takes from what the first has left.
void take(const Pace& pace, std::atomic<std::int64_t>& full_ns, std::int64_t now_ns, std::int64_t count) {
  if (!pace.limits()) return;
  std::int64_t before = full_ns.load(std::memory_order_relaxed);
  while (!full_ns.compare_exchange_weak(before, pace.take(before, now_ns, count), std::memory_order_relaxed)) {
  }
}

std::int64_t wait(const Pace& pace, std::int64_t full_ns, std::int64_t now_ns) { return pace.limits() ? pace.wait_ns(full_ns, now_ns) : 0; }

std::int64_t left(const Pace& pace, std::int64_t full_ns, std::int64_t now_ns, std::int64_t most) {
  return pace.limits() ? std::min(most, pace.left(full_ns, now_ns)) : most;
}

}  // namespace

Rates::Rates(const ClientOptions& options)
    : connection_{Pace(options.connection.publications_per_second_max), Pace(options.connection.bytes_per_second_max)},
      client_{Pace(options.client.publications_per_second_max), Pace(options.client.bytes_per_second_max)},
      over_rate_(options.over_rate),
      any_(options.of_rates()) {}

void Rates::take_publication(Account& account, std::int64_t now_ns) const {
  take(connection_.publications, account.publications_full_ns, now_ns, 1);
  if (account.client) take(client_.publications, account.client->publications_full_ns, now_ns, 1);
}

void Rates::take_bytes(Account& account, std::int64_t now_ns, std::size_t bytes) const {
  const auto count = static_cast<std::int64_t>(bytes);
  take(connection_.bytes, account.bytes_full_ns, now_ns, count);
  if (account.client) take(client_.bytes, account.client->bytes_full_ns, now_ns, count);
}

std::int64_t Rates::publications_wait_ns(const Account& account, std::int64_t now_ns) const {
  const std::int64_t own_ns = wait(connection_.publications, account.publications_full_ns, now_ns);
  if (!account.client) return own_ns;
  return std::max(own_ns, wait(client_.publications, account.client->publications_full_ns.load(std::memory_order_relaxed), now_ns));
}

std::int64_t Rates::bytes_wait_ns(const Account& account, std::int64_t now_ns) const {
  const std::int64_t own_ns = wait(connection_.bytes, account.bytes_full_ns, now_ns);
  if (!account.client) return own_ns;
  return std::max(own_ns, wait(client_.bytes, account.client->bytes_full_ns.load(std::memory_order_relaxed), now_ns));
}

std::int64_t Rates::wait_ns(const Account& account, std::int64_t now_ns) const {
  return std::max(publications_wait_ns(account, now_ns), bytes_wait_ns(account, now_ns));
}

OverWhat Rates::over(const Account& account, std::int64_t now_ns) const {
  if (publications_wait_ns(account, now_ns) > 0) return OverWhat::publications;
  return bytes_wait_ns(account, now_ns) > 0 ? OverWhat::bytes : OverWhat::nothing;
}

bool Rates::owes_bytes(const Account& account, std::int64_t now_ns) const {
  if (left(connection_.bytes, account.bytes_full_ns, now_ns, 0) < 0) return true;
  return account.client && left(client_.bytes, account.client->bytes_full_ns.load(std::memory_order_relaxed), now_ns, 0) < 0;
}

std::size_t Rates::bytes_left(const Account& account, std::int64_t now_ns, std::size_t most) const {
  std::int64_t bytes = left(connection_.bytes, account.bytes_full_ns, now_ns, static_cast<std::int64_t>(most));
  if (account.client) bytes = left(client_.bytes, account.client->bytes_full_ns.load(std::memory_order_relaxed), now_ns, bytes);
  return bytes > 0 ? static_cast<std::size_t>(bytes) : 0;
}

}  // namespace shard
