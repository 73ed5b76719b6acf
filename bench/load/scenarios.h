// The table of scenarios: a new one is one row here and, when its way of sending is new, one file.
// Owner: main. Thread: the load thread.
#pragma once

#include <span>
#include <string>

#include "bench/load/json.h"
#include "bench/load/options.h"

namespace load {

struct Scenario {
  const char* name;
  const char* help;
  void (*preset)(Options&);
  /// Writes its members into the open object; true: nothing was missing or wrong.
  bool (*run)(const Options&, JsonWriter&);
};

std::span<const Scenario> scenarios();
const Scenario* find_scenario(const std::string& name);

bool run_volleys(const Options& options, JsonWriter& out);
bool run_paced(const Options& options, JsonWriter& out);
bool run_echo(const Options& options, JsonWriter& out);
bool run_storm(const Options& options, JsonWriter& out);
bool run_requests(const Options& options, JsonWriter& out);
bool run_grpc_volleys(const Options& options, JsonWriter& out);
bool run_grpc_publish(const Options& options, JsonWriter& out);
bool run_grpc_last(const Options& options, JsonWriter& out);
bool run_respond(const Options& options, JsonWriter& out);
bool run_idle(const Options& options, JsonWriter& out);

/// `requests_before` publications to nobody, where the server answers them: its code is compiled then. Throws
/// std::runtime_error when one was refused or not answered.
void make_requests_before(const Options& options);

}  // namespace load
