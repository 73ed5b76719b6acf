// A connection's name outside of its shard: it fits the integers of JavaScript (below 2^53) and is never 0.
// Owner: values. Thread: any.
#pragma once

#include <cstdint>

namespace conn {

using ConnectionId = std::uint64_t;

inline constexpr unsigned id_slot_bits = 24;
inline constexpr unsigned id_generation_bits = 23;

/// The generation of an id: never 0, so that no id is. A place in the table is used eight million times before it repeats.
inline constexpr std::uint64_t id_generation(std::uint32_t generation) {
  return generation % ((std::uint64_t{1} << id_generation_bits) - 1) + 1;
}
inline constexpr ConnectionId make_id(unsigned shard, std::uint32_t slot, std::uint32_t generation) {
  return std::uint64_t{shard} << (id_slot_bits + id_generation_bits) | std::uint64_t{slot} << id_generation_bits | id_generation(generation);
}
inline constexpr unsigned shard_of(ConnectionId id) { return static_cast<unsigned>(id >> (id_slot_bits + id_generation_bits)); }
inline constexpr std::uint32_t slot_of(ConnectionId id) {
  return static_cast<std::uint32_t>(id >> id_generation_bits) & ((1u << id_slot_bits) - 1);
}
inline constexpr std::uint64_t generation_of(ConnectionId id) { return id & ((std::uint64_t{1} << id_generation_bits) - 1); }

}  // namespace conn
