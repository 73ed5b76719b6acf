// All topics by name. A topic lives while somebody holds it; a bounded number that nobody holds is remembered for its counts.
// They lie in parts by their names, each with a lock of its own, so that threads that open different topics seldom meet.
// Owner: the engine. Thread: any.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "native/os/short_mutex.h"
#include "native/topic/topic.h"

namespace topic {

class Registry {
 public:
  explicit Registry(std::size_t topics_max) : topics_max_(topics_max) {}

  /// The topic of that name, made when it is new; null when `topics_max` topics are in use.
  TopicRef open(std::string_view name);
  /// Null when there is none of that name.
  TopicRef find(std::string_view name) const;
  std::size_t size() const { return count_.load(std::memory_order_relaxed); }
  std::vector<TopicRef> all() const;
  /// To be called every few seconds: forgets topics that nobody holds while there are more than `remembered_max` in all, a part at a
  /// time, so that nobody waits long for the lock.
  void forget_unused_in_parts();
  static constexpr std::size_t remembered_max = 1024;

 private:
  struct NameHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view name) const { return std::hash<std::string_view>{}(name); }
  };
  static constexpr std::size_t parts_count = 16;
  static constexpr std::size_t remembered_of_part = remembered_max / parts_count;

  struct alignas(64) Part {
    mutable os::ShortMutex lock;  // guards what follows; never two of them at a time
    std::unordered_map<std::string, TopicRef, NameHash, std::equal_to<>> topics;
    std::size_t look_at = 0;  // the bucket at which looking for unused topics goes on
    std::size_t forget_at = remembered_of_part;  // doubles with the number in use, so that forgetting costs O(1) a topic
  };

  Part& part_of(std::string_view name) { return parts_[NameHash()(name) / (SIZE_MAX / parts_count + 1)]; }
  const Part& part_of(std::string_view name) const { return const_cast<Registry*>(this)->part_of(name); }
  bool claim_place();
  bool make_room();
  // Under the part's lock:
  void forget_unused(Part& part);
  TopicRef take_unused_of_bucket(Part& part);
  // Under none:
  std::vector<TopicRef> take_unused(Part& part, std::size_t buckets);

  const std::size_t topics_max_;
  std::array<Part, parts_count> parts_;
  alignas(64) std::atomic<std::size_t> count_{0};  // of all parts. Relaxed: a number, which publishes nothing
  std::atomic<std::size_t> room_at_{0};            // the part at which looking for room begins
};

}  // namespace topic
