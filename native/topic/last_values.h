// The last publication of topics: what a request for a topic's last message is answered with. Topics are chosen by patterns; their
// number and all payloads together are bounded, and those published to longest ago go first.
// Owner: the engine. Thread: any; one short lock, never held while a payload is copied; within it those of topics, one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "native/topic/topic.h"

namespace topic {

struct LastLimits {
  std::vector<std::string> topics;  // exact, or a prefix followed by `*`; none: nothing is kept
  std::size_t topics_max = 10'000;
  std::size_t bytes_max = 64 * 1024 * 1024;  // payloads
};

class LastValues {
 public:
  explicit LastValues(LastLimits limits) : limits_(std::move(limits)) {}

  bool wants(std::string_view topic) const;
  /// Publishes it to the topic, and retains it there where a pattern chooses the topic. One that is larger than all may be
  /// together leaves its topic without a last value. The topic lives as long as its value, so its offsets go on.
  Published publish(const TopicRef& topic, const codec::Publication& publication, std::uint32_t now_ms, LogMemory& memory);
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
  /// A copy that has no offset yet; null when it is too large.
  std::shared_ptr<LastValue> copy_of(const codec::Publication& publication) const;
  /// Makes the topic's entry what the topic itself retains by now: its publications have an order there, and those who publish come
  /// here in any order. Whatever is dropped to make room the topic retains no longer either.
  void follow(const TopicRef& topic);
  // Under lock_:
  void drop(Entries::iterator entry, Entries& dropped);
  void make_room(std::size_t bytes, Entries& dropped);

  const LastLimits limits_;
  mutable std::mutex lock_;
  Entries entries_;  // the latest first
  std::unordered_map<std::string_view, Entries::iterator> by_name_;  // the names are the topics' own
  std::size_t bytes_now_ = 0;
};

}  // namespace topic
