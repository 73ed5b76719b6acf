// See measures.h.
#include "bench/load/measures.h"

#include <dirent.h>
#include <unistd.h>

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <fstream>
#include <numeric>
#include <stdexcept>

#include "bench/load/clock.h"

namespace load {
namespace {

struct Quantile {
  const char* name;
  double share;
};
constexpr Quantile quantiles[] = {{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p999", 0.999}};

}  // namespace

void write_distribution(JsonWriter& out, std::string_view name, std::vector<std::uint64_t> values_ns) {
  out.key(name).open_object();
  if (!values_ns.empty()) {
    std::sort(values_ns.begin(), values_ns.end());
    const std::uint64_t sum = std::accumulate(values_ns.begin(), values_ns.end(), std::uint64_t{0});
    out.key("mean").microseconds(sum / values_ns.size()).key("min").microseconds(values_ns.front());
    for (const Quantile& quantile : quantiles) {
      const auto rank = static_cast<std::size_t>(quantile.share * static_cast<double>(values_ns.size()));
      out.key(quantile.name).microseconds(values_ns[std::min(rank, values_ns.size() - 1)]);
    }
    out.key("max").microseconds(values_ns.back());
  }
  out.close_object();
}

void write_histogram(JsonWriter& out, std::string_view name, const Histogram& values_ns) {
  out.key(name).open_object();
  if (values_ns.total() != 0) {
    out.key("mean").microseconds(values_ns.mean());
    for (const Quantile& quantile : quantiles) out.key(quantile.name).microseconds(values_ns.quantile(quantile.share));
    out.key("max").microseconds(values_ns.max());
    out.key("buckets").open_array();
    values_ns.for_each_range([&](std::uint64_t lowest, std::uint64_t count) {
      out.open_array().microseconds(lowest).number(count).close_array();
    });
    out.close_array();
  }
  out.close_object();
}

void write_faults(JsonWriter& out, const Faults& faults) {
  out.key("faults").open_object();
  out.key("missing").number(faults.missing);
  out.key("duplicated").number(faults.duplicated);
  out.key("outOfOrder").number(faults.out_of_order);
  out.key("corrupted").number(faults.corrupted);
  out.key("misrouted").number(faults.misrouted);
  out.key("closed").number(faults.closed);
  out.key("protocol").number(faults.protocol);
  out.key("refused").number(faults.refused);
  out.close_object();
}

ServerCpu::ServerCpu(std::uint32_t pid) {
  if (pid == 0) return;
  add(pid);
  if (!known()) throw std::runtime_error("--server-pid must be a running process, got: " + std::to_string(pid));
}

void ServerCpu::add(std::uint32_t pid) {
  clockid_t clock{};
  if (clock_getcpuclockid(static_cast<pid_t>(pid), &clock) != 0) return;
  clocks_.push_back(clock);
  const std::string process = std::to_string(pid);
  std::ifstream children("/proc/" + process + "/task/" + process + "/children");
  for (std::uint32_t child = 0; children >> child;) add(child);
}

std::uint64_t ServerCpu::used_ns() const {
  std::uint64_t sum = 0;
  for (const clockid_t clock : clocks_) sum += read_clock_ns(clock);
  return sum;
}

std::uint64_t waited_for_core_ns(std::uint32_t pid) {
  const std::string tasks = "/proc/" + std::to_string(pid) + "/task/";
  DIR* folder = opendir(tasks.c_str());
  if (folder == nullptr) return 0;
  std::uint64_t sum = 0;
  while (const dirent* entry = readdir(folder)) {
    std::FILE* file = std::fopen((tasks + entry->d_name + "/schedstat").c_str(), "re");
    if (file == nullptr) continue;
    std::uint64_t ran_ns = 0, waited_ns = 0;
    if (std::fscanf(file, "%" SCNu64 " %" SCNu64, &ran_ns, &waited_ns) == 2) sum += waited_ns;
    std::fclose(file);
  }
  closedir(folder);
  return sum;
}

WaitMeter::WaitMeter() : before_ns_(waited_for_core_ns(static_cast<std::uint32_t>(getpid()))) {}

double WaitMeter::percent_of(std::uint64_t wall_ns) const {
  const std::uint64_t waited_ns = waited_for_core_ns(static_cast<std::uint32_t>(getpid())) - before_ns_;
  return 100 * static_cast<double>(waited_ns) / static_cast<double>(wall_ns);
}

void BusyMeter::start() {
  started_wall_ns_ = now_ns();
  started_cpu_ns_ = own_cpu_ns();
}

void BusyMeter::stop() {
  cpu_ns_ += own_cpu_ns() - started_cpu_ns_;
  wall_ns_ += now_ns() - started_wall_ns_;
}

}  // namespace load
