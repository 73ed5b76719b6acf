// `latest`: only the newest publication is kept for the subscriber; everything between is skipped.
#include <algorithm>

#include "native/conn/slow_policy.h"

namespace conn {

SlowVerdict slow_latest(const Lag& lag) {
  const std::uint64_t head = lag.window.head_offset();
  return {SlowAction::resume_at, std::max(lag.next_offset, head - 1)};
}

}  // namespace conn
