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

/// The user as whom a session publishes: some have one.
inline std::string user_of(unsigned publisher) { return publisher % 2 == 0 ? "" : "user " + std::to_string(publisher); }

}  // namespace sim
