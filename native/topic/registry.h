// All topics by name. A topic lives while somebody holds it; a bounded number that nobody holds is remembered for its counts.
// Owner: the engine. Thread: any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "native/topic/histories.h"

namespace topic {

class Registry {
 public:
  /// `epoch_seed`: 7 to 20 characters of [0-9A-Za-z] that no earlier run had; what a topic adds to them is its own.
  /// `histories` outlives it and its topics; null: none has one.
  explicit Registry(std::size_t topics_max, std::string epoch_seed = "0000000", Histories* histories = nullptr)
      : topics_max_(topics_max), epoch_seed_(std::move(epoch_seed)), histories_(histories) {}

  /// The topic of that name, made when it is new; null when `topics_max` topics are in use.
  TopicRef open(std::string_view name);
  /// Null when there is none of that name.
  TopicRef find(std::string_view name) const;
  std::size_t size() const;
  std::vector<TopicRef> all() const;
  /// To be called every few seconds: forgets topics that nobody holds while there are more than `remembered_max` in all, a part at a
  /// time, so that nobody waits long for the lock.
  void forget_unused_in_parts();
  static constexpr std::size_t remembered_max = 1024;

 private:
  void forget_unused();
  std::vector<TopicRef> take_unused(std::size_t buckets);
  bool make_room();

  struct NameHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view name) const { return std::hash<std::string_view>{}(name); }
  };

  std::string next_epoch();

  const std::size_t topics_max_;
  const std::string epoch_seed_;
  Histories* const histories_;
  std::uint64_t epochs_ = 0;
  mutable std::mutex lock_;
  std::unordered_map<std::string, TopicRef, NameHash, std::equal_to<>> topics_;
  std::size_t look_at_ = 0;  // the bucket at which looking for unused topics goes on
  std::size_t forget_at_ = remembered_max;  // doubles with the number in use, so that forgetting costs O(1) a topic
};

}  // namespace topic
