#include "native/shard/flight_recorder.h"

#include <algorithm>
#include <charconv>

#include "native/base/check.h"
#include "native/os/error_output.h"

namespace shard {

namespace {

struct PointNames {
  std::string_view name;
  std::string_view first;
  std::string_view second;
};

constexpr PointNames point_names[] = {
#define TRACE_POINT(name, first, second) {#name, first, second},
#include "native/shard/trace_points.def"
#undef TRACE_POINT
};

/// Every ring there ever was, the newest first. Release, with the acquire of whoever reads it: the ring is made.
std::atomic<TraceRing*> rings{nullptr};

/// Text into a buffer that is known to be long enough; what is too long is cut.
class Line {
 public:
  explicit Line(std::span<char> into) : into_(into) {}
  Line& text(std::string_view text) {
    const std::size_t count = std::min(text.size(), into_.size() - used_);
    std::copy_n(text.data(), count, into_.data() + used_);
    used_ += count;
    return *this;
  }
  Line& number(std::uint64_t number, std::size_t digits_min = 1) {
    std::array<char, 20> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    const auto count = static_cast<std::size_t>(end - digits.data());
    for (std::size_t i = count; i < digits_min; ++i) text("0");
    return text({digits.data(), count});
  }
  Line& named(std::string_view name, std::uint64_t value) {
    if (name.empty()) return *this;
    return text(" ").text(name).text(" ").number(value);
  }
  std::string_view written() const { return {into_.data(), used_}; }

 private:
  std::span<char> into_;
  std::size_t used_ = 0;
};

}  // namespace

std::string_view write_trace_line(const TraceEvent& event, std::span<char, trace_line_bytes> into) {
  constexpr std::uint64_t second_ns = 1'000'000'000;
  CHECK(static_cast<std::size_t>(event.point) < std::size(point_names));
  const auto at_ns = static_cast<std::uint64_t>(event.at_ns);
  const PointNames& names = point_names[static_cast<std::size_t>(event.point)];
  Line line(into);
  line.number(at_ns / second_ns).text(".").number(at_ns % second_ns / 1000, 6).text(" ").text(names.name);
  if (event.connection != 0) line.named("connection", event.connection);
  line.named(names.first, event.first).named(names.second, event.second);
  return line.written();
}

std::size_t TraceRing::copy(std::span<TraceEvent, trace_events_kept> into) const {
  const std::uint64_t end = next_.load(std::memory_order_acquire);
  const std::uint64_t begin = end > trace_events_kept ? end - trace_events_kept : 0;
  for (std::uint64_t index = begin; index < end; ++index) {
    const Slot& slot = slots_[index % trace_events_kept];
    TraceEvent& event = into[index - begin];
    event.at_ns = static_cast<std::int64_t>(slot.at_ns.load(std::memory_order_acquire));
    event.connection = slot.connection.load(std::memory_order_acquire);
    event.first = slot.first.load(std::memory_order_acquire);
    const std::uint64_t both = slot.point_and_second.load(std::memory_order_acquire);
    event.point = static_cast<TracePoint>(both >> 56);
    event.second = both & second_mask;
  }
  // The owner may have come round, and be at `later`: what stands there, and before it, was not whole.
  const std::uint64_t later = next_.load(std::memory_order_acquire);
  const std::uint64_t whole = later >= trace_events_kept ? later - trace_events_kept + 1 : 0;
  const std::uint64_t first = std::clamp(whole, begin, end);
  std::move(into.begin() + static_cast<std::ptrdiff_t>(first - begin), into.begin() + static_cast<std::ptrdiff_t>(end - begin), into.begin());
  return static_cast<std::size_t>(end - first);
}

TraceRing* FlightRecorder::claim() {
  for (TraceRing* ring = rings.load(std::memory_order_acquire); ring != nullptr; ring = ring->following_) {
    bool in_use = false;
    // Acquire, with the release of the recorder that gave it back: its owner writes no more.
    if (ring->in_use_.compare_exchange_strong(in_use, true, std::memory_order_acquire)) return ring;
  }
  auto* const ring = new TraceRing;  // never freed: as many as there ever were shards at the same time
  ring->following_ = rings.load(std::memory_order_relaxed);
  while (!rings.compare_exchange_weak(ring->following_, ring, std::memory_order_release, std::memory_order_relaxed)) {
  }
  return ring;
}

FlightRecorder::FlightRecorder(unsigned shard) : ring_(claim()) {
  ring_->shard_.store(shard, std::memory_order_relaxed);
  ring_->next_.store(0, std::memory_order_release);
  base::last_words.store(&FlightRecorder::print_all, std::memory_order_release);
}

FlightRecorder::~FlightRecorder() { ring_->in_use_.store(false, std::memory_order_release); }

std::vector<std::string> FlightRecorder::lines() const {
  std::array<TraceEvent, trace_events_kept> events;
  const std::size_t count = copy(events);
  std::vector<std::string> lines;
  std::array<char, trace_line_bytes> line;
  for (std::size_t i = 0; i < count; ++i) lines.emplace_back(write_trace_line(events[i], line));
  return lines;
}

void FlightRecorder::print_all() {
  // Not on the stack of a thread that may have overflowed it; only one thread comes here (base::last_words).
  static std::array<TraceEvent, trace_events_kept> events;
  static std::array<char, trace_line_bytes + 32> text;
  for (const TraceRing* ring = rings.load(std::memory_order_acquire); ring != nullptr; ring = ring->following_) {
    if (!ring->in_use_.load(std::memory_order_acquire)) continue;
    const std::size_t count = ring->copy(events);
    for (std::size_t i = 0; i < count; ++i) {
      std::array<char, trace_line_bytes> event;
      Line line(text);
      line.text("broker: shard ").number(ring->shard_.load(std::memory_order_relaxed)).text(" ").text(write_trace_line(events[i], event)).text("\n");
      os::write_error_output(line.written());
    }
  }
}

}  // namespace shard
