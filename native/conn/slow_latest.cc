// `latest`: only the newest publication is kept for the subscriber; everything between is skipped.
#include <algorithm>

#include "native/conn/slow_policy.h"

namespace conn {

SlowVerdict slow_latest(const Lag& lag) {
  std::uint64_t newest = lag.window.head_offset() - 1;
  // What this encoding could not say has no bytes.
  while (newest > lag.next_offset && lag.window.position_of(newest) == lag.window.head_position()) --newest;
  return {SlowAction::resume_at, std::max(lag.next_offset, newest)};
}

}  // namespace conn
