// What a seed stands for: how large a simulated life is, what its limits are, how often what goes wrong.
// Owner: the simulation. Thread: main.
#pragma once

#include <cstddef>
#include <cstdint>

#include "native/shard/engine_options.h"
#include "test/native/sim/fake_kernel.h"

namespace sim {

struct Plan {
  std::uint64_t seed = 1;
  unsigned shards = 1;
  unsigned topics = 1;
  unsigned steps = 1000;
  unsigned clients_max = 12;
  std::size_t filler_bytes_max = 2000;
  std::size_t send_buffer_bytes = 64 * 1024;
  unsigned publish_in_thousand = 200;
  unsigned publish_between_calls_in_thousand = 0;
  bool hostile = true;  // clients that get stuck or leave
  bool sessions = false;
  unsigned calls_in_thousand = 0;          // of the control plane, between acts
  unsigned calls_between_in_thousand = 0;  // and between system calls
  unsigned congested_in_thousand = 0;
  Faults faults;
  std::size_t history_messages = 0;  // that each topic keeps; 0: there are no histories
  std::int64_t begins_ms = 1000;  // the clock, in some lives just before it changes its sign or begins again
  shard::EngineOptions options;

  // Of a life of everything.
  bool everything = false;           // messages of all forms and fillings; witnesses that nothing goes wrong with
  unsigned grpc_clients_max = 0;
  unsigned askers_max = 0;           // of last values
  std::size_t large_bytes = 0;       // messages near the bound, all together
  bool retains_all = false;          // last values have room for all topics

  static Plan from_seed(std::uint64_t seed);
  /// The same life, with sessions and a control plane in it.
  static Plan with_sessions(std::uint64_t seed);
  /// Another one, with sessions, gRPC and last values, all in the same topics.
  static Plan of_everything(std::uint64_t seed);
};

}  // namespace sim
