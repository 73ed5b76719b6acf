// Moments of the engine's clock: milliseconds in 32 bits, which begin again at 0 every 49.7 days. All comparisons of them are made
// here. Which of two comes first can be said while they are less than 2^31 ms (24.8 days) apart: a mark that may be older, because
// nothing happened for so long, is only ever asked whether it is near (`distance_ms`), never whether it has passed.
// Owner: none. Thread: any.
#pragma once

#include <algorithm>
#include <cstdint>

namespace base {

/// The moment of a monotonic clock's nanoseconds.
inline std::uint32_t moment_of_ns(std::int64_t ns) { return static_cast<std::uint32_t>(ns / 1'000'000); }

inline bool is_before(std::uint32_t a_ms, std::uint32_t b_ms) { return static_cast<std::int32_t>(a_ms - b_ms) < 0; }

inline std::uint32_t sooner_ms(std::uint32_t a_ms, std::uint32_t b_ms) { return is_before(b_ms, a_ms) ? b_ms : a_ms; }

/// A deadline holds from its own millisecond on.
inline bool is_due(std::uint32_t due_ms, std::uint32_t now_ms) { return !is_before(now_ms, due_ms); }

/// How long until a deadline; 0 when it is due.
inline std::uint32_t time_left_ms(std::uint32_t due_ms, std::uint32_t now_ms) { return is_due(due_ms, now_ms) ? 0 : due_ms - now_ms; }

/// How long ago something was. Another thread's clock may be ahead of this turn's: then it is new, not 49 days old.
inline std::uint32_t age_ms(std::uint32_t since_ms, std::uint32_t now_ms) { return is_before(now_ms, since_ms) ? 0 : now_ms - since_ms; }

/// How far apart two moments are, whichever is first; of marks that may be older than the clock can tell, as near as they can be.
inline std::uint32_t distance_ms(std::uint32_t a_ms, std::uint32_t b_ms) { return std::min(a_ms - b_ms, b_ms - a_ms); }

}  // namespace base
