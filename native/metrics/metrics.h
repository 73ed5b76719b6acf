// A shard's metric block: plain numbers that one thread writes and any thread may read.
// Owner: its shard (the engine has one more for publish() from JavaScript). Thread: written by the owner, read by any.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace metrics {

enum class Metric : std::uint8_t {
#define METRIC(name) name,
#include "native/metrics/metrics.def"
#undef METRIC
};

inline constexpr std::size_t metric_count = 0
#define METRIC(name) +1
#include "native/metrics/metrics.def"
#undef METRIC
    ;

inline constexpr std::array<const char*, metric_count> metric_names{
#define METRIC(name) #name,
#include "native/metrics/metrics.def"
#undef METRIC
};

class Block {
 public:
  /// Only on the owner's thread: a plain add, without a locked instruction.
  void add(Metric metric, std::int64_t amount = 1) {
    auto& value = values_[static_cast<std::size_t>(metric)];
    value.store(value.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
  }
  std::int64_t get(Metric metric) const { return values_[static_cast<std::size_t>(metric)].load(std::memory_order_relaxed); }

 private:
  alignas(64) std::array<std::atomic<std::int64_t>, metric_count> values_{};
};

}  // namespace metrics
