// The last publication of topics: what a request for a topic's last message is answered with. Topics are chosen by patterns; their
// number and all payloads together are bounded, and those published to longest ago go first.
// Owner: the engine. Thread: any; one short lock, never held while a payload is copied out.
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

struct LastValue {
  codec::PayloadKind kind{};
  std::uint64_t offset = 0;  // in its topic
  std::vector<std::uint8_t> payload;
};

class LastValues {
 public:
  explicit LastValues(LastLimits limits) : limits_(std::move(limits)) {}

  bool wants(std::string_view topic) const;
  /// Keeps the publication unless a later one of the topic is there already. One that is larger than all may be together leaves
  /// its topic without a last value. The topic lives as long as its value, so its offsets go on.
  void keep(const TopicRef& topic, const codec::Publication& publication, std::uint64_t offset);
  /// Null when nothing is kept. Immutable: whoever holds it reads it without a lock.
  std::shared_ptr<const LastValue> find(std::string_view topic) const;

  std::size_t size() const;
  std::size_t bytes_now() const;

 private:
  struct Entry {
    TopicRef topic;
    std::shared_ptr<const LastValue> value;
  };
  using Entries = std::list<Entry>;
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
