// So much a second in the long run, and a second's worth at once: a token bucket whose whole state is one moment, so that many threads can
// share it as one number.
// Owner: values. Thread: any.
#pragma once

#include <algorithm>
#include <cstdint>

namespace base {

/// The state of a bucket is `full_ns`: when it is (or was) full again, by a monotonic clock; 0: it is full. What is taken may be more than
/// there is: then it is owed, and nothing may be taken until that is paid back.
class Pace {
 public:
  /// 0: without limit, and then nothing but `limits` may be asked. At most 2^32 - 1.
  explicit constexpr Pace(std::uint64_t per_second = 0) : per_second_(static_cast<std::int64_t>(per_second)) {}

  constexpr bool limits() const { return per_second_ > 0; }
  /// What may be taken at `now_ns`, at most a second's worth; negative: so much is owed.
  constexpr std::int64_t left(std::int64_t full_ns, std::int64_t now_ns) const {
    const std::int64_t have_ns = second_ns - std::max<std::int64_t>(0, full_ns - now_ns);
    const std::int64_t parts = have_ns * per_second_;
    return parts >= 0 ? parts / second_ns : -((-parts + second_ns - 1) / second_ns);
  }
  /// The state behind it, rounded so that never more passes than `per_second`.
  constexpr std::int64_t take(std::int64_t full_ns, std::int64_t now_ns, std::int64_t count) const {
    return std::max(full_ns, now_ns) + (count * second_ns + per_second_ - 1) / per_second_;
  }
  /// How long until one may be taken; 0: now.
  constexpr std::int64_t wait_ns(std::int64_t full_ns, std::int64_t now_ns) const {
    const std::int64_t one_ns = (second_ns + per_second_ - 1) / per_second_;
    return std::max<std::int64_t>(0, full_ns - now_ns - (second_ns - one_ns));
  }

 private:
  static constexpr std::int64_t second_ns = 1'000'000'000;

  std::int64_t per_second_;
};

}  // namespace base
