// What is measured around the deliveries themselves: distributions, the client's own load, the server's CPU time.
// Owner: the scenario. Thread: the load thread.
#pragma once

#include <time.h>

#include <cstdint>
#include <string_view>
#include <vector>

#include "bench/load/histogram.h"
#include "bench/load/json.h"
#include "bench/load/ledger.h"

namespace load {

/// Writes mean, min, p50, p90, p99, p99.9 and max in µs under `name`.
void write_distribution(JsonWriter& out, std::string_view name, std::vector<std::uint64_t> values_ns);
/// The same and its buckets: [lowest µs, count], ascending, at 1/16 relative precision.
void write_histogram(JsonWriter& out, std::string_view name, const Histogram& values_ns);
void write_faults(JsonWriter& out, const Faults& faults);

/// CPU time of the server's process and of those it has started by then, all threads, exact at the moment of the call (process CPU clocks).
class ServerCpu {
 public:
  explicit ServerCpu(std::uint32_t pid);
  bool known() const { return !clocks_.empty(); }
  std::uint64_t used_ns() const;

 private:
  void add(std::uint32_t pid);

  std::vector<clockid_t> clocks_;
};

/// Time the threads of a process were ready to run but had no core: what other programs on the machine did to a run.
std::uint64_t waited_for_core_ns(std::uint32_t pid);

/// How long this process was ready but had no core, since the object was made.
class WaitMeter {
 public:
  WaitMeter();
  double percent_of(std::uint64_t wall_ns) const;

 private:
  std::uint64_t before_ns_;
};

/// Adds up windows of wall time and of this process's own CPU time within them.
class BusyMeter {
 public:
  void start();
  void stop();
  std::uint64_t wall_ns() const { return wall_ns_; }
  double percent() const { return wall_ns_ == 0 ? 0 : 100.0 * static_cast<double>(cpu_ns_) / static_cast<double>(wall_ns_); }

 private:
  std::uint64_t started_wall_ns_ = 0;
  std::uint64_t started_cpu_ns_ = 0;
  std::uint64_t wall_ns_ = 0;
  std::uint64_t cpu_ns_ = 0;
};

}  // namespace load
