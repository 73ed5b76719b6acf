// How much of what peers bring about waits for the control plane, and when that is enough: its thread may be held up for
// seconds, and neither memory nor descriptors may pile up meanwhile. The end of a session is not counted, as each follows an
// opening that was; events that a full queue drops are not either.
// Owner: an EventSink. Thread: `full` and `batch` from any; the rest by whoever holds the sink's lock.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <variant>

#include "native/shard/events.h"

namespace shard {

struct BacklogLimits {
  std::size_t events_max = 16'384;
  std::size_t bytes_max = 16 * 1024 * 1024;
  std::size_t descriptors_max = 1024;  // handed over with HTTP requests: they count against no bound of connections any more
};

class EventBacklog {
 public:
  /// What an event counts beside its texts: itself, and what is allocated with it.
  static constexpr std::size_t event_bytes = 216;
  static_assert(sizeof(Event) <= event_bytes);

  explicit EventBacklog(BacklogLimits limits = {}) : limits_(limits) {}

  void add(const Event& event) {
    std::visit([this](const auto& each) { count(each); }, event);
  }
  /// Everything was taken.
  void clear() {
    events_ = bytes_ = descriptors_ = 0;
    full_.store(false, std::memory_order_relaxed);
    batch_.fetch_add(1, std::memory_order_relaxed);
  }
  /// Once it is, nothing is told any more that adds to it, even of what was read already: at most one message of each shard comes on top.
  bool full() const { return full_.load(std::memory_order_relaxed); }
  /// Counts how often everything was taken, from 1.
  std::uint64_t batch() const { return batch_.load(std::memory_order_relaxed); }

 private:
  void count(const SessionOpened& event) { count_one(event.target.size() + event.origin.size()); }
  void count(const SessionMessage& event) { count_one(event.text.size()); }
  void count(const SessionPublished& event) { count_one(event.name.size() + event.data.size()); }
  void count(const AuthAsked& event) { count_one(text_bytes(*event.question)); }
  void count(const HttpConnection& event) {
    descriptors_ += 1;
    count_one(event.head.size());
  }
  /// The others have bounds of their own.
  void count(const auto&) {}

  static std::size_t text_bytes(const AuthQuestion& question) {
    const auto size = [](const std::optional<std::string>& text) { return text ? text->size() : 0; };
    const codec::HttpCredential& credential = question.credential;
    std::size_t bytes = sizeof question + size(question.origin) + size(question.metadata) + size(credential.authorization) + size(credential.subprotocols) +
                        credential.query.size();
    for (const std::string& topic : question.topics) bytes += sizeof topic + topic.size();
    for (const auto& [name, value] : question.headers) bytes += 2 * sizeof name + name.size() + value.size();
    return bytes;
  }

  void count_one(std::size_t text_bytes) {
    events_ += 1;
    bytes_ += event_bytes + text_bytes;
    if (events_ < limits_.events_max && bytes_ < limits_.bytes_max && descriptors_ < limits_.descriptors_max) return;
    full_.store(true, std::memory_order_relaxed);
  }

  const BacklogLimits limits_;
  std::size_t events_ = 0;
  std::size_t bytes_ = 0;
  std::size_t descriptors_ = 0;
  // Relaxed: hints for reading that carry nothing else. Who reads an old batch is only more patient.
  std::atomic<bool> full_{false};
  std::atomic<std::uint64_t> batch_{1};
};

}  // namespace shard
