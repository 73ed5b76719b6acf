// What a run is asked to do: one row in options.cc per flag, and what each scenario changes of the defaults.
// Owner: main. Thread: the load thread.
#pragma once

#include <cstdint>
#include <string>

namespace load {

struct Options {
  std::string scenario;
  std::string publish_url = "ws://127.0.0.1:8001/{topic}";
  std::string subscribe_url = "ws://127.0.0.1:8002/{topic}";
  std::string topic = "bench";  // with several topics: bench-0, bench-1, …
  std::uint32_t publishers = 1;
  std::uint32_t subscribers = 1000;  // of all topics together
  std::uint32_t topics = 1;
  std::uint32_t rounds = 200;
  std::uint32_t warmup = 20;
  std::uint32_t burst = 1;  // messages each publisher sends at once
  std::uint32_t depth = 1;  // requests under way on one connection
  std::uint32_t payload_bytes = 1024;
  std::uint32_t data_bytes = 12;  // grpc: of a message's data
  std::uint32_t pause_us = 2000;  // between rounds
  std::uint32_t per_minute = 60;  // messages per publisher, paced
  std::uint32_t seconds = 10;     // how long paced sends, or idle holds (0: until stdin ends)
  std::uint32_t slow_percent = 0;
  std::uint32_t requests_before = 0;  // publications to nobody, where they are answered: until a JavaScript server's code is compiled
  std::uint32_t flooders = 0;           // connections that publish without end beside what is measured
  std::uint32_t flood_subscribers = 1;  // who read what those say
  std::uint32_t flood_bytes = 1024;     // of one of their messages
  std::uint32_t prefill = 0;  // unmeasured messages in front, so that silent subscribers' buffers are full
  std::uint32_t connections = 1000;
  std::uint32_t verify_every = 16;
  std::uint32_t connect_parallel = 256;
  std::uint32_t connect_timeout_s = 60;
  std::uint32_t timeout_s = 30;  // for one round's deliveries
  std::uint32_t budget_s = 60;  // no further round is begun after so much measured time
  std::uint32_t cpu = UINT32_MAX;
  std::uint32_t server_pid = 0;
  std::uint32_t kernel_time = 0;
  std::uint32_t tls_resume = 0;
  std::uint32_t spin = 0;
};

/// Reads `SCENARIO [--flag value]…`. Throws std::runtime_error with one line that names the flag and its bounds.
Options read_options(int count, char** arguments);

std::string usage();

}  // namespace load
