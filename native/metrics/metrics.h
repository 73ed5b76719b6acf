// A shard's metric block: plain numbers that one thread writes and any thread may read.
// Owner: its shard (the engine has one more for publish() from JavaScript). Thread: written by the owner, read by any.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace metrics {

enum class Metric : std::uint8_t {
#define METRIC(name, help) name,
#include "native/metrics/metrics.def"
};

inline constexpr std::size_t metric_count = 0
#define METRIC(name, help) +1
#include "native/metrics/metrics.def"
    ;

/// A row as people see it.
struct Explained {
  const char* name;
  const char* help;
};

/// By the order of Metric.
inline constexpr std::array<Explained, metric_count> metric_rows{{
#define METRIC(name, help) {#name, help},
#include "native/metrics/metrics.def"
}};

/// What all shards share: nobody counts it, it is looked at when it is asked for.
enum class SharedMetric : std::uint8_t {
#define SHARED_METRIC(name, help) name,
#include "native/metrics/metrics.def"
};

inline constexpr std::size_t shared_metric_count = 0
#define SHARED_METRIC(name, help) +1
#include "native/metrics/metrics.def"
    ;

/// By the order of SharedMetric.
inline constexpr std::array<Explained, shared_metric_count> shared_metric_rows{{
#define SHARED_METRIC(name, help) {#name, help},
#include "native/metrics/metrics.def"
}};

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
