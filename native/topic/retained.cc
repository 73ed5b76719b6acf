#include "native/topic/retained.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "native/base/check.h"
#include "native/topic/pattern.h"

namespace topic {

bool Retained::wants(std::string_view topic) const {
  return std::any_of(limits_.topics.begin(), limits_.topics.end(), [&](const std::string& pattern) { return matches_pattern(pattern, topic); });
}

std::shared_ptr<LastValue> Retained::copy_of(const codec::Publication& publication) const {
  if (publication.payload.size() > limits_.bytes_max) return nullptr;
  auto value = std::make_shared<LastValue>();
  value->kind = publication.kind;
  value->payload.assign(publication.payload.begin(), publication.payload.end());
  return value;
}

void Retained::follow(const TopicRef& topic) {
  Entries dropped;  // freed outside of the lock
  std::lock_guard guard(lock_);
  LastValueRef value = topic->last();
  if (const auto found = by_name_.find(topic->name()); found != by_name_.end()) {
    if (found->second->value == value) return;
    drop(found->second, dropped);
  }
  if (!value) return;
  make_room(value->payload.size(), dropped);
  bytes_now_ += value->payload.size();
  entries_.push_front({topic, std::move(value)});
  by_name_.emplace(topic->name(), entries_.begin());
}

LastValueRef Retained::find(std::string_view topic) const {
  std::lock_guard guard(lock_);
  const auto found = by_name_.find(topic);
  return found == by_name_.end() ? nullptr : found->second->value;
}

void Retained::drop(Entries::iterator entry, Entries& dropped) {
  CHECK(bytes_now_ >= entry->value->payload.size());
  bytes_now_ -= entry->value->payload.size();
  by_name_.erase(entry->topic->name());
  dropped.splice(dropped.begin(), entries_, entry);
}

void Retained::make_room(std::size_t bytes, Entries& dropped) {
  while (!entries_.empty() && (entries_.size() >= limits_.topics_max || bytes_now_ + bytes > limits_.bytes_max)) {
    const auto oldest = std::prev(entries_.end());
    oldest->topic->forget(oldest->value);
    drop(oldest, dropped);
  }
}

std::size_t Retained::size() const {
  std::lock_guard guard(lock_);
  return entries_.size();
}

std::size_t Retained::bytes_now() const {
  std::lock_guard guard(lock_);
  return bytes_now_;
}

}  // namespace topic
