#include "native/topic/registry.h"

#include <algorithm>
#include <utility>

namespace topic {

namespace {
constexpr std::size_t buckets_per_look = 1024;
}

TopicRef Registry::open(std::string_view name) {
  Part& part = part_of(name);
  do {
    std::lock_guard guard(part.lock);
    if (const auto found = part.topics.find(name); found != part.topics.end()) return found->second;
    if (part.topics.size() >= part.forget_at && size() > remembered_max) forget_unused(part);
    if (!claim_place()) continue;
    TopicRef topic = std::make_shared<Topic>(std::string(name));
    part.topics.emplace(std::string(name), topic);
    return topic;
  } while (make_room());
  return nullptr;
}

TopicRef Registry::find(std::string_view name) const {
  const Part& part = part_of(name);
  std::lock_guard guard(part.lock);
  const auto found = part.topics.find(name);
  return found == part.topics.end() ? nullptr : found->second;
}

std::vector<TopicRef> Registry::all() const {
  std::vector<TopicRef> topics;
  topics.reserve(size());
  for (const Part& part : parts_) {
    std::lock_guard guard(part.lock);
    for (const auto& [name, topic] : part.topics) topics.push_back(topic);
  }
  return topics;
}

/// False when all are taken.
bool Registry::claim_place() {
  std::size_t count = count_.load(std::memory_order_relaxed);
  while (count < topics_max_) {
    if (count_.compare_exchange_weak(count, count + 1, std::memory_order_relaxed)) return true;
  }
  return false;
}

void Registry::forget_unused(Part& part) {
  // use_count() == 1: only this map holds it, and nobody can take another reference without this lock.
  const std::size_t forgotten = std::erase_if(part.topics, [](const auto& entry) { return entry.second.use_count() == 1; });
  count_.fetch_sub(forgotten, std::memory_order_relaxed);
  part.forget_at = part.topics.size() * 2 + remembered_of_part;
}

void Registry::forget_unused_in_parts() {
  for (Part& part : parts_) {
    std::size_t steps = 1;
    for (std::size_t step = 0; step < steps; ++step) {
      {
        std::lock_guard guard(part.lock);
        steps = part.topics.bucket_count() / buckets_per_look + 1;
      }
      if (size() <= remembered_max) return;
      take_unused(part, buckets_per_look);  // and drops them here, without the lock
    }
  }
}

/// One of the next bucket; null when it has none.
TopicRef Registry::take_unused_of_bucket(Part& part) {
  for (auto each = part.topics.begin(part.look_at); each != part.topics.end(part.look_at); ++each) {
    if (each->second.use_count() > 1) continue;
    TopicRef unused = std::move(each->second);
    part.topics.erase(part.topics.find(each->first));
    count_.fetch_sub(1, std::memory_order_relaxed);
    return unused;
  }
  part.look_at = (part.look_at + 1) % part.topics.bucket_count();
  return nullptr;
}

std::vector<TopicRef> Registry::take_unused(Part& part, std::size_t buckets) {
  std::vector<TopicRef> unused;
  unused.reserve(buckets);
  std::lock_guard guard(part.lock);
  for (std::size_t left = std::min(buckets, part.topics.bucket_count()); left > 0 && size() > remembered_max;) {
    if (TopicRef topic = take_unused_of_bucket(part)) unused.push_back(std::move(topic));
    else --left;
  }
  part.forget_at = std::max(remembered_of_part, std::min(part.forget_at, part.topics.size() * 2 + remembered_of_part));
  return unused;
}

/// When all places are taken: forgets one topic that nobody holds, looking at so many buckets only that a flood of new names costs each a
/// bounded time.
bool Registry::make_room() {
  const std::size_t first = room_at_.fetch_add(1, std::memory_order_relaxed);
  std::size_t left = buckets_per_look;
  TopicRef unused;  // dropped outside of the lock
  for (std::size_t i = 0; i < parts_count && left > 0; ++i) {
    Part& part = parts_[(first + i) % parts_count];
    std::lock_guard guard(part.lock);
    for (std::size_t here = std::min(left, part.topics.bucket_count()); here > 0; --here, --left) {
      unused = take_unused_of_bucket(part);
      if (unused) return true;
    }
  }
  return false;
}

}  // namespace topic
