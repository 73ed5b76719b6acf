// See scenarios.h.
#include "bench/load/scenarios.h"

namespace load {
namespace {

constexpr Scenario table[] = {
    {"one-to-many", "one publisher, one message at a time", [](Options&) {}, run_volleys},
    {"many-to-many", "every publisher sends at the same instant",
     [](Options& options) {
       options.publishers = 1000;
       options.rounds = 8;
       options.warmup = 2;
       options.pause_us = 20'000;
     },
     run_volleys},
    {"channels", "one publisher per topic, a burst to each topic at once",
     [](Options& options) {
       options.topics = options.publishers = 40;
       options.subscribers = 19'000;
       options.rounds = 20;
       options.warmup = 3;
       options.pause_us = 10'000;
     },
     run_volleys},
    {"slow", "one-to-many while some subscribers never read",
     [](Options& options) {
       options.slow_percent = 10;
       options.prefill = 320;
     },
     run_volleys},
    {"paced", "every publisher at a steady rate, evenly staggered",
     [](Options& options) {
       options.publishers = 1000;
       options.per_minute = 6;
       options.seconds = 20;
       options.warmup = 0;
     },
     run_paced},
    {"echo", "each publisher is the only one of its topic and waits for its message to come back before it sends the next",
     [](Options& options) {
       options.publishers = options.subscribers = options.topics = 16;
       options.seconds = 5;
       options.warmup = 500;
     },
     run_echo},
    {"requests", "publications to nobody, answered one by one (a pusher:// URL)",
     [](Options& options) {
       options.publishers = 16;
       options.subscribers = 1;
       options.seconds = 5;
       options.warmup = 20'000;  // until a JavaScript server's code is compiled
     },
     run_requests},
    {"storm", "handshakes as fast as they go, each closed when it is open, while paced messages flow",
     [](Options& options) {
       options.connections = 20'000;
       options.subscribers = 100;
       options.per_minute = 6000;
       options.warmup = 0;
     },
     run_storm},
    {"grpc", "one message at a time, each on a new Publish stream, to Subscribe streams of the same connection (a grpc:// URL)",
     [](Options& options) { options.rounds = 100; }, run_grpc_volleys},
    {"grpc-publish", "one streaming Publish as fast as it goes, to one Subscribe stream (a grpc:// URL)",
     [](Options& options) {
       options.seconds = 5;
       options.warmup = 1000;
     },
     run_grpc_publish},
    {"grpc-last", "unary calls of Last at a steady rate (a grpc:// URL)",
     [](Options& options) {
       options.connections = 10;
       options.per_minute = 600'000;
       options.seconds = 5;
       options.warmup = 5000;
     },
     run_grpc_last},
    {"respond", "each connection sends its next request when its reply, the same bytes, is there; tcp:// and unix: only",
     [](Options& options) {
       options.connections = 1;
       options.payload_bytes = 64;
       options.seconds = 5;
       options.warmup = 2000;
     },
     run_respond},
    {"idle", "opens connections and holds them", [](Options& options) { options.seconds = 0; }, run_idle},
};

}  // namespace

std::span<const Scenario> scenarios() { return table; }

const Scenario* find_scenario(const std::string& name) {
  for (const Scenario& scenario : table) {
    if (name == scenario.name) return &scenario;
  }
  return nullptr;
}

}  // namespace load
