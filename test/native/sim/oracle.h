// What must hold, whatever happened: one order a topic, prefix-correct or exactly counted gaps, closes with their reason.
// Owner: the simulation. Thread: main.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "native/shard/engine.h"
#include "test/native/sim/pusher_client.h"
#include "test/native/sim/session_record.h"
#include "test/native/sim/told.h"

namespace sim {

/// What the oracle keeps beside a client.
struct Watched {
  std::unique_ptr<Client> client;
  std::vector<unsigned> topics;  // subscriptions
  bool publishes = false;
  unsigned publisher = 0;
  std::map<unsigned, std::uint64_t> first;    // by topic: the offset at which its subscription began
  std::map<unsigned, std::uint64_t> wanted;   // by topic: the offset from which it asked for a replay
  std::map<unsigned, std::uint64_t> skipped;  // by topic: as reported by slow events
  bool slow = false;
  bool slow_disconnect = false;
  bool accepted = false;  // a connection event has come
  int disconnect_code = 0;
  PusherClient* session = nullptr;  // the client as what it is, where it is a session's
  SessionRecord record;             // of a session
};

/// The value of a header of an answer; empty when it has none.
std::string header_in(const std::string& head, const std::string& name);

/// Of one that asked for replays: what the answer to its handshake says of where each of them begins. `messages_max`: what each history keeps at
/// least, by topic, as far as there was so much; nothing where other bounds may have cut it. Empty, or what is wrong with it.
std::string take_recovery(Watched& watched, const std::map<unsigned, std::uint64_t>& messages_max);

/// All publications of a topic in their order, as the witness saw them.
struct Order {
  Order() = default;
  explicit Order(std::vector<Key> in_order);

  /// How many of those from one offset to another, that one not included, can be said as text.
  std::uint64_t sayable(std::uint64_t from, std::uint64_t to) const { return from < to ? texts[to] - texts[from] : 0; }
  std::uint64_t count_of(unsigned publisher) const;

  std::vector<Key> keys;
  std::map<Key, std::uint64_t> offsets;
  std::vector<std::uint64_t> texts{0};  // by offset, and of all: how many that are text stand before it
  std::map<unsigned, std::uint64_t> by_publisher;
};

/// Of an event that names one.
unsigned topic_in(const shard::Slow& event);

/// Whom a publication leaves out.
using Excluded = std::map<Key, const Watched*>;

/// Empty when the witness saw every publisher's messages in sequence, each once; else what is wrong. Sessions' publications may
/// come to the control plane instead.
std::string check_order(const Order& order, std::uint64_t published, const std::map<unsigned, const Watched*>& sessions, unsigned topic);

/// Empty when what the subscriber saw of that topic is right; else what is wrong. `settled`: nothing is on its way any more,
/// so that one who is still connected must have seen everything up to the end.
std::string check_subscriber(const Watched& watched, unsigned topic, const Order& order, bool settled);

/// Empty when the ids of what a client of server-sent events has heard are its places, and it was told of no more gaps than there were.
std::string check_events(const Watched& watched, const std::map<unsigned, Order>& orders, bool settled);

/// The same for a session and all of its topics, of which those without an order cannot be looked at.
std::string check_session(const Watched& watched, const std::map<unsigned, Order>& orders, const Excluded& excluded, bool settled);
/// Empty when each of the session's own publications came to its topic or to the control plane, and was reported if it was to be.
std::string check_publications(const Watched& watched, const std::map<unsigned, Order>& orders, bool settled);

}  // namespace sim
