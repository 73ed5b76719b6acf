// One deadline for each connection slot, in a hashed wheel: set, cancel and fire in constant time, without allocation.
// Owner: a shard. Thread: that shard.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "native/base/check.h"
#include "native/base/wrapping_time.h"

namespace shard {

class TimerWheel {
 public:
  static constexpr std::uint32_t tick_ms = 16;
  static constexpr std::uint32_t no_deadline_ms = UINT32_MAX;

  TimerWheel() { heads_.fill(none); }

  /// Sets or moves the deadline of `slot`; see base/wrapping_time.h for what a moment is. A wheel without deadlines may stand still
  /// for any time, so it is told what time it is.
  void set(std::uint32_t slot, std::uint32_t due_ms, std::uint32_t now_ms) {
    CHECK(slot < due);
    if (slot >= nodes_.size()) nodes_.resize(slot + 1);
    cancel(slot);
    link(slot, due_ms, now_ms);
  }

  void cancel(std::uint32_t slot) {
    if (slot >= nodes_.size() || nodes_[slot].bucket == none) return;
    Node& node = nodes_[slot];
    if (node.bucket == due) {
      node.bucket = none;
      return;
    }
    if (node.previous != none) nodes_[node.previous].next = node.next;
    if (node.next != none) nodes_[node.next].previous = node.previous;
    if (heads_[node.bucket] == slot) heads_[node.bucket] = node.next;
    CHECK(armed_ > 0);
    node.bucket = none;
    --armed_;
  }

  /// Calls `fire(slot)` for every deadline at or before `now_ms`; `fire` may set and cancel any deadline. One that it sets and
  /// that has passed fires in the next call.
  /// No more than `fires_max` at a time: what is left fires in the next calls, before anything else.
  template <typename Fire>
  void advance(std::uint32_t now_ms, Fire fire) {
    const std::uint32_t tick = now_ms / tick_ms;
    // At first, and after a long stall, one turn of the wheel visits everything.
    const std::uint32_t steps = started_ ? std::min(tick - tick_, buckets) : buckets;
    for (std::uint32_t left = steps; left-- > 0;) approach((tick - left) % buckets, now_ms);
    for (std::uint32_t left = steps + 1; left-- > 0;) collect((tick - left) % buckets, now_ms);
    tick_ = tick;
    started_ = true;
    // Fired after the walk, which a handler that moves deadlines would upset.
    for (std::uint32_t left = fires_max; left > 0 && fired_ < due_.size(); --left) {
      const std::uint32_t slot = due_[fired_++];
      if (nodes_[slot].bucket != due) continue;  // moved or cancelled by another's handler
      nodes_[slot].bucket = none;
      fire(slot);
    }
    if (fired_ < due_.size()) return;
    due_.clear();  // keeps the room
    fired_ = 0;
  }

  /// Milliseconds until the next bucket with a deadline, at least 1; 0 when the last call of `advance` left some that were due; -1 when
  /// nothing is armed. Never later than a deadline by more than one tick.
  int next_ms(std::uint32_t now_ms) const {
    if (fired_ < due_.size()) return 0;
    if (armed_ == 0) return -1;
    for (std::uint32_t ahead = 0; ahead < buckets; ++ahead) {
      const std::uint32_t bucket = (now_ms / tick_ms + ahead) % buckets;
      if (heads_[bucket] == none && heads_[bucket + buckets] == none) continue;
      return static_cast<int>(ahead * tick_ms + tick_ms - now_ms % tick_ms);
    }
    return -1;
  }

 private:
  static constexpr std::uint32_t buckets = 512;  // 8.2 s
  static constexpr std::uint32_t fires_max = 1024;  // about two milliseconds of pings
  static constexpr std::uint32_t none = UINT32_MAX;
  static constexpr std::uint32_t due = UINT32_MAX - 1;  // in place of a bucket: collected, about to fire

  struct Node {
    std::uint32_t next = none;
    std::uint32_t previous = none;
    std::uint32_t bucket = none;
    std::uint32_t due_ms = 0;
  };

  /// Of a deadline that has not passed: the wheel turns once or more before it.
  static bool is_far(std::uint32_t due_ms, std::uint32_t now_ms) { return due_ms - now_ms / tick_ms * tick_ms >= buckets * tick_ms; }

  void link(std::uint32_t slot, std::uint32_t due_ms, std::uint32_t now_ms) {
    CHECK(nodes_[slot].bucket == none);
    // The bucket of a deadline that has passed may have been visited: it goes into that of now, which the next advance visits.
    const std::uint32_t at_ms = base::is_due(due_ms, now_ms) ? now_ms : due_ms;
    const std::uint32_t bucket = at_ms / tick_ms % buckets + (is_far(at_ms, now_ms) ? buckets : 0);
    nodes_[slot] = {heads_[bucket], none, bucket, due_ms};
    if (heads_[bucket] != none) nodes_[heads_[bucket]].previous = slot;
    heads_[bucket] = slot;
    ++armed_;
  }

  /// The wheel has come to this bucket: its far deadlines are due now, or on this turn of it, or remain what they are.
  void approach(std::uint32_t bucket, std::uint32_t now_ms) {
    std::uint32_t slot = heads_[bucket + buckets];
    while (slot != none) {
      const std::uint32_t next = nodes_[slot].next;
      const std::uint32_t due_ms = nodes_[slot].due_ms;
      if (base::is_due(due_ms, now_ms) || !is_far(due_ms, now_ms)) {
        cancel(slot);
        link(slot, due_ms, now_ms);
      }
      slot = next;
    }
  }

  void collect(std::uint32_t bucket, std::uint32_t now_ms) {
    std::uint32_t slot = heads_[bucket];
    while (slot != none) {
      CHECK(nodes_[slot].bucket == bucket);
      const std::uint32_t next = nodes_[slot].next;
      if (base::is_due(nodes_[slot].due_ms, now_ms)) {
        cancel(slot);
        nodes_[slot].bucket = due;
        due_.push_back(slot);
      }
      slot = next;
    }
  }

  std::deque<Node> nodes_;  // grows without moving: a million of them would keep everybody waiting
  /// Of lists: the near deadlines of each bucket, up to a turn of the wheel away, and behind them the far ones of each, which are looked at
  /// once a turn of the wheel. (In one list, every turn of the shard would look at all of them.)
  std::array<std::uint32_t, 2 * buckets> heads_;
  std::vector<std::uint32_t> due_;  // collected; those before `fired_` were seen to
  std::size_t fired_ = 0;
  std::uint32_t tick_ = 0;
  std::uint32_t armed_ = 0;
  bool started_ = false;
};

}  // namespace shard
