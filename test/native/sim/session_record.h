// What the simulated control plane has asked for one session and was told of it, for the oracle.
// Owner: the simulation. Thread: main.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "native/conn/connection_id.h"
#include "test/native/sim/messages.h"

namespace sim {

/// Something that is sent to the session alone: the greeting of a join, or a text.
struct Said {
  std::optional<unsigned> topic;  // of a join
  bool again = false;             // it had joined already: its place in the topic does not change
  std::uint64_t begin = 0;        // the offset that was next in the topic then
};

struct SessionRecord {
  conn::ConnectionId id = 0;  // 0: not told of yet
  bool accepted = false;
  bool closed = false;  // by the control plane
  bool ended = false;
  bool reports = false;  // its publications are reported

  std::vector<Said> said;                 // in the order of the calls; each says its number as it arrives
  std::map<unsigned, bool> joined;        // topics that it is in, as far as was asked
  unsigned texts_sent = 0;
  unsigned texts_heard = 0;
  std::map<unsigned, unsigned> sent;      // its own publications, by topic
  std::map<unsigned, std::vector<unsigned>> refused;   // of those, by topic: came to the control plane instead
  std::map<unsigned, std::vector<unsigned>> reported;
};

/// The event that the control plane gives a publication; empty: none. Some names grow as much as a message may.
inline std::string event_of(const Key& key) {
  const bool is_named = key.publisher >= mixed_publishers && key.publisher % mixed_publishers < 10;
  if (!is_named || key.sequence % 3 == 0) return "";
  return key.sequence % 17 == 1 ? std::string(200, '\x01') : "an \"event\"";
}

/// The same as its subscribers are told.
inline std::string name_of(const Key& key) {
  const std::string event = event_of(key);
  return event.empty() ? "message" : event;
}

/// The user as whom a session publishes: some have one.
inline std::string user_of(unsigned publisher) { return publisher % 2 == 0 ? "" : "user " + std::to_string(publisher); }

}  // namespace sim
