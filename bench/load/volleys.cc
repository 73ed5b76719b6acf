// Scenarios made of volleys: every publisher sends its burst at one instant, and the next volley waits until all of it
// has arrived everywhere (one-to-many, many-to-many, channels, slow).
// Owner: main. Thread: the load thread.
#include <unistd.h>

#include <algorithm>

#include "bench/load/clock.h"
#include "bench/load/fleet.h"
#include "bench/load/measures.h"
#include "bench/load/scenarios.h"

namespace load {
namespace {

constexpr std::uint64_t short_warm_up_ns = 150'000'000;
constexpr std::uint32_t prefill_burst = 4;
constexpr std::uint32_t prefill_payload_bytes = 16 * 1024;  // large, so that the buffers are full soon

struct Round {
  std::uint64_t total_ns;   // mean over the round's messages: last receipt − send
  std::uint64_t spread_ns;  // mean over the round's messages: last − first receipt
  std::uint64_t wall_ns;    // first send → last receipt of all
};

/// Readings of everything that only ever grows; a window is the difference of two.
struct Counters {
  std::uint64_t deliveries;
  std::uint64_t server_cpu_ns;
  std::uint64_t server_waited_ns;
  std::uint64_t client_waited_ns;

  Counters operator-(const Counters& before) const {
    return {deliveries - before.deliveries, server_cpu_ns - before.server_cpu_ns,
            server_waited_ns - before.server_waited_ns, client_waited_ns - before.client_waited_ns};
  }
};

class Volleys {
 public:
  explicit Volleys(const Options& options)
      : options_(options),
        fleet_(options, options.prefill + (options.warmup + 1 + options.rounds) * options.burst),
        server_cpu_(options.server_pid) {}

  bool run(JsonWriter& out) {
    opened_ = fleet_.open();
    bool complete = true;
    for (std::uint32_t sent = 0; complete && sent < options_.prefill; sent += prefill_burst) {
      complete = volley(std::min(prefill_burst, options_.prefill - sent), prefill_payload_bytes);
      if (sent < options_.prefill / 2) silent_bytes_halfway_ = fleet_.silent_bytes();
    }
    silent_bytes_ = fleet_.silent_bytes();
    complete = complete && warm_up();
    fleet_.ledger().start_measuring();
    const Counters before = read_counters();
    for (std::uint32_t i = 0; complete && i < options_.rounds && within_budget(); ++i) complete = measured_round();
    write(out, read_counters() - before);
    return faults_.sum() == 0 && complete;
  }

 private:
  /// Whole volleys, unless a tenth of one shows that they would take too long.
  bool warm_up() {
    if (options_.warmup == 0) return true;
    const std::uint64_t started = now_ns();
    const std::uint32_t some = std::max(1u, options_.publishers / 10);
    if (!volley(options_.burst, options_.payload_bytes, some)) return false;
    if (some != options_.publishers && now_ns() - started > short_warm_up_ns) return true;
    for (std::uint32_t i = 1; i < options_.warmup || (i == 1 && some != options_.publishers); ++i) {
      if (!volley(options_.burst, options_.payload_bytes)) return false;
    }
    return true;
  }

  bool within_budget() const { return meter_.wall_ns() < std::uint64_t{options_.budget_s} * 1'000'000'000; }

  bool measured_round() {
    meter_.start();
    const bool complete = volley(options_.burst, options_.payload_bytes);
    meter_.stop();
    if (complete) record_round();
    fleet_.client().turn_for(std::uint64_t{options_.pause_us} * 1000);
    return complete;
  }

  bool volley(std::uint32_t burst, std::uint32_t payload_bytes) { return volley(burst, payload_bytes, options_.publishers); }

  bool volley(std::uint32_t burst, std::uint32_t payload_bytes, std::uint32_t publishers) {
    for (std::uint32_t i = 0; i < publishers; ++i) fleet_.prepare(i, burst, payload_bytes);
    const std::uint64_t deadline = now_ns() + std::uint64_t{options_.timeout_s} * 1'000'000'000;
    for (std::uint32_t i = 0; i < publishers; ++i) fleet_.fire(i);
    return fleet_.client().turn_until_delivered(deadline);
  }

  Counters read_counters() {
    return {fleet_.ledger().deliveries(), server_cpu_.used_ns(),
            server_cpu_.known() ? waited_for_core_ns(options_.server_pid) : 0,
            waited_for_core_ns(static_cast<std::uint32_t>(getpid()))};
  }

  void record_round() {
    std::uint64_t total = 0, spread = 0, first_send = UINT64_MAX, last_receipt = 0, messages = 0;
    for (std::uint32_t publisher = 0; publisher < options_.publishers; ++publisher) {
      for (std::uint32_t i = 0; i < options_.burst; ++i) {
        const Message& message = fleet_.ledger().message(publisher, fleet_.sent(publisher) - 1 - i);
        if (message.expected == 0) continue;
        if (message.kernel_last_ns != 0) {
          kernel_totals_.push_back(message.kernel_last_ns - message.send_ns);
          kernel_spreads_.push_back(message.kernel_last_ns - message.kernel_first_ns);
        }
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

  void write(JsonWriter& out, const Counters& window) {
    faults_ = fleet_.ledger().close();
    out.key("deliveries").number(window.deliveries);
    write_faults(out, faults_);
    write_distribution(out, "totalUs", totals_);
    write_distribution(out, "spreadUs", spreads_);
    if (options_.kernel_time != 0) {
      write_distribution(out, "kernelTotalUs", kernel_totals_);
      write_distribution(out, "kernelSpreadUs", kernel_spreads_);
    }
    if (options_.slow_percent != 0) write_silent(out);
    write_histogram(out, "deliveryUs", fleet_.ledger().delivery_ns());
    write_load(out, window);
    out.key("handshakesPerSecond").real(opened_.opened * 1e9 / static_cast<double>(opened_.elapsed_ns));
    write_curve(out);
    out.key("rounds").open_array();
    for (const Round& round : rounds_) {
      out.open_object().key("totalUs").microseconds(round.total_ns).key("spreadUs").microseconds(round.spread_ns);
      out.key("wallUs").microseconds(round.wall_ns).close_object();
    }
    out.close_array();
  }

  void write_load(JsonWriter& out, const Counters& window) {
    double delivering_ns = 0;
    for (const Round& round : rounds_) delivering_ns += static_cast<double>(round.wall_ns);
    const auto measured_ns = static_cast<double>(meter_.wall_ns());
    const auto deliveries = static_cast<double>(window.deliveries);
    const double of_server = server_cpu_.known() ? 1 : NAN;
    const auto cpu_ns = static_cast<double>(window.server_cpu_ns);
    out.key("deliveriesPerSecond").real(deliveries * 1e9 / delivering_ns);
    out.key("serverCpuUsPerDelivery").real(of_server * cpu_ns / 1000 / deliveries);
    out.key("serverBusyPercent").real(of_server * 100 * cpu_ns / measured_ns);
    out.key("serverWaitedPercent").real(of_server * 100 * static_cast<double>(window.server_waited_ns) / measured_ns);
    out.key("clientBusyPercent").real(meter_.percent());
    out.key("clientWaitedPercent").real(100 * static_cast<double>(window.client_waited_ns) / measured_ns);
  }

  /// The buffers of those who do not read are full when the second half of the prefill added nothing to them.
  void write_silent(JsonWriter& out) {
    out.key("silentUnreadBytes").number(silent_bytes_);
    out.key("silentFull").boolean(options_.prefill != 0 && silent_bytes_ == silent_bytes_halfway_);
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
  Faults faults_;
  std::vector<std::uint64_t> totals_;
  std::vector<std::uint64_t> spreads_;
  std::vector<std::uint64_t> kernel_totals_;
  std::vector<std::uint64_t> kernel_spreads_;
  std::vector<Round> rounds_;
  std::uint64_t silent_bytes_halfway_ = 0;
  std::uint64_t silent_bytes_ = 0;
};

}  // namespace

bool run_volleys(const Options& options, JsonWriter& out) {
  make_requests_before(options);
  return Volleys(options).run(out);
}

}  // namespace load
