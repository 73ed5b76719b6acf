// See histories.h.
// Owner: the engine. Thread: any.
#include "native/topic/histories.h"

#include <algorithm>
#include <utility>

#include "native/topic/pattern.h"

namespace topic {

TopicRef Histories::make_topic(std::string name, std::string epoch) {
  const auto rule = std::find_if(limits_.rules.begin(), limits_.rules.end(), [&](const HistoryRule& each) { return matches_pattern(each.topics, name); });
  auto history = rule == limits_.rules.end() ? nullptr : std::make_unique<History>(*rule, account_);
  return std::make_shared<Topic>(std::move(name), std::move(epoch), std::move(history));
}

KeptRef Histories::keep(const codec::Publication& publication, std::uint32_t now_ms) {
  const std::size_t bytes = Kept::held_bytes_of(publication);
  const std::size_t before = account_.bytes.fetch_add(bytes, std::memory_order_relaxed);
  if (before + bytes > limits_.bytes_max) make_room(bytes);
  return KeptRef::copy_of(publication, now_ms);
}

/// A little more than is needed, so that the topics are put in order once for many publications.
void Histories::make_room(std::size_t bytes) {
  std::vector<KeptRef> garbage;  // all freed outside of the lock
  std::vector<SegmentRef> segments;
  std::vector<TopicRef> unlisted;
  std::lock_guard guard(lock_);
  const std::size_t now = bytes_now();
  if (now <= limits_.bytes_max) return;  // somebody else has made room meanwhile
  std::size_t wanted = now - limits_.bytes_max + std::min(limits_.bytes_max / 64, 64 * bytes);
  for (const TopicRef& topic : by_use()) {
    wanted -= std::min(wanted, topic->evict_history(wanted, garbage, segments));
    if (!topic->has_kept()) unlist(topic, unlisted);
    if (wanted == 0) return;
  }
}

std::vector<TopicRef> Histories::by_use() const {
  std::vector<std::pair<std::uint64_t, TopicRef>> order;
  order.reserve(listed_.size());
  for (const auto& [key, topic] : listed_) order.emplace_back(topic->history()->used(), topic);
  std::sort(order.begin(), order.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<TopicRef> topics;
  topics.reserve(order.size());
  for (auto& [used, topic] : order) topics.push_back(std::move(topic));
  return topics;
}

/// Unless something has been published to it meanwhile.
void Histories::unlist(const TopicRef& topic, std::vector<TopicRef>& unlisted) {
  if (!topic->unlist_history()) return;
  const auto found = listed_.find(topic.get());
  if (found == listed_.end()) return;  // who published has not come here yet, and will
  unlisted.push_back(std::move(found->second));
  listed_.erase(found);
}

void Histories::list(const TopicRef& topic) {
  if (!topic->history()->list()) return;
  std::vector<KeptRef> garbage;
  std::vector<SegmentRef> segments;
  std::vector<TopicRef> unlisted;
  std::lock_guard guard(lock_);
  if (listed_.size() >= limits_.topics_max && !listed_.contains(topic.get())) {
    const auto oldest = std::min_element(listed_.begin(), listed_.end(), [](const auto& a, const auto& b) {
      return a.second->history()->used() < b.second->history()->used();
    });
    const TopicRef least = oldest->second;
    least->evict_history(SIZE_MAX, garbage, segments);
    unlist(least, unlisted);
  }
  listed_.try_emplace(topic.get(), topic);
}

void Histories::expire(std::uint32_t now_ms) {
  std::vector<TopicRef> topics;
  {
    std::lock_guard guard(lock_);
    topics.reserve(listed_.size());
    for (const auto& [key, topic] : listed_) topics.push_back(topic);
  }
  std::vector<KeptRef> garbage;
  std::vector<SegmentRef> segments;
  for (const TopicRef& topic : topics) {
    topic->expire_history(now_ms, garbage, segments);
    garbage.clear();
    segments.clear();
    if (topic->has_kept()) continue;
    std::vector<TopicRef> unlisted;
    std::lock_guard guard(lock_);
    unlist(topic, unlisted);
  }
}

std::size_t Histories::topics_now() const {
  std::lock_guard guard(lock_);
  return listed_.size();
}

}  // namespace topic
