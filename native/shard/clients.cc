#include "native/shard/clients.h"

#include <functional>

#include "native/base/check.h"

namespace shard {

namespace {
/// Looked at for each client that is added to those that linger: so their number falls.
constexpr int looked_at = 2;
}  // namespace

Clients::Part& Clients::part_of(const conn::ClientKey& key) {
  std::size_t mixed = std::hash<std::string_view>{}(key.subject);
  for (const std::uint8_t byte : key.address.network) mixed = mixed * 31 + byte;
  return parts_[(mixed ^ mixed >> 8) % part_count];
}

Clients::ClientRef Clients::enter(const conn::ClientKey& key, std::int64_t now_ns) {
  Part& part = part_of(key);
  std::lock_guard guard(part.lock);
  forget(part, now_ns);
  ClientRef& client = part.clients[key];
  if (!client) client = std::make_shared<conn::Client>(key);
  if (options_.connections_max > 0 && client->connections >= options_.connections_max) return nullptr;
  ++client->connections;
  return client;
}

void Clients::leave(const ClientRef& client, std::int64_t now_ns) {
  Part& part = part_of(client->key);
  std::lock_guard guard(part.lock);
  CHECK(client->connections > 0);
  forget(part, now_ns);
  if (--client->connections > 0 || client->lingers) return;
  if (!owes(*client, now_ns)) {
    part.clients.erase(client->key);
    return;
  }
  // Else whoever comes again would begin with a full bucket each time.
  client->lingers = true;
  part.lingering.push_back(client);
  if (part.lingering.size() > lingering_max) forget_first(part);
}

std::size_t Clients::size() {
  std::size_t known = 0;
  for (Part& part : parts_) {
    std::lock_guard guard(part.lock);
    known += part.clients.size();
  }
  return known;
}

bool Clients::owes(const conn::Client& client, std::int64_t now_ns) {
  return client.publications_full_ns.load(std::memory_order_relaxed) > now_ns || client.bytes_full_ns.load(std::memory_order_relaxed) > now_ns;
}

/// Looks at a few of those that linger. Who has come again, or owes something still, stays.
void Clients::forget(Part& part, std::int64_t now_ns) {
  for (int left = looked_at; left > 0 && !part.lingering.empty(); --left) {
    const ClientRef& first = part.lingering.front();
    if (first->connections == 0 && owes(*first, now_ns)) {
      part.lingering.push_back(first);
      part.lingering.pop_front();
      continue;
    }
    forget_first(part);
  }
}

void Clients::forget_first(Part& part) {
  const ClientRef client = std::move(part.lingering.front());
  part.lingering.pop_front();
  client->lingers = false;
  if (client->connections == 0) part.clients.erase(client->key);
}

}  // namespace shard
