// Scenarios made of volleys: every publisher sends its burst at one instant, and the next volley waits until all of it
// has arrived everywhere (one-to-many, many-to-many, channels, slow).
// Owner: main. Thread: the load thread.
#include <algorithm>

#include "bench/load/clock.h"
#include "bench/load/fleet.h"
#include "bench/load/measures.h"
#include "bench/load/scenarios.h"

namespace load {
namespace {

constexpr std::uint32_t prefill_burst = 64;

struct Round {
  std::uint64_t total_ns;   // mean over the round's messages: last receipt − send
  std::uint64_t spread_ns;  // mean over the round's messages: last − first receipt
  std::uint64_t wall_ns;    // first send → last receipt of all
};

class Volleys {
 public:
  explicit Volleys(const Options& options)
      : options_(options),
        fleet_(options, options.prefill + (options.warmup + options.rounds) * options.burst),
        server_cpu_(options.server_pid) {}

  bool run(JsonWriter& out) {
    opened_ = fleet_.open();
    bool complete = true;
    for (std::uint32_t sent = 0; complete && sent < options_.prefill; sent += prefill_burst) {
      complete = volley(std::min(prefill_burst, options_.prefill - sent));
    }
    for (std::uint32_t i = 0; complete && i < options_.warmup; ++i) complete = volley(options_.burst);
    fleet_.ledger().start_measuring();
    const std::uint64_t delivered_before = fleet_.ledger().deliveries();
    const std::uint64_t cpu_before = server_cpu_.used_ns();
    for (std::uint32_t i = 0; complete && i < options_.rounds; ++i) {
      meter_.start();
      complete = volley(options_.burst);
      meter_.stop();
      if (complete) record_round();
      fleet_.client().turn_for(std::uint64_t{options_.pause_us} * 1000);
    }
    const std::uint64_t cpu_ns = server_cpu_.used_ns() - cpu_before;
    return write(out, fleet_.ledger().deliveries() - delivered_before, cpu_ns);
  }

 private:
  bool volley(std::uint32_t burst) {
    for (std::uint32_t i = 0; i < options_.publishers; ++i) fleet_.prepare(i, burst);
    const std::uint64_t deadline = now_ns() + std::uint64_t{options_.timeout_s} * 1'000'000'000;
    for (std::uint32_t i = 0; i < options_.publishers; ++i) fleet_.fire(i);
    return fleet_.client().turn_until_delivered(deadline);
  }

  void record_round() {
    std::uint64_t total = 0, spread = 0, first_send = UINT64_MAX, last_receipt = 0, messages = 0;
    for (std::uint32_t publisher = 0; publisher < options_.publishers; ++publisher) {
      for (std::uint32_t i = 0; i < options_.burst; ++i) {
        const Message& message = fleet_.ledger().message(publisher, fleet_.sent(publisher) - 1 - i);
        if (message.expected == 0) continue;
        totals_.push_back(message.last_ns - message.send_ns);
        spreads_.push_back(message.last_ns - message.first_ns);
        total += totals_.back();
        spread += spreads_.back();
        first_send = std::min(first_send, message.send_ns);
        last_receipt = std::max(last_receipt, message.last_ns);
        ++messages;
      }
    }
    if (messages != 0) rounds_.push_back({total / messages, spread / messages, last_receipt - first_send});
  }

  bool write(JsonWriter& out, std::uint64_t deliveries, std::uint64_t cpu_ns) {
    const Faults faults = fleet_.ledger().close();
    std::uint64_t wall_ns = 0;
    for (const Round& round : rounds_) wall_ns += round.wall_ns;
    const auto delivered = static_cast<double>(deliveries);
    out.key("deliveries").number(deliveries);
    write_faults(out, faults);
    write_distribution(out, "totalUs", totals_);
    write_distribution(out, "spreadUs", spreads_);
    write_histogram(out, "deliveryUs", fleet_.ledger().delivery_ns());
    out.key("deliveriesPerSecond").real(delivered * 1e9 / static_cast<double>(wall_ns));
    out.key("serverCpuUsPerDelivery");
    out.real(server_cpu_.known() ? static_cast<double>(cpu_ns) / 1000 / delivered : NAN);
    out.key("clientBusyPercent").real(meter_.percent());
    out.key("handshakesPerSecond").real(opened_.opened * 1e9 / static_cast<double>(opened_.elapsed_ns));
    write_curve(out);
    out.key("rounds").open_array();
    for (const Round& round : rounds_) {
      out.open_object().key("totalUs").microseconds(round.total_ns).key("spreadUs").microseconds(round.spread_ns);
      out.key("wallUs").microseconds(round.wall_ns).close_object();
    }
    out.close_array();
    return faults.sum() == 0 && rounds_.size() == options_.rounds;
  }

  /// Mean receipt time by rank, at 51 evenly spaced ranks from the first to the last receipt.
  void write_curve(JsonWriter& out) {
    const std::vector<std::uint64_t> curve = fleet_.ledger().rank_curve();
    out.key("curveUs").open_array();
    for (std::size_t i = 0; i <= 50 && !curve.empty(); ++i) out.microseconds(curve[i * (curve.size() - 1) / 50]);
    out.close_array();
  }

  const Options& options_;
  Fleet fleet_;
  ServerCpu server_cpu_;
  BusyMeter meter_;
  OpenResult opened_;
  std::vector<std::uint64_t> totals_;
  std::vector<std::uint64_t> spreads_;
  std::vector<Round> rounds_;
};

}  // namespace

bool run_volleys(const Options& options, JsonWriter& out) { return Volleys(options).run(out); }

}  // namespace load
