// One deadline for each connection slot, in a hashed wheel: set, cancel and fire in constant time, without allocation.
// Owner: a shard. Thread: that shard.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
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
  template <typename Fire>
  void advance(std::uint32_t now_ms, Fire fire) {
    const std::uint32_t tick = now_ms / tick_ms;
    // At first, and after a long stall, one turn of the wheel visits everything.
    const std::uint32_t steps = started_ ? std::min(tick - tick_, buckets) : buckets;
    for (std::uint32_t left = steps + 1; left-- > 0;) collect((tick - left) % buckets, now_ms);
    tick_ = tick;
    started_ = true;
    if (due_.empty()) return;
    // Fired after the walk, which a handler that moves deadlines would upset.
    std::vector<std::uint32_t> firing;
    firing.swap(due_);
    for (const std::uint32_t slot : firing) {
      if (nodes_[slot].bucket != due) continue;  // moved or cancelled by another's handler
      nodes_[slot].bucket = none;
      fire(slot);
    }
    firing.clear();
    if (due_.empty()) due_.swap(firing);  // keep the room
  }

  /// Milliseconds until the next bucket with a deadline, at least 1; -1 when nothing is armed. Never later than a deadline
  /// by more than one tick.
  int next_ms(std::uint32_t now_ms) const {
    if (armed_ == 0) return -1;
    for (std::uint32_t ahead = 0; ahead < buckets; ++ahead) {
      if (heads_[(now_ms / tick_ms + ahead) % buckets] == none) continue;
      return static_cast<int>(ahead * tick_ms + tick_ms - now_ms % tick_ms);
    }
    return -1;
  }

 private:
  static constexpr std::uint32_t buckets = 512;  // 8.2 s; a later deadline is looked at once a turn of the wheel
  static constexpr std::uint32_t none = UINT32_MAX;
  static constexpr std::uint32_t due = UINT32_MAX - 1;  // in place of a bucket: collected, about to fire

  struct Node {
    std::uint32_t next = none;
    std::uint32_t previous = none;
    std::uint32_t bucket = none;
    std::uint32_t due_ms = 0;
  };

  void link(std::uint32_t slot, std::uint32_t due_ms, std::uint32_t now_ms) {
    CHECK(nodes_[slot].bucket == none);
    // The bucket of a deadline that has passed may have been visited: it goes into that of now, which the next advance visits.
    const std::uint32_t bucket = (base::is_due(due_ms, now_ms) ? now_ms : due_ms) / tick_ms % buckets;
    nodes_[slot] = {heads_[bucket], none, bucket, due_ms};
    if (heads_[bucket] != none) nodes_[heads_[bucket]].previous = slot;
    heads_[bucket] = slot;
    ++armed_;
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

  std::vector<Node> nodes_;
  std::array<std::uint32_t, buckets> heads_;
  std::vector<std::uint32_t> due_;
  std::uint32_t tick_ = 0;
  std::uint32_t armed_ = 0;
  bool started_ = false;
};

}  // namespace shard
