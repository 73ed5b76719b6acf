// Request and response: each client publishes to a topic of its own and waits until the message has come back to its own
// subscription before it sends the next one.
// Owner: main. Thread: the load thread.
#include <algorithm>
#include <stdexcept>

#include "bench/load/clock.h"
#include "bench/load/fleet.h"
#include "bench/load/measures.h"
#include "bench/load/scenarios.h"

namespace load {
namespace {

constexpr std::uint64_t requests_max = 2'000'000;  // of all clients: bounds the ledger
constexpr std::uint64_t under_ns = 1'000'000;

class Echo {
 public:
  explicit Echo(const Options& options)
      : options_(options), each_(static_cast<std::uint32_t>(requests_max / options.publishers)), fleet_(options, each_) {}

  /// False when a response was missing for longer than the timeout.
  bool run_until(std::uint64_t end_ns, std::uint64_t requests) {
    const std::uint64_t stop_at = fleet_.ledger().deliveries() + requests;
    std::uint64_t now = now_ns(), answered_ns = now;
    for (std::uint64_t answered = 0; now < end_ns && fleet_.ledger().deliveries() < stop_at; now = now_ns()) {
      for (std::uint32_t client = 0; client < options_.publishers; ++client) {
        if (ready(client)) request(client);
      }
      fleet_.client().turn(100'000'000);
      if (fleet_.ledger().deliveries() != answered) answered_ns = now;
      answered = fleet_.ledger().deliveries();
      if (now - answered_ns > std::uint64_t{options_.timeout_s} * 1'000'000'000) return false;
    }
    return fleet_.client().turn_until_delivered(now_ns() + std::uint64_t{options_.timeout_s} * 1'000'000'000);
  }

  Fleet& fleet() { return fleet_; }

 private:
  bool ready(std::uint32_t client) {
    const std::uint32_t sent = fleet_.sent(client);
    return sent < each_ && (sent == 0 || fleet_.ledger().message(client, sent - 1).received != 0);
  }

  void request(std::uint32_t client) {
    fleet_.prepare(client, 1);
    fleet_.fire(client);
  }

  const Options& options_;
  std::uint32_t each_;
  Fleet fleet_;
};

}  // namespace

bool run_echo(const Options& options, JsonWriter& out) {
  if (options.publishers != options.topics || options.subscribers != options.topics) {
    throw std::runtime_error("echo needs as many publishers and subscribers as topics, got: " + std::to_string(options.topics) + " topics");
  }
  Echo echo(options);
  const ServerCpu server_cpu(options.server_pid);
  echo.fleet().open();
  bool complete = echo.run_until(UINT64_MAX, options.warmup);
  echo.fleet().ledger().start_measuring();
  const std::uint64_t answered_before = echo.fleet().ledger().deliveries();
  BusyMeter meter;
  const WaitMeter wait_meter;
  const std::uint64_t cpu_before = server_cpu.used_ns();
  meter.start();
  const std::uint64_t length_ns = std::uint64_t{std::min(options.seconds, options.budget_s)} * 1'000'000'000;
  complete = complete && echo.run_until(now_ns() + length_ns, UINT64_MAX / 2);
  meter.stop();
  const double cpu_us = static_cast<double>(server_cpu.used_ns() - cpu_before) / 1000;
  Ledger& ledger = echo.fleet().ledger();
  const auto answered = static_cast<double>(ledger.deliveries() - answered_before);
  const Faults faults = ledger.close();
  out.key("deliveries").number(ledger.deliveries() - answered_before);
  write_faults(out, faults);
  write_histogram(out, "deliveryUs", ledger.delivery_ns());
  out.key("underOneMsPercent").real(100 * ledger.delivery_ns().share_below(under_ns));
  out.key("deliveriesPerSecond").real(answered * 1e9 / static_cast<double>(meter.wall_ns()));
  out.key("serverCpuUsPerDelivery").real(server_cpu.known() ? cpu_us / answered : NAN);
  out.key("serverBusyPercent").real(server_cpu.known() ? 100e3 * cpu_us / static_cast<double>(meter.wall_ns()) : NAN);
  out.key("clientBusyPercent").real(meter.percent());
  out.key("clientWaitedPercent").real(wait_meter.percent_of(meter.wall_ns()));
  return complete && faults.sum() == 0;
}

}  // namespace load
