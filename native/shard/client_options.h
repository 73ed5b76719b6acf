// What bounds one client (src/config/sections/clients.ts). 0 is no limit, everywhere.
// Owner: the engine's options. Thread: any.
#pragma once

#include <cstdint>

namespace shard {

enum class OverRate : std::uint8_t {
  throttle,  // it is not read until it may go on: its own TCP window stops it, and nobody else notices
  close,     // its connection ends, in its protocol's words (Ending::over_rate)
};

struct ConnectionRates {
  std::uint32_t publications_per_second_max = 0;
  std::uint32_t bytes_per_second_max = 0;  // received, whatever they are

  bool any() const { return publications_per_second_max > 0 || bytes_per_second_max > 0; }
};

struct ClientOptions {
  ConnectionRates client;      // all its connections together
  ConnectionRates connection;  // each of them
  std::uint32_t connections_max = 0;
  std::uint32_t subscriptions_max = 0;           // of one connection, at one time
  std::uint32_t handshakes_per_second_max = 0;  // of one address
  OverRate over_rate = OverRate::throttle;

  /// Whether connections have to know whose they are.
  bool of_clients() const { return client.any() || connections_max > 0; }
  bool of_rates() const { return client.any() || connection.any(); }
};

}  // namespace shard
