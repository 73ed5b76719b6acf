// All histories: which topics have one, and the bound that they have together. Over it the topics that were used longest ago lose their
// oldest publications. Whoever publishes (shard/publishing.h) takes the copy that the topic is to keep from here, and lets the topic be listed
// behind it.
// Owner: the engine. Thread: any; one short lock, within it those of topics, one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "native/topic/topic.h"

namespace topic {

struct HistoryLimits {
  std::vector<HistoryRule> rules;  // the first that matches a topic counts; none: no topic has a history
  std::size_t bytes_max = 256 * 1024 * 1024;  // of all histories together
  std::size_t topics_max = 10'000;            // that may have one; they are kept in memory for it
};

class Histories {
 public:
  explicit Histories(HistoryLimits limits) : limits_(std::move(limits)) {}

  /// The topic, new: with a history if a rule says so.
  TopicRef make_topic(std::string name, std::string epoch);

  /// The copy for `Topic::publish`, its bytes in the account, for which others have made room.
  KeptRef keep(const codec::Publication& publication, std::uint32_t now_ms);
  /// Behind Topic::publish with such a copy: from here on the topic lives as long as something of it is kept, so its offsets go on.
  void list(const TopicRef& topic);
  /// To be called every few seconds: drops what is too old, and what was encoded for replays that are over.
  void expire(std::uint32_t now_ms);

  bool any() const { return !limits_.rules.empty(); }
  std::size_t bytes_max() const { return limits_.bytes_max; }
  std::size_t bytes_now() const { return account_.bytes.load(std::memory_order_relaxed); }
  std::size_t messages_now() const { return account_.messages.load(std::memory_order_relaxed); }
  std::uint64_t evicted() const { return account_.evicted.load(std::memory_order_relaxed); }
  std::size_t topics_now() const;

 private:
  using Listed = std::unordered_map<const Topic*, TopicRef>;
  void make_room(std::size_t bytes);
  // Under lock_:
  std::vector<TopicRef> by_use() const;
  void unlist(const TopicRef& topic, std::vector<TopicRef>& unlisted);

  const HistoryLimits limits_;
  HistoryAccount account_;  // outlives every topic's history: topics live in the engine's context, behind this
  mutable std::mutex lock_;
  Listed listed_;
};

}  // namespace topic
