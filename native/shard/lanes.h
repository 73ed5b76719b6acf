// Who waits to be written to: slices for a pass over their subscribers, connections for a write of their own; and which lane each
// subscriber is in.
// Owner: a shard's FanOut. Thread: that shard.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "native/conn/connection_table.h"
#include "native/conn/topic_slice.h"

namespace shard {

class Lanes {
 public:
  std::vector<conn::TopicSlice*> dirty;   // each once
  std::uint64_t served = 0;               // TopicSlice::served of whoever had the last turn: who comes anew begins there
  std::vector<std::uint64_t> side;        // connection tokens, each once
  std::vector<std::uint64_t> failed;      // the same: they can be written to no more. Acted on after a pass: acting moves subscribers.

  bool has_work() const { return !dirty.empty() || !side.empty(); }

  void mark_dirty(conn::TopicSlice& slice) {
    if (slice.pass.left != 0) slice.pass.again = true;  // what this pass has seen of it may no longer hold
    if (std::exchange(slice.dirty, true)) return;
    slice.served = std::max(slice.served, served);  // what it left unused is gone
    dirty.push_back(&slice);
  }
  /// The slice is about to end.
  void forget(conn::TopicSlice& slice) {
    if (std::exchange(slice.dirty, false)) std::erase(dirty, &slice);
  }

  void enqueue_side(conn::Connection& connection) {
    if (connection.in_side_lane) return;
    connection.in_side_lane = true;
    side.push_back(conn::ConnectionTable::token(connection));
  }

  /// A pass writes directly to whoever has one topic, nothing of its own to say, and a transport whose bytes are everybody's. (Lanes of
  /// streams change only one by one, as their windows do.)
  static void set_lanes(conn::Connection& connection) {
    if (connection.framing == conn::Framing::streams) return;
    const bool has_one = connection.subscriptions.size() == 1 && !connection.has_outbound() && !connection.in_side_lane && !connection.has_asides;
    const bool direct = has_one && transport::shares_bytes(connection.transport);  // ADR 0019
    const conn::Lane lane = connection.blocked ? conn::Lane::blocked : direct ? conn::Lane::ready : conn::Lane::gathered;
    for (std::size_t i = 0; i < connection.subscriptions.size(); ++i) {
      const conn::Subscription& subscription = connection.subscriptions[i];
      subscription.slice->subscribers[subscription.index].lane = lane;
    }
  }
};

}  // namespace shard
