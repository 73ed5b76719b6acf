// How often a peer may do what costs us more than it: so many at once, so many a second in the long run.
// Owner: the connection's codec. Thread: its shard.
#pragma once

#include <algorithm>
#include <cstdint>

namespace codec {

struct Rate {
  std::uint32_t burst = 0;
  std::uint32_t per_second = 0;
};

class RateBudget {
 public:
  explicit RateBudget(const Rate& rate) : rate_(rate), thousandths_(std::uint64_t{rate.burst} * 1000) {}

  /// Takes `count`; false when there are not so many left. `now_ms` never goes back, but may wrap.
  bool take(std::uint32_t now_ms, std::uint32_t count = 1) {
    const std::uint64_t earned = std::uint64_t{now_ms - last_ms_} * rate_.per_second;  // a thousandth a millisecond each
    last_ms_ = now_ms;
    thousandths_ = std::min(thousandths_ + earned, std::uint64_t{rate_.burst} * 1000);
    const std::uint64_t wanted = std::uint64_t{count} * 1000;
    if (thousandths_ < wanted) return false;
    thousandths_ -= wanted;
    return true;
  }

 private:
  Rate rate_;
  std::uint64_t thousandths_;
  std::uint32_t last_ms_ = 0;
};

}  // namespace codec
