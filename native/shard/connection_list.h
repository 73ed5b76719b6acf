// What is asked about connections, and what is told of each.
// Owner: values; a query is shared by the shards that are asked. Thread: any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "native/codec/protocol.h"
#include "native/conn/connection_id.h"

namespace shard {

/// By what they are put in order: the largest first, then by id.
enum class ConnectionOrder : std::uint8_t { id, age, messages_in, messages_out, bytes_in, bytes_out, pending_bytes, throttled_ms };

/// Where a connection stands in an order.
struct ConnectionPlace {
  std::uint64_t value = 0;
  conn::ConnectionId id = 0;

  bool is_before(const ConnectionPlace& other) const { return value != other.value ? value > other.value : id < other.id; }
};

/// What is empty, or nothing, is no condition.
struct ConnectionQuery {
  std::optional<codec::ProtocolId> protocol;
  std::optional<std::uint16_t> listener;  // its index in EngineOptions::listeners
  std::string peer;                       // its text begins so
  std::string topic;                      // it publishes to, or is subscribed to, a topic whose name begins so
  std::string subject;                    // whole
  ConnectionOrder order = ConnectionOrder::id;
  std::size_t limit = 100;                // 1..10000, of each shard
  std::optional<ConnectionPlace> after;   // only those behind it
};

struct ConnectionRow {
  ConnectionPlace place;
  codec::ProtocolId protocol{};
  std::uint16_t listener = 0;
  std::uint32_t accepted_s = 0;  // since 1970
  bool is_open = false;          // its handshake is over
  bool is_closing = false;
  bool throttled = false;        // it rests because of a rate
  std::string peer;
  std::string subject;             // empty: it has none
  std::vector<std::string> topics;  // the first of them
  std::uint64_t subscriptions = 0;
  std::string publishes_to;        // empty: to none, so far
  std::uint64_t messages_in = 0;
  std::uint64_t messages_out = 0;
  std::optional<std::uint64_t> bytes_in;   // nothing: its kernel does not count
  std::optional<std::uint64_t> bytes_out;  // that have arrived
  std::uint64_t pending_bytes = 0;
  std::uint64_t throttled_ms = 0;  // with the present rest
};

}  // namespace shard
