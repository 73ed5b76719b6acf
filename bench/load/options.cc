// See options.h.
#include "bench/load/options.h"

#include <charconv>
#include <stdexcept>

#include "bench/load/payload.h"
#include "bench/load/scenarios.h"

namespace load {
namespace {

struct NumberFlag {
  const char* name;
  std::uint32_t Options::*value;
  std::uint32_t min;
  std::uint32_t max;
  const char* help;
};

constexpr NumberFlag number_flags[] = {
    {"--publishers", &Options::publishers, 1, 19'000, "publishing connections"},
    {"--subscribers", &Options::subscribers, 1, 19'000, "subscribing connections, of all topics together"},
    {"--topics", &Options::topics, 1, 1000, "topics; publishers and subscribers are dealt out to them in turn"},
    {"--rounds", &Options::rounds, 1, 1'000'000, "measured rounds"},
    {"--warmup", &Options::warmup, 0, 100'000, "rounds before them; grpc-publish: milliseconds"},
    {"--requests-before", &Options::requests_before, 0, 1'000'000, "publications to nobody before all else, where the server answers them"},
    {"--burst", &Options::burst, 1, 100'000, "messages each publisher sends at once"},
    {"--depth", &Options::depth, 1, 1024, "requests: how many may be under way on one connection"},
    {"--payload-bytes", &Options::payload_bytes, payload_bytes_min, payload_bytes_max, "bytes of one message"},
    {"--data-bytes", &Options::data_bytes, 1, 65'000, "grpc: bytes of one message's data"},
    {"--pause-us", &Options::pause_us, 0, 10'000'000, "rest between two rounds"},
    {"--per-minute", &Options::per_minute, 1, 6'000'000, "paced: messages of each publisher; grpc-last: requests of all connections"},
    {"--seconds", &Options::seconds, 0, 86'400, "paced, echo, respond, requests, grpc: duration; idle: how long to hold (0: until stdin ends)"},
    {"--slow-percent", &Options::slow_percent, 0, 90, "share of the subscribers that never read"},
    {"--flooders", &Options::flooders, 0, 1000, "paced: connections that publish without end to a topic of their own"},
    {"--flood-subscribers", &Options::flood_subscribers, 0, 10'000, "subscribers of that topic"},
    {"--flood-bytes", &Options::flood_bytes, payload_bytes_min, payload_bytes_max, "bytes of one message of theirs"},
    {"--prefill", &Options::prefill, 0, 1'000'000, "messages of 16 KiB of each publisher before the measured ones"},
    {"--connections", &Options::connections, 1, 1'000'000, "storm, idle, respond, grpc-last: how many"},
    {"--verify-every", &Options::verify_every, 1, UINT32_MAX, "compare the body of one delivery in so many"},
    {"--connect-parallel", &Options::connect_parallel, 1, 4096, "handshakes under way at a time"},
    {"--connect-timeout-s", &Options::connect_timeout_s, 1, 3600, "for all connections to be open"},
    {"--timeout-s", &Options::timeout_s, 1, 3600, "for the deliveries of one round"},
    {"--budget-s", &Options::budget_s, 1, 3600, "begin no further round after so much measured time"},
    {"--cpu", &Options::cpu, 0, 1023, "pin to this core"},
    {"--server-pid", &Options::server_pid, 1, UINT32_MAX, "whose CPU time to measure"},
    {"--kernel-time", &Options::kernel_time, 0, 1, "1: also report receipts by the kernel's receive time"},
    {"--tls-resume", &Options::tls_resume, 0, 1, "1: connections over TLS come back with a ticket of the first"},
    {"--spin", &Options::spin, 0, 1, "1: poll without sleeping"},
};

struct TextFlag {
  const char* name;
  std::string Options::*value;
  const char* help;
};

constexpr TextFlag text_flags[] = {
    {"--publish", &Options::publish_url, "where publishers connect, {topic} stands for the topic's name"},
    {"--subscribe", &Options::subscribe_url, "where subscribers connect"},
    {"--topic", &Options::topic, "name of the topic, or what the topics' names start with"},
};

std::uint32_t read_number(const NumberFlag& flag, const std::string& text) {
  std::uint32_t number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure == std::errc{} && end == text.data() + text.size() && number >= flag.min && number <= flag.max) return number;
  throw std::runtime_error(std::string(flag.name) + " must be a number from " + std::to_string(flag.min) + " to " +
                           std::to_string(flag.max) + ", got: " + text);
}

bool set_flag(Options& options, const std::string& name, const std::string& text) {
  for (const NumberFlag& flag : number_flags) {
    if (name == flag.name) return options.*flag.value = read_number(flag, text), true;
  }
  for (const TextFlag& flag : text_flags) {
    if (name == flag.name) return options.*flag.value = text, true;
  }
  return false;
}

}  // namespace

Options read_options(int count, char** arguments) {
  Options options;
  if (count < 2) throw std::runtime_error("no scenario given");
  options.scenario = arguments[1];
  const Scenario* scenario = find_scenario(options.scenario);
  if (scenario == nullptr) throw std::runtime_error("unknown scenario, got: " + options.scenario);
  scenario->preset(options);
  for (int i = 2; i < count; i += 2) {
    if (i + 1 == count) throw std::runtime_error(std::string(arguments[i]) + " needs a value");
    if (!set_flag(options, arguments[i], arguments[i + 1])) {
      throw std::runtime_error(std::string("unknown flag, got: ") + arguments[i]);
    }
  }
  return options;
}

std::string usage() {
  std::string text = "usage: load SCENARIO [--flag value]...\n\nscenarios:\n";
  for (const Scenario& scenario : scenarios()) text += std::string("  ") + scenario.name + ": " + scenario.help + "\n";
  text += "\nflags:\n";
  for (const TextFlag& flag : text_flags) text += std::string("  ") + flag.name + ": " + flag.help + "\n";
  for (const NumberFlag& flag : number_flags) text += std::string("  ") + flag.name + ": " + flag.help + "\n";
  return text;
}

}  // namespace load
