#include "native/topic/last_values.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace topic {

namespace {
bool matches(std::string_view pattern, std::string_view topic) {
  if (!pattern.ends_with('*')) return pattern == topic;
  return topic.starts_with(pattern.substr(0, pattern.size() - 1));
}
}  // namespace

bool LastValues::wants(std::string_view topic) const {
  return std::any_of(limits_.topics.begin(), limits_.topics.end(), [&](const std::string& pattern) { return matches(pattern, topic); });
}

Published LastValues::publish(const TopicRef& topic, const codec::Publication& publication, std::uint32_t now_ms, LogMemory& memory) {
  if (!wants(topic->name())) return topic->publish(publication, now_ms, memory);
  const Published published = topic->publish(publication, now_ms, memory, copy_of(publication));
  follow(topic);
  return published;
}

std::shared_ptr<LastValue> LastValues::copy_of(const codec::Publication& publication) const {
  if (publication.payload.size() > limits_.bytes_max) return nullptr;
  auto value = std::make_shared<LastValue>();
  value->kind = publication.kind;
  value->payload.assign(publication.payload.begin(), publication.payload.end());
  return value;
}

void LastValues::follow(const TopicRef& topic) {
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

LastValueRef LastValues::find(std::string_view topic) const {
  std::lock_guard guard(lock_);
  const auto found = by_name_.find(topic);
  return found == by_name_.end() ? nullptr : found->second->value;
}

void LastValues::drop(Entries::iterator entry, Entries& dropped) {
  bytes_now_ -= entry->value->payload.size();
  by_name_.erase(entry->topic->name());
  dropped.splice(dropped.begin(), entries_, entry);
}

void LastValues::make_room(std::size_t bytes, Entries& dropped) {
  while (!entries_.empty() && (entries_.size() >= limits_.topics_max || bytes_now_ + bytes > limits_.bytes_max)) {
    const auto oldest = std::prev(entries_.end());
    oldest->topic->forget(oldest->value);
    drop(oldest, dropped);
  }
}

std::size_t LastValues::size() const {
  std::lock_guard guard(lock_);
  return entries_.size();
}

std::size_t LastValues::bytes_now() const {
  std::lock_guard guard(lock_);
  return bytes_now_;
}

}  // namespace topic
