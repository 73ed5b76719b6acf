// `drop-oldest`: just as many of the oldest publications are skipped as brings the subscriber within the limits
// of `Lag` (three quarters of the configured ones: see FanOut::judge_one).
#include "native/base/wrapping_time.h"
#include "native/conn/slow_policy.h"

namespace conn {

SlowVerdict slow_drop_oldest(const Lag& lag) {
  std::uint64_t low = lag.next_offset;
  std::uint64_t high = lag.window.head_offset();
  while (low < high) {  // both lags shrink as the offset grows: search for the first one within the limits
    const std::uint64_t middle = low + (high - low) / 2;
    const std::uint64_t bytes_behind = lag.window.head_position() - lag.window.position_of(middle);
    const std::uint32_t age_ms = base::age_ms(lag.window.time_ms_of(middle), lag.now_ms);
    if (bytes_behind > lag.limits.bytes_behind_max || age_ms > lag.limits.age_max_ms) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return {SlowAction::resume_at, low};
}

}  // namespace conn
