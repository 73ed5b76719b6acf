// The load generator: many WebSocket clients in one thread, pinned to one core, result as one JSON line on stdout.
// Exit code: 0 everything arrived as sent, 1 something did not, 2 the run could not be made.
// Owner: nobody. Thread: the load thread.
#include <sched.h>
#include <sys/resource.h>

#include <cstdio>
#include <cstring>
#include <exception>

#include "bench/load/scenarios.h"

namespace load {
namespace {

void pin_to(std::uint32_t cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  if (sched_setaffinity(0, sizeof set, &set) != 0) std::fprintf(stderr, "load: cannot pin to core %u\n", cpu);
}

void raise_fd_limit() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

void write_parameters(JsonWriter& out, const Options& options) {
  out.key("parameters").open_object();
  out.key("publishers").number(options.publishers).key("subscribers").number(options.subscribers);
  out.key("topics").number(options.topics).key("rounds").number(options.rounds).key("warmup").number(options.warmup);
  out.key("burst").number(options.burst).key("depth").number(options.depth).key("payloadBytes").number(options.payload_bytes);
  out.key("perMinute").number(options.per_minute).key("seconds").number(options.seconds);
  out.key("slowPercent").number(options.slow_percent).key("connections").number(options.connections);
  out.close_object();
}

int run(int count, char** arguments) {
  const Options options = read_options(count, arguments);
  if (options.cpu != UINT32_MAX) pin_to(options.cpu);
  raise_fd_limit();
  JsonWriter out;
  out.open_object().key("scenario").string(options.scenario);
  write_parameters(out, options);
  const bool ok = find_scenario(options.scenario)->run(options, out);
  out.key("ok").boolean(ok).close_object();
  std::printf("%s\n", out.text().c_str());
  return ok ? 0 : 1;
}

}  // namespace
}  // namespace load

int main(int count, char** arguments) {
  if (count == 2 && std::strcmp(arguments[1], "--help") == 0) {
    std::fputs(load::usage().c_str(), stdout);
    return 0;
  }
  try {
    return load::run(count, arguments);
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "load: %s\n", failure.what());
    return 2;
  }
}
