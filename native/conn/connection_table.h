// Connections by slot; addresses are stable, places are used again under a new generation, so that an event or a message
// for a connection that is gone never reaches its successor.
// Owner: a shard. Thread: that shard.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "native/conn/connection.h"

namespace conn {

class ConnectionTable {
 public:
  Connection& add() {
    if (free_.empty()) grow();
    Connection& connection = at(free_.back());
    free_.pop_back();
    ++used_;
    return connection;
  }

  void remove(Connection& connection) {
    CHECK(connection.state != State::free && &connection == &at(connection.slot));
    CHECK(connection.subscriptions.size() == 0);  // a slice would go on writing to its descriptor
    const std::uint32_t slot = connection.slot;
    const std::uint32_t generation = connection.generation + 1;
    connection = Connection{};
    connection.slot = slot;
    connection.generation = generation;
    free_.push_back(slot);
    CHECK(used_ > 0);
    --used_;
  }

  Connection& at(std::uint32_t slot) { return (*chunks_[slot / chunk_size])[slot % chunk_size]; }
  const Connection& at(std::uint32_t slot) const { return (*chunks_[slot / chunk_size])[slot % chunk_size]; }

  /// What the poller gives back for a connection. Slots stay below `special_token`.
  static std::uint64_t token(const Connection& connection) {
    return (std::uint64_t{connection.generation} << 32) | connection.slot;
  }
  /// Null when the connection of that token is gone.
  Connection* find(std::uint64_t token) {
    const auto slot = static_cast<std::uint32_t>(token);
    if (slot >= chunks_.size() * chunk_size) return nullptr;
    Connection& connection = at(slot);
    if (connection.state == State::free || connection.generation != token >> 32) return nullptr;
    return &connection;
  }

  /// Null when the connection of that id is gone, or is another shard's.
  Connection* find_id(ConnectionId id) {
    const std::uint32_t slot = slot_of(id);
    if (slot >= chunks_.size() * chunk_size) return nullptr;
    Connection& connection = at(slot);
    return connection.state != State::free && connection.id == id ? &connection : nullptr;
  }

  std::size_t size() const { return used_; }
  /// One past the largest slot ever used.
  std::uint32_t slots() const { return static_cast<std::uint32_t>(chunks_.size() * chunk_size); }

 private:
  static constexpr std::uint32_t chunk_size = 128;

  void grow() {
    const auto first = slots();
    chunks_.push_back(std::make_unique<std::array<Connection, chunk_size>>());
    for (std::uint32_t i = chunk_size; i-- > 0;) {
      at(first + i).slot = first + i;
      free_.push_back(first + i);
    }
  }

  std::vector<std::unique_ptr<std::array<Connection, chunk_size>>> chunks_;
  std::vector<std::uint32_t> free_;
  std::size_t used_ = 0;
};

}  // namespace conn
