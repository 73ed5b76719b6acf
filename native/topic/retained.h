// What topics retain: the last publication of each that a pattern chooses, for who asks for it or comes later. Their number and all
// payloads together are bounded, and those published to longest ago go first. Whoever publishes (shard/publishing.h) hands the topic the
// copy made here, and then lets this follow what the topic has made of it (ADR 0012).
// Owner: the engine. Thread: any; one short lock, never held while a payload is copied; within it those of topics, one at a time.
#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "native/topic/topic.h"

namespace topic {

struct RetainLimits {
  std::vector<std::string> topics;  // patterns (pattern.h); none: nothing is kept
  std::size_t topics_max = 10'000;
  std::size_t bytes_max = 64 * 1024 * 1024;  // payloads
};

class Retained {
 public:
  explicit Retained(RetainLimits limits) : limits_(std::move(limits)) {}

  bool wants(std::string_view topic) const;
  /// For Topic::publish: a copy that has no offset yet. Null when it is larger than all may be together: its topic is then left without.
  std::shared_ptr<LastValue> copy_of(const codec::Publication& publication) const;
  /// Behind Topic::publish with such a copy. Makes the topic's entry what the topic itself retains by now: its publications have an order
  /// there, and those who publish come here in any order. Whatever is dropped to make room the topic retains no longer either. The topic
  /// lives as long as its entry, so its offsets go on.
  void follow(const TopicRef& topic);
  /// Null when nothing is retained.
  LastValueRef find(std::string_view topic) const;

  std::size_t size() const;
  std::size_t bytes_now() const;

 private:
  struct Entry {
    TopicRef topic;
    LastValueRef value;
  };
  using Entries = std::list<Entry>;
  // Under lock_:
  void drop(Entries::iterator entry, Entries& dropped);
  void make_room(std::size_t bytes, Entries& dropped);

  const RetainLimits limits_;
  mutable std::mutex lock_;
  Entries entries_;  // the latest first
  std::unordered_map<std::string_view, Entries::iterator> by_name_;  // the names are the topics' own
  std::size_t bytes_now_ = 0;
};

}  // namespace topic
