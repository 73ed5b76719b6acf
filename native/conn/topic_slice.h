// One shard's part of one topic in one encoding: its subscribers with their cursors, and the log window they read from.
// Owner: the shard's FanOut. Thread: that shard.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "native/codec/encoding.h"
#include "native/conn/slow_policy.h"
#include "native/topic/log_window.h"
#include "native/topic/topic.h"

namespace conn {

/// How a subscriber is served.
enum class Lane : std::uint8_t {
  ready,     // one topic, nothing private waiting, socket writable: the pass writes to it directly
  gathered,  // several topics, private bytes or streams: one gathered write brings everything together
  blocked,   // the kernel refuses its bytes, or the peer those of its stream: nothing is tried until that changes
};

struct Subscriber {
  std::uint64_t cursor = 0;  // the position of the next byte to write (ADR 0001)
  std::uint32_t connection = 0;
  int fd = -1;
  std::uint32_t stream = 0;  // its slot (StreamKey), on connections with streams
  Lane lane = Lane::ready;
};

/// A publisher that says more than its subscribers get rests while they are so far behind it. More than every burst that is to be
/// fanned out together, and far less than what all logs may hold.
inline constexpr std::uint64_t ahead_bytes_max = 1024 * 1024;

/// A pass over the subscribers, which may take several turns.
struct Pass {
  std::uint32_t next = 0;  // index of the next subscriber
  std::uint32_t left = 0;  // subscribers still to visit; 0: no pass is under way
  std::uint64_t low = 0;   // the slowest cursor met; stays after the pass
  bool again = false;      // another pass is wanted: a ready subscriber is still behind, or one was served aside meanwhile
  std::uint64_t lag = 0;   // of the ready subscriber that is furthest behind
  bool held = false;       // one that is refused is behind
  std::uint32_t turns = 0;  // that have ended within it
  std::uint64_t bytes = 0;  // written by it
};

/// A subscriber within this process, and the position of the next frame for it.
struct ListeningEar {
  topic::EarRef ear;
  std::uint64_t cursor = 0;
};

class TopicSlice {
 public:
  TopicSlice(topic::TopicRef topic_ref, codec::EncodingId encoding_id, const SlowRule& slow_rule)
      : topic(std::move(topic_ref)), encoding(encoding_id), rule(slow_rule) {}

  const topic::TopicRef topic;
  const codec::EncodingId encoding;
  const SlowRule& rule;  // outlives the slice: the engine's options
  topic::LogWindow window;
  std::vector<Subscriber> subscribers;
  /// Of each subscriber the offset that it began with, and beyond that what it was not given: so nobody counts what it gets.
  std::vector<std::uint64_t> begins;
  std::vector<ListeningEar> ears;
  Pass pass;
  std::uint32_t rotation = 0;  // where the next pass begins
  bool dirty = false;          // queued for a pass
  bool new_head = false;       // the log was written since the window was advanced
  bool holder_moved = false;   // one who stood furthest back has moved since the last pass began: a pass may let go of segments
  bool behind = false;         // counted in its topic (Topic::is_behind)
  bool held = false;           // the same (Topic::is_held)
  /// What each of its subscribers was served of late, in bytes, and what its last pass brought each: the order of turns
  /// (fan_out_turns.cc).
  std::uint64_t served = 0;
  std::uint64_t pass_cost = 64 * 1024;

  /// Nobody reads what the topic's log holds.
  bool is_unused() const { return subscribers.empty() && ears.empty(); }
  /// Publications of shared framing that were written to it as a whole.
  std::uint64_t delivered_to(std::uint32_t index) const {
    // One that has just come may begin behind what the window has taken so far.
    const std::uint64_t cursor = subscribers[index].cursor;
    const std::uint64_t offset = cursor >= window.head_position() ? window.head_offset() : window.offset_at(cursor);
    return offset - std::min(offset, begins[index]);
  }
  /// A subscriber is not given that many of them.
  void pass_over(std::uint32_t index, std::uint64_t publications) { begins[index] += publications; }
  /// Begins a pass at the next place of the rotation. Steps by the golden ratio, so that over time every subscriber is first,
  /// last and in between equally often, whatever their number.
  void begin_pass() {
    const auto count = static_cast<std::uint32_t>(subscribers.size());
    pass = {};
    pass.next = count == 0 ? 0 : rotation % count;
    pass.left = count;
    pass.low = window.head_position();
    rotation += 1 + static_cast<std::uint32_t>(count * 0.618);
    holder_moved = false;
  }
  /// A cursor is about to leave this place outside of a pass. Only if nobody is known to stand further back does that change
  /// what the slice holds; else a pass over all would find nothing to let go of.
  void note_move_from(std::uint64_t cursor) { holder_moved = holder_moved || cursor <= pass.low; }
  /// Asked once for each time that it is true.
  bool takes_pass_for_move() { return std::exchange(holder_moved, false) && !window.empty(); }
  /// Subscribers moved: what the pass has seen so far no longer says anything about those it has not.
  void restart_pass() {
    if (pass.left == 0) return;
    const Pass before = pass;
    begin_pass();
    pass.turns = before.turns;
    pass.bytes = before.bytes;
  }
};

}  // namespace conn
