// What topics retain: the last publication of each that a pattern chooses, for who asks for it or comes later. Their number and all
// payloads together are bounded, and those published to longest ago go first. Whoever publishes (shard/publishing.h) hands the topic the
// copy made here, and then lets this follow what the topic has made of it (ADR 0012).
// They lie in parts by their topics' names, each with a short lock of its own, so that publishers of different topics seldom meet.
// Owner: the engine. Thread: any. A part's lock is never held while a payload is copied; within it those of topics are, one at a time.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "native/os/short_mutex.h"
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

  /// These two are within their bounds whenever nobody is in `follow`.
  std::size_t size() const { return size_.load(std::memory_order_relaxed); }
  std::size_t bytes_now() const { return bytes_now_.load(std::memory_order_relaxed); }

 private:
  struct Entry {
    TopicRef topic;
    LastValueRef value;
    std::uint64_t number = 0;  // entries count up
  };
  using Entries = std::list<Entry>;
  static constexpr std::size_t parts_count = 16;

  struct alignas(64) Part {
    mutable os::ShortMutex lock;  // guards what follows; never two of them at a time
    Entries entries;          // the latest first
    std::unordered_map<std::string_view, Entries::iterator> by_name;  // the names are the topics' own
  };

  std::size_t part_of(std::string_view topic) const { return std::hash<std::string_view>()(topic) / (SIZE_MAX / parts_count + 1); }
  bool is_over() const { return size() > limits_.topics_max || bytes_now() > limits_.bytes_max; }
  bool drop_oldest(Entries& dropped);
  // Under the part's lock:
  void add(Part& part, const TopicRef& topic, LastValueRef value);
  void replace(Part& part, Entries::iterator entry, LastValueRef& value);
  void drop(Part& part, Entries::iterator entry, Entries& dropped);

  const RetainLimits limits_;
  std::array<Part, parts_count> parts_;
  /// Of all parts. Relaxed, all three: numbers, which publish nothing.
  alignas(64) std::atomic<std::size_t> size_{0};
  std::atomic<std::size_t> bytes_now_{0};
  std::atomic<std::uint64_t> next_number_{0};
};

}  // namespace topic
