// The flight recorder: the last 256 events of a shard, for whoever wants to know how it came to this. Printed when a CHECK fails (all
// shards of the process) and by SIGUSR2. To note one costs a few stores; nothing is allocated, no clock is read.
// Owner: a shard. Thread: written by the owner, read by any, also by one that is failing.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace shard {

enum class TracePoint : std::uint8_t {
#define TRACE_POINT(name, first, second) name,
#include "native/shard/trace_points.def"
#undef TRACE_POINT
};

struct TraceEvent {
  std::int64_t at_ns = 0;  // of the monotonic clock, when the turn began
  TracePoint point{};
  std::uint64_t connection = 0;  // its id; 0: it is about none
  std::uint64_t first = 0;       // trace_points.def says what they are
  std::uint64_t second = 0;
};

inline constexpr std::size_t trace_events_kept = 256;
/// Longer than any event's line.
inline constexpr std::size_t trace_line_bytes = 192;

/// `12345.678901 blocked connection 17 fd 12`, without a line's end. Returns what was written of `into`.
std::string_view write_trace_line(const TraceEvent& event, std::span<char, trace_line_bytes> into);

/// The memory of a recorder: never freed, so that it may be read at any time; the next shard of the process takes it over.
class TraceRing {
 public:
  /// On the owner's thread.
  void note(const TraceEvent& event) {
    const std::uint64_t index = next_.load(std::memory_order_relaxed);
    Slot& slot = slots_[index % trace_events_kept];
    // Release, each with the acquire of `copy`: who sees a word of this event sees in `next_` that the event before it was written, and so
    // that this place is being written anew.
    slot.at_ns.store(static_cast<std::uint64_t>(event.at_ns), std::memory_order_release);
    slot.connection.store(event.connection, std::memory_order_release);
    slot.first.store(event.first, std::memory_order_release);
    slot.point_and_second.store(static_cast<std::uint64_t>(event.point) << 56 | (event.second & second_mask), std::memory_order_release);
    next_.store(index + 1, std::memory_order_release);
  }

  /// The events that are whole, the oldest first: all but those that the owner overwrites meanwhile. Returns how many.
  std::size_t copy(std::span<TraceEvent, trace_events_kept> into) const;

 private:
  friend class FlightRecorder;
  static constexpr std::uint64_t second_mask = (std::uint64_t{1} << 56) - 1;

  struct Slot {
    std::atomic<std::uint64_t> at_ns{0};
    std::atomic<std::uint64_t> connection{0};
    std::atomic<std::uint64_t> first{0};
    std::atomic<std::uint64_t> point_and_second{0};
  };
  std::atomic<std::uint64_t> next_{0};
  std::array<Slot, trace_events_kept> slots_;

  // Of FlightRecorder.
  std::atomic<bool> in_use_{true};
  std::atomic<unsigned> shard_{0};
  TraceRing* following_ = nullptr;  // constant once it can be reached
};

class FlightRecorder {
 public:
  /// `shard`: for those who read it.
  explicit FlightRecorder(unsigned shard);
  ~FlightRecorder();
  FlightRecorder(const FlightRecorder&) = delete;
  FlightRecorder& operator=(const FlightRecorder&) = delete;

  /// The time of what is noted from here on.
  void set_now(std::int64_t now_ns) { now_ns_ = now_ns; }
  void note(TracePoint point, std::uint64_t connection = 0, std::uint64_t first = 0, std::uint64_t second = 0) {
    ring_->note({now_ns_, point, connection, first, second});
  }
  /// From any thread, while the recorder lives.
  std::size_t copy(std::span<TraceEvent, trace_events_kept> into) const { return ring_->copy(into); }
  /// The same in words, a line each.
  std::vector<std::string> lines() const;

  /// From any thread, also one that is failing: what all recorders of the process hold, to standard error.
  static void print_all();

 private:
  static TraceRing* claim();

  std::int64_t now_ns_ = 0;
  TraceRing* ring_;
};

}  // namespace shard
