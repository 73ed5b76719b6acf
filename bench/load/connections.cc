// Scenarios about connections instead of messages: `storm` (handshakes per second) and `idle` (hold them, so that the
// server's memory can be read from outside).
// Owner: main. Thread: the load thread.
#include <poll.h>
#include <unistd.h>

#include "bench/load/client.h"
#include "bench/load/clock.h"
#include "bench/load/measures.h"
#include "bench/load/scenarios.h"

namespace load {
namespace {

ClientOptions client_options(const Options& options) {
  return {options.verify_every, options.connect_parallel, options.connect_timeout_s, options.spin != 0};
}

void write_opening(JsonWriter& out, const OpenResult& opened) {
  out.key("connections").number(opened.opened);
  out.key("handshakesPerSecond").real(opened.opened * 1e9 / static_cast<double>(opened.elapsed_ns));
  write_histogram(out, "handshakeUs", opened.handshake_ns);
}

bool stdin_ended() {
  pollfd input{STDIN_FILENO, POLLIN, 0};
  char byte;
  return poll(&input, 1, 0) > 0 && ::read(STDIN_FILENO, &byte, 1) <= 0;
}

}  // namespace

bool run_storm(const Options& options, JsonWriter& out) {
  Client client(client_options(options), nullptr);
  const ServerCpu server_cpu(options.server_pid);
  const Endpoint endpoint = resolve(options.subscribe_url, options.topic);
  const std::vector<Wanted> wanted(options.connections, Wanted{Role::subscriber, 0, &endpoint});
  BusyMeter meter;
  const std::uint64_t cpu_before = server_cpu.used_ns();
  meter.start();
  const OpenResult opened = client.open(wanted, AfterOpen::close);
  meter.stop();
  const double cpu_us = static_cast<double>(server_cpu.used_ns() - cpu_before) / 1000;
  write_opening(out, opened);
  out.key("serverCpuUsPerHandshake").real(server_cpu.known() ? cpu_us / opened.opened : NAN);
  out.key("clientBusyPercent").real(meter.percent());
  return true;
}

bool run_idle(const Options& options, JsonWriter& out) {
  Ledger ledger({1, 1, 1, 1});
  Client client(client_options(options), &ledger);
  const Endpoint endpoint = resolve(options.subscribe_url, options.topic);
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
