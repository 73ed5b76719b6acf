#include "native/topic/registry.h"

#include <algorithm>

#include "native/base/base62.h"

namespace topic {

namespace {
constexpr std::size_t buckets_per_look = 1024;
}

TopicRef Registry::open(std::string_view name) {
  std::lock_guard guard(lock_);
  if (const auto found = topics_.find(name); found != topics_.end()) return found->second;
  if (topics_.size() >= forget_at_) forget_unused();
  if (topics_.size() >= topics_max_ && !make_room()) return nullptr;
  TopicRef topic = histories_ == nullptr ? std::make_shared<Topic>(std::string(name), next_epoch())
                                         : histories_->make_topic(std::string(name), next_epoch());
  topics_.emplace(std::string(name), topic);
  return topic;
}

std::string Registry::next_epoch() { return epoch_seed_ + base::base62_of(epochs_++); }

TopicRef Registry::find(std::string_view name) const {
  std::lock_guard guard(lock_);
  const auto found = topics_.find(name);
  return found == topics_.end() ? nullptr : found->second;
}

std::size_t Registry::size() const {
  std::lock_guard guard(lock_);
  return topics_.size();
}

std::vector<TopicRef> Registry::all() const {
  std::lock_guard guard(lock_);
  std::vector<TopicRef> topics;
  topics.reserve(topics_.size());
  for (const auto& [name, topic] : topics_) topics.push_back(topic);
  return topics;
}

void Registry::forget_unused() {
  // use_count() == 1: only this map holds it, and nobody can take another reference without this lock.
  std::erase_if(topics_, [](const auto& entry) { return entry.second.use_count() == 1; });
  forget_at_ = topics_.size() * 2 + remembered_max;
}

void Registry::forget_unused_in_parts() {
  std::size_t parts = 1;
  for (std::size_t part = 0; part < parts; ++part) {
    {
      std::lock_guard guard(lock_);
      if (topics_.size() <= remembered_max) return;
      parts = topics_.bucket_count() / buckets_per_look + 1;
    }
    take_unused(buckets_per_look);  // and drops them here, without the lock
  }
}

std::vector<TopicRef> Registry::take_unused(std::size_t buckets) {
  std::vector<TopicRef> unused;
  unused.reserve(buckets);
  std::lock_guard guard(lock_);
  for (std::size_t left = std::min(buckets, topics_.bucket_count()); left > 0 && topics_.size() > remembered_max; --left) {
    look_at_ = (look_at_ + 1) % topics_.bucket_count();
    for (auto each = topics_.begin(look_at_); each != topics_.end(look_at_);) {
      const auto here = each++;
      if (here->second.use_count() > 1) continue;
      unused.push_back(std::move(here->second));
      topics_.erase(topics_.find(here->first));
    }
  }
  forget_at_ = std::max(remembered_max, std::min(forget_at_, topics_.size() * 2 + remembered_max));
  return unused;
}

/// When all places are taken: forgets one topic that nobody holds, looking at a part of them only, so that a flood of new names
/// costs each a bounded time.
bool Registry::make_room() {
  const std::size_t buckets = topics_.bucket_count();
  for (std::size_t left = std::min(buckets, buckets_per_look); left > 0; --left) {
    look_at_ = (look_at_ + 1) % buckets;
    for (auto each = topics_.begin(look_at_); each != topics_.end(look_at_); ++each) {
      if (each->second.use_count() > 1) continue;
      const std::string name = each->first;
      topics_.erase(name);
      return true;
    }
  }
  return false;
}

}  // namespace topic
