// What is counted of one connection, and what its client may still do. A connection has an account once it publishes, and from its
// opening on where clients have limits.
// Owner: its connection; a Client: all connections of it, and the table of clients (native/shard/clients.h). Thread: that connection's
// shard; of a Client any.
#pragma once

#include <atomic>
#include <compare>
#include <cstdint>
#include <memory>
#include <string>

#include "native/os/address.h"

namespace conn {

/// Who a client is: the subject of its credential, or the address that it comes from when it has none.
struct ClientKey {
  std::string subject;  // empty: the address counts
  os::LimitKey address;

  friend auto operator<=>(const ClientKey&, const ClientKey&) = default;
};

/// What all connections of a client have used together: two token buckets (base::Pace) that shards share without a lock.
struct Client {
  explicit Client(ClientKey client_key) : key(std::move(client_key)) {}

  const ClientKey key;
  /// Relaxed: each is a whole state, and carries nothing else.
  std::atomic<std::int64_t> publications_full_ns{0};
  std::atomic<std::int64_t> bytes_full_ns{0};
  // Guarded by its part of the table:
  std::uint32_t connections = 0;
  bool lingers = false;  // queued to be forgotten when its buckets are full
};

struct Account {
  std::shared_ptr<Client> client;  // null: nothing is shared with other connections
  std::int64_t publications_full_ns = 0;
  std::int64_t bytes_full_ns = 0;
  std::uint64_t messages_in = 0;
  std::uint64_t messages_out = 0;  // of subscriptions that have ended
  std::uint64_t throttled_ms = 0;  // of rests that are over
  std::uint32_t throttled_since_ms = 0;
  std::uint32_t resume_ms = 0;     // when it may be read again
  bool throttled = false;          // it is not read because of a rate
};

}  // namespace conn
