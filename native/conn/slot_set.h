// Slots of connections, each at most once, in no order: added and taken out in constant time, visited by their place.
// Owner: a shard's FanOut. Thread: that shard.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "native/base/check.h"

namespace conn {

class SlotSet {
 public:
  std::size_t size() const { return slots_.size(); }
  std::uint32_t at(std::size_t place) const {
    CHECK(place < slots_.size());
    return slots_[place];
  }
  /// Behind all others; nothing happens when it is there.
  void add(std::uint32_t slot) {
    if (slot >= places_.size()) places_.resize(slot + 1, none);
    if (places_[slot] != none) return;
    places_[slot] = static_cast<std::uint32_t>(slots_.size());
    slots_.push_back(slot);
  }
  /// The last one takes its place: a walk from the back that takes out where it stands visits each of the others once.
  void remove_at(std::size_t place) {
    CHECK(place < slots_.size());
    CHECK(places_[slots_[place]] == place);
    const std::uint32_t last = slots_.back();
    places_[slots_[place]] = none;
    slots_.pop_back();
    if (place == slots_.size()) return;
    slots_[place] = last;
    places_[last] = static_cast<std::uint32_t>(place);
  }

 private:
  static constexpr std::uint32_t none = UINT32_MAX;

  std::vector<std::uint32_t> slots_;
  std::vector<std::uint32_t> places_;  // by slot
};

}  // namespace conn
