// See idempotency.h.
// Owner: the engine. Thread: any.
#include "native/topic/idempotency.h"

#include "native/base/check.h"

namespace topic {

Idempotency::Entries::iterator Idempotency::find(std::string_view topic, std::string_view key) {
  const auto window = topics_.find(topic);
  if (window == topics_.end()) return entries_.end();
  const auto found = window->second.by_key.find(key);
  return found == window->second.by_key.end() ? entries_.end() : found->second;
}

void Idempotency::remove(Entries::iterator entry) {
  const auto window = topics_.find(*entry->topic);
  CHECK(window != topics_.end());
  window->second.by_key.erase(entry->key);
  window->second.order.erase(entry->in_topic);
  if (window->second.order.empty()) topics_.erase(window);
  entries_.erase(entry);
}

Idempotency::Claim Idempotency::claim(std::string_view topic, std::string_view key, KeptPosition& position) {
  if (limits_.keys_per_topic_max == 0 || limits_.keys_max == 0) return Claim::first;
  std::lock_guard guard(lock_);
  if (const auto found = find(topic, key); found != entries_.end()) {
    if (!found->settled) return Claim::under_way;
    position = found->position;
    return Claim::known;
  }
  auto window = topics_.find(topic);
  if (window == topics_.end()) window = topics_.emplace(std::string(topic), Window()).first;
  const auto entry = entries_.insert(entries_.end(), Entry{std::string(key), {}, false, &window->first, {}});
  entry->in_topic = window->second.order.insert(window->second.order.end(), entry);
  window->second.by_key.emplace(entry->key, entry);
  if (window->second.order.size() > limits_.keys_per_topic_max) remove(window->second.order.front());
  if (entries_.size() > limits_.keys_max) remove(entries_.begin());
  return Claim::first;
}

/// One that has become too old meanwhile is passed over.
void Idempotency::settle(std::string_view topic, std::string_view key, std::string_view epoch, std::uint64_t offset) {
  std::lock_guard guard(lock_);
  const auto entry = find(topic, key);
  if (entry == entries_.end()) return;
  entry->position = {std::string(epoch), offset};
  entry->settled = true;
}

void Idempotency::give_up(std::string_view topic, std::string_view key) {
  std::lock_guard guard(lock_);
  const auto entry = find(topic, key);
  if (entry != entries_.end() && !entry->settled) remove(entry);
}

std::size_t Idempotency::size() const {
  std::lock_guard guard(lock_);
  return entries_.size();
}

}  // namespace topic
