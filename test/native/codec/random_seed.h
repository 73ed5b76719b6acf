// The seed of a randomised test; the test prints it.
// Owner: the test. Thread: main.
#pragma once

#include <cstdint>
#include <cstdlib>

/// CORE_TEST_SEED=n repeats a failed run.
inline std::uint32_t seed_of_run(std::uint32_t usual) {
  const char* given = std::getenv("CORE_TEST_SEED");
  return given != nullptr ? static_cast<std::uint32_t>(std::strtoul(given, nullptr, 10)) : usual;
}
