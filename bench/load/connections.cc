// Scenarios about connections instead of messages: `storm` (handshakes per second) and `idle` (hold them, so that the
// server's memory can be read from outside).
// Owner: main. Thread: the load thread.
#include <poll.h>
#include <unistd.h>

#include <algorithm>

#include "bench/load/clock.h"
#include "bench/load/fleet.h"
#include "bench/load/measures.h"
#include "bench/load/scenarios.h"

namespace load {
namespace {

void write_opening(JsonWriter& out, const OpenResult& opened) {
  out.key("connections").number(opened.opened);
  out.key("resumed").number(opened.resumed);
  out.key("handshakesPerSecond").real(opened.opened * 1e9 / static_cast<double>(opened.elapsed_ns));
  write_histogram(out, "handshakeUs", opened.handshake_ns);
}

bool stdin_ended() {
  pollfd input{STDIN_FILENO, POLLIN, 0};
  char byte;
  return poll(&input, 1, 0) > 0 && ::read(STDIN_FILENO, &byte, 1) <= 0;
}

/// One publisher's messages at a steady rate, sent between the turns of something else.
class Traffic {
 public:
  Traffic(Fleet& fleet, const Options& options) : fleet_(fleet), gap_ns_(60'000'000'000 / options.per_minute) {}

  /// Sends what is due; returns the time until the next is.
  std::uint64_t operator()() {
    const std::uint64_t now = now_ns();
    if (due_ns_ == 0) due_ns_ = now;
    if (now >= due_ns_ && fleet_.sent(0) < fleet_.ledger().shape().messages_each) {
      fleet_.prepare(0, 1);
      fleet_.fire(0);
      due_ns_ += gap_ns_;
    }
    return std::min<std::uint64_t>(100'000'000, due_ns_ > now ? due_ns_ - now : 0);
  }

 private:
  Fleet& fleet_;
  std::uint64_t gap_ns_;
  std::uint64_t due_ns_ = 0;
};

void write_traffic(JsonWriter& out, const Ledger& ledger, std::uint32_t sent) {
  std::vector<std::uint64_t> totals, spreads;
  for (std::uint32_t sequence = 0; sequence < sent; ++sequence) {
    const Message& message = ledger.message(0, sequence);
    if (message.received == 0 || message.received != message.expected) continue;
    totals.push_back(message.last_ns - message.send_ns);
    spreads.push_back(message.last_ns - message.first_ns);
  }
  write_distribution(out, "totalUs", totals);
  write_distribution(out, "spreadUs", spreads);
  write_histogram(out, "deliveryUs", ledger.delivery_ns());
}

}  // namespace

bool run_storm(const Options& options, JsonWriter& out) {
  Fleet fleet(options, options.per_minute / 60 * (options.connect_timeout_s + 1) + 1);
  const ServerCpu server_cpu(options.server_pid);
  // A topic of its own: what flows meanwhile does not reach those who only come and go.
  const Endpoint endpoint = resolve(options.subscribe_url, options.topic + "-storm", Side::subscribe);
  const std::vector<Wanted> wanted(options.connections, Wanted{Role::subscriber, 0, &endpoint});
  fleet.open();
  fleet.ledger().start_measuring();
  BusyMeter meter;
  const WaitMeter wait_meter;
  const std::uint64_t cpu_before = server_cpu.used_ns();
  meter.start();
  const OpenResult opened = fleet.client().open(wanted, AfterOpen::close, Traffic(fleet, options));
  meter.stop();
  const double cpu_us = static_cast<double>(server_cpu.used_ns() - cpu_before) / 1000;
  fleet.client().turn_until_delivered(now_ns() + std::uint64_t{options.timeout_s} * 1'000'000'000);
  write_opening(out, opened);
  const Faults faults = fleet.ledger().close();
  write_faults(out, faults);
  write_traffic(out, fleet.ledger(), fleet.sent(0));
  out.key("serverCpuUsPerHandshake").real(server_cpu.known() ? cpu_us / opened.opened : NAN);
  out.key("clientBusyPercent").real(meter.percent());
  out.key("clientWaitedPercent").real(wait_meter.percent_of(meter.wall_ns()));
  return faults.sum() == 0;
}

bool run_idle(const Options& options, JsonWriter& out) {
  Ledger ledger({1, 1, 1, 1});
  Client client(client_options(options), &ledger);
  const Endpoint endpoint = resolve(options.subscribe_url, options.topic, Side::subscribe);
  const std::vector<Wanted> wanted(options.connections, Wanted{Role::subscriber, 0, &endpoint});
  const OpenResult opened = client.open(wanted, AfterOpen::keep);
  std::printf("{\"event\":\"open\",\"connections\":%u}\n", client.open_connections());
  std::fflush(stdout);
  const std::uint64_t until = now_ns() + std::uint64_t{options.seconds} * 1'000'000'000;
  while (options.seconds == 0 ? !stdin_ended() : now_ns() < until) client.turn(20'000'000);
  write_opening(out, opened);
  const Faults faults = ledger.close();
  write_faults(out, faults);
  return faults.sum() == 0;
}

}  // namespace load
