// Every publisher at a steady rate, evenly staggered: what a server does under a load it can carry, and its tail.
// Owner: main. Thread: the load thread.
#include <optional>
#include <stdexcept>

#include "bench/load/clock.h"
#include "bench/load/fleet.h"
#include "bench/load/flood.h"
#include "bench/load/measures.h"
#include "bench/load/scenarios.h"

namespace load {
namespace {

std::uint32_t messages_each(const Options& options) {
  const std::uint64_t count = std::uint64_t{options.per_minute} * options.seconds / 60;
  if (count == 0) throw std::runtime_error("--per-minute × --seconds makes no message, got: " + std::to_string(options.seconds) + " s");
  return static_cast<std::uint32_t>(count);
}

void collect(const Ledger& ledger, std::vector<std::uint64_t>& totals, std::vector<std::uint64_t>& spreads) {
  for (std::uint32_t publisher = 0; publisher < ledger.shape().publishers; ++publisher) {
    for (std::uint32_t sequence = 0; sequence < ledger.shape().messages_each; ++sequence) {
      const Message& message = ledger.message(publisher, sequence);
      if (message.received == 0 || message.received != message.expected) continue;
      totals.push_back(message.last_ns - message.send_ns);
      spreads.push_back(message.last_ns - message.first_ns);
    }
  }
}

}  // namespace

bool run_paced(const Options& options, JsonWriter& out) {
  const std::uint32_t each = messages_each(options);
  Fleet fleet(options, each);
  const ServerCpu server_cpu(options.server_pid);
  fleet.open();
  std::optional<Flood> flood;
  if (options.flooders > 0) flood.emplace(options);
  fleet.ledger().start_measuring();
  const std::uint64_t flooded_before = flood ? flood->sent_bytes() : 0;
  Histogram lag;  // how much later than planned the client itself came to send
  BusyMeter meter;
  const WaitMeter wait_meter;
  const std::uint64_t cpu_before = server_cpu.used_ns();
  meter.start();
  const std::uint64_t start = now_ns();
  const double gap_ns = 60e9 / options.per_minute / options.publishers;
  const std::uint64_t count = std::uint64_t{each} * options.publishers;
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto publisher = static_cast<std::uint32_t>(i % options.publishers);
    const std::uint64_t due = start + static_cast<std::uint64_t>(static_cast<double>(i) * gap_ns);
    fleet.prepare(publisher, 1);
    for (std::uint64_t now = now_ns(); now < due; now = now_ns()) fleet.client().turn(due - now);
    lag.add(fleet.fire(publisher) - due);
  }
  fleet.client().turn_until_delivered(now_ns() + std::uint64_t{options.timeout_s} * 1'000'000'000);
  meter.stop();
  const std::uint64_t flooded = flood ? flood->sent_bytes() - flooded_before : 0;
  const bool flooded_throughout = !flood || flood->goes_on();
  flood.reset();
  const double cpu_us = static_cast<double>(server_cpu.used_ns() - cpu_before) / 1000;
  const Faults faults = fleet.ledger().close();
  const auto deliveries = static_cast<double>(fleet.ledger().deliveries());
  std::vector<std::uint64_t> totals, spreads;
  collect(fleet.ledger(), totals, spreads);
  out.key("deliveries").number(fleet.ledger().deliveries());
  write_faults(out, faults);
  write_distribution(out, "totalUs", totals);
  write_distribution(out, "spreadUs", spreads);
  write_histogram(out, "deliveryUs", fleet.ledger().delivery_ns());
  write_histogram(out, "sendLagUs", lag);
  if (options.flooders > 0) out.key("floodMbPerSecond").real(static_cast<double>(flooded) * 1e3 / static_cast<double>(meter.wall_ns()));
  out.key("deliveriesPerSecond").real(deliveries * 1e9 / static_cast<double>(meter.wall_ns()));
  out.key("serverCpuUsPerDelivery").real(server_cpu.known() ? cpu_us / deliveries : NAN);
  out.key("clientBusyPercent").real(meter.percent());
  out.key("clientWaitedPercent").real(wait_meter.percent_of(meter.wall_ns()));
  if (options.flooders > 0) out.key("floodEnded").boolean(!flooded_throughout);
  return faults.sum() == 0 && flooded_throughout;
}

}  // namespace load
