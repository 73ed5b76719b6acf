// A publisher without end, and subscribers that read what it says and look at nothing: a process of its own, which yields the core to the
// clients that are measured.
// Owner: the scenario. Thread: the load thread; the flood itself is another process.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>

#include "bench/load/options.h"

namespace load {

class Flood {
 public:
  /// Returns when all its connections are open and it publishes. Throws std::runtime_error when one is refused, or none is asked for.
  explicit Flood(const Options& options);
  ~Flood();
  Flood(const Flood&) = delete;
  Flood& operator=(const Flood&) = delete;

  /// False when the server has ended one of its connections: it says nothing any more then.
  bool goes_on() const;
  /// Bytes that the server has taken so far.
  std::uint64_t sent_bytes() const { return shared_->sent_bytes.load(std::memory_order_relaxed); }

 private:
  /// Between the two processes. Relaxed: numbers that are looked at.
  struct Shared {
    std::atomic<std::uint64_t> sent_bytes{0};
  };

  Shared* shared_ = nullptr;
  pid_t process_ = -1;
};

}  // namespace load
