// A subscriber within this process: a bounded queue of publications, filled by one shard and emptied by the thread that asked for
// it. It never holds anybody up: when it is full the oldest publications make room, and are counted.
// Owner: shared by the shard's slice and whoever takes from it. Thread: any; one short lock, never across a system call.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "native/codec/codec.h"

namespace topic {

/// A publication as it was heard; shared by all ears of its topic.
struct Heard {
  codec::PayloadKind kind = codec::PayloadKind::binary;
  std::uint64_t offset = 0;
  std::string payload;
};

using HeardRef = std::shared_ptr<const Heard>;

/// What of the queue is taken in one go.
struct Hearing {
  HeardRef heard;
  std::uint64_t dropped = 0;  // publications right before it that found no room
};

struct EarLimits {
  std::size_t messages_max = 0;  // at least 1
  std::size_t bytes_max = 0;     // of payloads; a longer one than this is dropped itself
};

class Ear {
 public:
  Ear(std::uint64_t id, EarLimits limits) : id_(id), limits_(limits) {}

  std::uint64_t id() const { return id_; }

  struct PutResult {
    std::uint64_t dropped = 0;
    bool wakes = false;  // nobody has been told yet that something waits
  };
  /// Nothing is taken once it is closed.
  PutResult put(const HeardRef& heard);
  /// Moves up to `max` publications to the end of `into`, oldest first. False when more wait; else the next `put` wakes again.
  bool take(std::size_t max, std::vector<Hearing>& into);
  /// Lets go of what waits. Idempotent.
  void close();
  /// Publications that found no room so far, those included that are yet to be told of.
  std::uint64_t dropped();

 private:
  // Under lock_:
  bool fits(std::size_t bytes) const { return queue_.size() < limits_.messages_max && bytes_ + bytes <= limits_.bytes_max; }
  void drop_oldest(std::vector<HeardRef>& garbage);

  const std::uint64_t id_;
  const EarLimits limits_;
  std::mutex lock_;  // guards everything below
  std::deque<Hearing> queue_;
  std::size_t bytes_ = 0;
  std::uint64_t dropped_ = 0;
  std::uint64_t dropped_last_ = 0;  // behind the last one that waits: to be told with the next
  bool woken_ = false;
  bool closed_ = false;
};

using EarRef = std::shared_ptr<Ear>;

}  // namespace topic
