// Simulated lives of the engine, one a seed. SIM_SEED=n begins at another seed, SIM_RUNS=n runs that many.
// Owner: the test. Thread: main.
#include <array>
#include <cstdio>
#include <cstdlib>

#include "test/native/sim/simulation.h"
#include "test/native/doctest_last.h"

namespace {

// Seconds of each preset. One thread steps everything, so TSan has nothing to find here.
#if defined(__SANITIZE_THREAD__)
constexpr std::uint64_t runs_by_default = 5;
constexpr std::uint64_t lives_of_everything = 5;
#elif defined(__SANITIZE_ADDRESS__)
constexpr std::uint64_t runs_by_default = 100;
constexpr std::uint64_t lives_of_everything = 200;
#else
constexpr std::uint64_t runs_by_default = 300;
constexpr std::uint64_t lives_of_everything = 1000;
#endif

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
  const char* const given = std::getenv(variable);
  return given != nullptr ? std::strtoull(given, nullptr, 10) : otherwise;
}

using Stats = std::array<std::int64_t, metrics::metric_count>;

/// What all lives together have reached.
void print_stats(const Stats& stats) {
  for (std::size_t i = 0; i < stats.size(); ++i) std::printf("%s=%lld\n", metrics::metric_rows[i].name, static_cast<long long>(stats[i]));
}

/// Runs the lives that the environment asks for.
void run_lives(sim::Plan (*plan_of)(std::uint64_t seed), std::uint64_t by_default = runs_by_default) {
  const std::uint64_t first = number_from("SIM_SEED", 1);
  const std::uint64_t runs = number_from("SIM_RUNS", by_default);
  const bool is_verbose = std::getenv("SIM_VERBOSE") != nullptr;
  std::printf("SIM_SEED=%llu SIM_RUNS=%llu\n", static_cast<unsigned long long>(first), static_cast<unsigned long long>(runs));
  Stats sums{};
  for (std::uint64_t seed = first; seed < first + runs; ++seed) {
    if (is_verbose) std::fprintf(stderr, "seed %llu\n", static_cast<unsigned long long>(seed));
    sim::Simulation simulation(plan_of(seed));
    const std::string failure = simulation.run();
    CAPTURE(seed);
    CHECK(failure == "");
    for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += simulation.stats()[i];
  }
  std::printf("deliveries=%lld\n", static_cast<long long>(sums[static_cast<std::size_t>(metrics::Metric::deliveries)]));
  if (is_verbose) print_stats(sums);
}

}  // namespace

TEST_CASE("simulation: whatever happens, every subscriber's sequence is right") { run_lives(sim::Plan::from_seed); }

TEST_CASE("simulation: whatever happens, and whenever the control plane asks for what, so is every session's") { run_lives(sim::Plan::with_sessions); }

TEST_CASE("simulation: one life of everything") { run_lives(sim::Plan::of_everything, lives_of_everything); }
