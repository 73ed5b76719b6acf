// Clients that have connections, or had some a moment ago: what is limited over all connections of one (ClientOptions). Asked once a
// connection; what publications take is in conn::Client, which connections hold.
// Owner: the engine. Thread: any; a mutex of one part at a time, never held across a system call.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string_view>

#include "native/conn/account.h"
#include "native/shard/client_options.h"

namespace shard {

class Clients {
 public:
  using ClientRef = std::shared_ptr<conn::Client>;

  /// Of those without a connection, so many are remembered while they owe something, in each part; beyond them the one that left first is
  /// forgotten, and begins anew when it comes again.
  static constexpr std::size_t lingering_max = 4096;

  explicit Clients(const ClientOptions& options) : options_(options) {}

  /// One more connection of that client, to be given back by `leave`. Null when it has as many as it may. `key` names somebody.
  ClientRef enter(const conn::ClientKey& key, std::int64_t now_ns);
  void leave(const ClientRef& client, std::int64_t now_ns);

  /// Those that are known now.
  std::size_t size();

 private:
  static constexpr std::size_t part_count = 16;

  struct Part {
    std::mutex lock;
    /// Not a hash table: whoever has many IPv6 networks would choose its collisions.
    std::map<conn::ClientKey, ClientRef> clients;
    std::deque<ClientRef> lingering;
  };

  Part& part_of(const conn::ClientKey& key);
  static bool owes(const conn::Client& client, std::int64_t now_ns);
  static void forget(Part& part, std::int64_t now_ns);
  static void forget_first(Part& part);

  const ClientOptions& options_;
  std::array<Part, part_count> parts_;
};

}  // namespace shard
