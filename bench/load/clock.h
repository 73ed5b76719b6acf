// The one clock of a run: sends and receipts are stamped with it, so their difference needs no correction.
// Owner: nobody. Thread: any.
#pragma once

#include <time.h>

#include <cstdint>

namespace load {

inline std::uint64_t read_clock_ns(clockid_t clock) {
  timespec at{};
  clock_gettime(clock, &at);
  return static_cast<std::uint64_t>(at.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(at.tv_nsec);
}

inline std::uint64_t now_ns() { return read_clock_ns(CLOCK_MONOTONIC); }

/// CPU time this process has used, exact at the moment of the call.
inline std::uint64_t own_cpu_ns() { return read_clock_ns(CLOCK_PROCESS_CPUTIME_ID); }

}  // namespace load
