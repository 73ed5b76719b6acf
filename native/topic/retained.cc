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
  Entries dropped;  // freed outside of the locks, as the next
  LastValueRef value;
  Part& part = parts_[part_of(topic->name())];
  {
    std::lock_guard guard(part.lock);
    value = topic->last();
    const auto found = part.by_name.find(topic->name());
    if (found == part.by_name.end()) {
      if (!value) return;
      add(part, topic, value);
    } else if (found->second->value == value) {
      return;
    } else if (value) {
      replace(part, found->second, value);
    } else {
      drop(part, found->second, dropped);
    }
  }
  while (is_over() && drop_oldest(dropped)) {
  }
}

LastValueRef Retained::find(std::string_view topic) const {
  const Part& part = parts_[part_of(topic)];
  std::lock_guard guard(part.lock);
  const auto found = part.by_name.find(topic);
  return found == part.by_name.end() ? nullptr : found->second->value;
}

void Retained::add(Part& part, const TopicRef& topic, LastValueRef value) {
  size_.fetch_add(1, std::memory_order_relaxed);
  bytes_now_.fetch_add(value->payload.size(), std::memory_order_relaxed);
  part.entries.push_front({topic, std::move(value), next_number_.fetch_add(1, std::memory_order_relaxed)});
  part.by_name.emplace(topic->name(), part.entries.begin());
}

/// The most frequent: of what all parts share it writes as little as it can. `value` is the old one afterwards.
void Retained::replace(Part& part, Entries::iterator entry, LastValueRef& value) {
  const std::size_t before = entry->value->payload.size();
  const std::size_t now = value->payload.size();
  if (now != before) bytes_now_.fetch_add(now - before, std::memory_order_relaxed);
  entry->value.swap(value);
  entry->number = next_number_.fetch_add(1, std::memory_order_relaxed);
  part.entries.splice(part.entries.begin(), part.entries, entry);
}

void Retained::drop(Part& part, Entries::iterator entry, Entries& dropped) {
  const std::size_t bytes = entry->value->payload.size();
  const std::size_t all = bytes_now_.fetch_sub(bytes, std::memory_order_relaxed);
  const std::size_t count = size_.fetch_sub(1, std::memory_order_relaxed);
  CHECK(all >= bytes && count > 0);
  part.by_name.erase(entry->topic->name());
  dropped.splice(dropped.begin(), part.entries, entry);
}

/// The first of all: the last of one of the parts. When others have changed that part meanwhile nothing is dropped, and whoever asks
/// looks anew. False when there is none.
bool Retained::drop_oldest(Entries& dropped) {
  Part* oldest = nullptr;
  std::uint64_t number = UINT64_MAX;
  for (Part& part : parts_) {
    std::lock_guard guard(part.lock);
    if (part.entries.empty() || part.entries.back().number > number) continue;
    oldest = &part;
    number = part.entries.back().number;
  }
  if (oldest == nullptr) return false;
  std::lock_guard guard(oldest->lock);
  if (!is_over() || oldest->entries.empty() || oldest->entries.back().number != number) return true;
  const auto entry = std::prev(oldest->entries.end());
  entry->topic->forget(entry->value);
  drop(*oldest, entry, dropped);
  return true;
}

}  // namespace topic
