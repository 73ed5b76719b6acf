// How many connections each address has and begins a second, and whether it may have one more. Whoever finds a connection's address counts it: the acceptor,
// or a shard that a proxy has told of its client.
// Owner: the engine. Thread: any; its mutex is never held across a system call.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>

#include "native/base/pace.h"
#include "native/os/address.h"

namespace shard {

/// Connections over a limit that are still taken in, to be told 503; beyond them a connection is closed without a word. It holds for each
/// address too: else one address could take every place with connections that never send a request.
inline constexpr std::size_t refusals_at_once_max = 32;

enum class Admission : std::uint8_t {
  within,       // it has a place
  over,         // it has one to be told that there is none
  over_rate,    // it has one to be told that it comes too often
  beyond,       // it has none
  beyond_rate,  // it has none, because it comes too often
};

inline bool has_place(Admission admission) { return admission != Admission::beyond && admission != Admission::beyond_rate; }
inline bool comes_too_often(Admission admission) { return admission == Admission::over_rate || admission == Admission::beyond_rate; }

class AddressLimit {
 public:
  /// Of addresses without a connection, so many are remembered while they have begun many; beyond them the one that left first is forgotten.
  static constexpr std::size_t lingering_max = 65'536;

  /// `handshakes_per_second_max`: 0 is no limit. Over it as many again are told so, and the others come to `beyond_rate`.
  explicit AddressLimit(std::size_t connections_max, std::uint32_t handshakes_per_second_max = 0)
      : connections_max_(connections_max), handshakes_(handshakes_per_second_max) {}

  /// `address` is not local; `now_ns` by a monotonic clock. A place that it has is to be released.
  Admission take(const os::Address& address, std::int64_t now_ns = 0);
  void release(const os::Address& address, std::int64_t now_ns = 0);

  /// Those that are known now.
  std::size_t size();

 private:
  struct Counts {
    std::uint32_t connections = 0;
    bool lingers = false;
    std::int64_t handshakes_full_ns = 0;  // base::Pace
    std::int64_t refusals_full_ns = 0;
  };
  using Places = std::map<os::LimitKey, Counts>;

  Admission take_handshake(Counts& counts, std::int64_t now_ns) const;
  bool owes(const Counts& counts, std::int64_t now_ns) const;
  void let_linger(Places::iterator place, std::int64_t now_ns);
  void forget_some(std::int64_t now_ns);
  void forget_first();

  const std::size_t connections_max_;  // of one address
  const base::Pace handshakes_;
  std::mutex lock_;
  /// Not a hash table: whoever has many IPv6 networks would choose its collisions.
  Places counts_;
  std::deque<Places::iterator> lingering_;
};

}  // namespace shard
