// Idle small segments near the threads that use them: a place for each few threads, with a few segments and the part of the account that is
// not settled yet. Publishing and delivering are to meet in nothing that all topics share; what is too much here, or too little,
// goes to and comes from LogMemory in batches.
// Owner: LogMemory. Thread: any.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>

#include "native/base/check.h"
#include "native/base/thread_number.h"
#include "native/os/short_mutex.h"

namespace topic {

class Segment;

class NearSegments {
 public:
  static constexpr std::size_t segments_max = 32;

  /// One thread's place, or that of some.
  struct alignas(64) Place {
    os::ShortMutex lock;  // guards what follows, but for `unsettled`; taken before any other of LogMemory's
    std::size_t count = 0;
    std::size_t least = 0;  // how many there always were since the last `take_unneeded`
    std::array<Segment*, segments_max> segments;  // the last one is used next
    /// Bytes that were handed out, less those that came back, since they were last added to the account. Relaxed: a bound.
    std::atomic<std::int64_t> unsettled{0};

    Segment* take_last() {
      if (count == 0) return nullptr;
      --count;
      least = std::min(least, count);
      return segments[count];
    }
    void push(Segment* segment) {
      CHECK(count < segments_max);
      segments[count++] = segment;
    }
    /// The first ones, which waited longest, to `into`; returns how many.
    std::size_t take_first(std::size_t most, std::span<Segment*> into) {
      const std::size_t taken = std::min(most, count);
      std::copy_n(segments.begin(), taken, into.begin());
      std::copy(segments.begin() + static_cast<std::ptrdiff_t>(taken), segments.begin() + static_cast<std::ptrdiff_t>(count), segments.begin());
      count -= taken;
      least = std::min(least, count);
      return taken;
    }
  };

  /// For so many threads, and as many segments each as fit into `bytes` in all; none for one thread, or where that is too little to be
  /// worth it.
  NearSegments(unsigned threads, std::size_t bytes, std::size_t segment_bytes) {
    if (threads < 2) return;
    const std::size_t places = std::bit_ceil(std::min(threads, places_max));
    per_place_ = std::min(bytes / (places * segment_bytes), segments_max);
    if (per_place_ < segments_min) per_place_ = 0;
    if (per_place_ == 0) return;
    places_ = std::make_unique<Place[]>(places);
    mask_ = places - 1;
  }

  bool used() const { return per_place_ > 0; }
  /// Of each place.
  std::size_t most() const { return per_place_; }
  /// How many go or come at a time.
  std::size_t batch() const { return per_place_ / 2; }
  std::span<Place> places() const { return {places_.get(), used() ? mask_ + 1 : 0}; }
  /// The calling thread's; only where they are used.
  Place& mine() const { return places_[base::thread_number() & mask_]; }

 private:
  static constexpr unsigned places_max = 64;
  static constexpr std::size_t segments_min = 4;

  std::unique_ptr<Place[]> places_;
  std::size_t per_place_ = 0;
  std::size_t mask_ = 0;
};

}  // namespace topic
