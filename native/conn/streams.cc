#include "native/conn/streams.h"

#include <algorithm>
#include <utility>

#include "native/base/check.h"

namespace conn {

namespace {
/// Tables of at most so many places are kept when nothing is subscribed any more.
constexpr std::size_t kept_places_max = 16;
}  // namespace

void Streams::add(codec::StreamKey key) {
  make_room(key.slot);
  Place& place = places_[key.slot];
  CHECK(place.subscription == none);
  place.subscription = static_cast<std::uint32_t>(keys_.size());
  keys_.push_back(key);
}

std::optional<std::size_t> Streams::find(codec::StreamKey key) const {
  const auto found = find_slot(key.slot);
  return found && keys_[*found] == key ? found : std::nullopt;
}

std::optional<std::size_t> Streams::find_slot(std::uint32_t slot) const {
  if (slot >= places_.size() || places_[slot].subscription == none) return std::nullopt;
  return places_[slot].subscription;
}

void Streams::remove(std::size_t subscription) {
  CHECK(subscription < keys_.size());
  places_[keys_[subscription].slot].subscription = none;
  if (subscription + 1 != keys_.size()) {
    keys_[subscription] = keys_.back();
    places_[keys_[subscription].slot].subscription = static_cast<std::uint32_t>(subscription);
  }
  keys_.pop_back();
  if (keys_.empty()) clear();
}

void Streams::clear() {
  const bool keeps = places_.size() <= kept_places_max;
  keys_.clear();
  if (!keeps) std::vector<codec::StreamKey>().swap(keys_);
  std::fill(places_.begin(), places_.end(), Place());
  if (!keeps) std::vector<Place>().swap(places_);
  if (!keeps) std::vector<std::uint32_t>().swap(ring_);
  first_ = queued_ = 0;
}

void Streams::enqueue(std::uint32_t slot) {
  if (std::exchange(places_[slot].queued, true)) return;
  ring_[(first_ + queued_) % ring_.size()] = slot;
  ++queued_;
}

void Streams::enqueue_first(std::uint32_t slot) {
  if (std::exchange(places_[slot].queued, true)) return;
  first_ = (first_ + ring_.size() - 1) % ring_.size();
  ring_[first_] = slot;
  ++queued_;
}

std::uint32_t Streams::dequeue() {
  CHECK(queued_ > 0);
  const std::uint32_t slot = ring_[first_];
  first_ = (first_ + 1) % ring_.size();
  --queued_;
  places_[slot].queued = false;
  return slot;
}

void Streams::stall(Subscriber& subscriber) {
  CHECK(subscriber.lane == Lane::gathered);
  subscriber.lane = Lane::blocked;
}

void Streams::wake(Subscriber& subscriber) {
  if (subscriber.lane == Lane::blocked) subscriber.lane = Lane::gathered;
}

/// Slots are dense: the codec uses free ones again first.
void Streams::make_room(std::uint32_t slot) {
  if (slot < places_.size()) return;
  const std::size_t wanted = std::max(std::size_t{slot} + 1, places_.size() * 2);
  std::vector<std::uint32_t> ring(wanted);
  for (std::size_t i = 0; i < queued_; ++i) ring[i] = ring_[(first_ + i) % ring_.size()];
  ring_.swap(ring);
  first_ = 0;
  places_.resize(wanted);
}

}  // namespace conn
