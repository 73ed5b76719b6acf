// How many connections each address has, and whether it may have one more. Whoever finds a connection's address counts it: the acceptor,
// or a shard that a proxy has told of its client.
// Owner: the engine. Thread: any; its mutex is never held across a system call.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>

#include "native/os/address.h"

namespace shard {

/// Connections over a limit that are still taken in, to be told 503; beyond them a connection is closed without a word. It holds for each
/// address too: else one address could take every place with connections that never send a request.
inline constexpr std::size_t refusals_at_once_max = 32;

enum class Admission : std::uint8_t {
  within,  // it has a place
  over,    // it has one to be told that there is none
  beyond,  // it has none
};

class AddressLimit {
 public:
  explicit AddressLimit(std::size_t connections_max) : connections_max_(connections_max) {}

  /// `address` is not local. Unless it answers `beyond` the place is to be released.
  Admission take(const os::Address& address);
  void release(const os::Address& address);

 private:
  const std::size_t connections_max_;  // of one address
  std::mutex lock_;
  /// Not a hash table: whoever has many IPv6 networks would choose its collisions.
  std::map<os::LimitKey, std::uint32_t> counts_;
};

}  // namespace shard
