// What must hold, whatever happened: one order a topic, prefix-correct or exactly counted gaps, closes with their reason.
// Owner: the simulation. Thread: main.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "native/shard/engine.h"
#include "test/native/sim/client.h"

namespace sim {

/// What the oracle keeps beside a client.
struct Watched {
  std::unique_ptr<Client> client;
  std::vector<unsigned> topics;  // subscriptions
  bool publishes = false;
  unsigned publisher = 0;
  std::map<unsigned, std::uint64_t> first;    // by topic: the offset at which its subscription began
  std::map<unsigned, std::uint64_t> skipped;  // by topic: as reported by slow events
  bool slow = false;
  bool slow_disconnect = false;
  bool accepted = false;  // a connection event has come
  int disconnect_code = 0;
};

/// All publications of a topic in their order, as the witness saw them.
struct Order {
  std::vector<Key> keys;
  std::map<Key, std::uint64_t> offsets;
};

/// Empty when the witness saw every publisher's messages in sequence, each once; else what is wrong.
std::string check_order(const Order& order, std::uint64_t published);

/// Empty when what the subscriber saw of that topic is right; else what is wrong. `settled`: nothing is on its way any more,
/// so that one who is still connected must have seen everything up to the end.
std::string check_subscriber(const Watched& watched, unsigned topic, const Order& order, bool settled);

}  // namespace sim
