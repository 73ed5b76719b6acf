// A log-linear histogram of nanoseconds (HDR style): constant memory, 1/64 relative precision, one increment per value.
// Owner: whoever measures. Thread: the load thread.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

namespace load {

class Histogram {
 public:
  void add(std::uint64_t value) {
    ++counts_[index_of(value)];
    ++total_;
    sum_ += value;
    max_ = std::max(max_, value);
  }

  void add_all(const Histogram& other) {
    for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
    total_ += other.total_;
    sum_ += other.sum_;
    max_ = std::max(max_, other.max_);
  }

  std::uint64_t total() const { return total_; }
  std::uint64_t mean() const { return total_ == 0 ? 0 : sum_ / total_; }
  std::uint64_t max() const { return max_; }

  /// Calls f(lowest value, count) for each range of values that occurred, ascending, at 1/16 relative precision.
  template <typename F>
  void for_each_range(F f) const {
    constexpr std::size_t ranges_joined = 4;
    for (std::size_t i = 0; i < counts_.size(); i += ranges_joined) {
      std::uint64_t count = 0;
      for (std::size_t k = 0; k < ranges_joined; ++k) count += counts_[i + k];
      if (count != 0) f(value_of(i), count);
    }
  }

  /// Share (0..1) of the values below `limit`, at the histogram's precision; 0 when empty.
  double share_below(std::uint64_t limit) const {
    std::uint64_t below = 0;
    for (std::size_t i = 0; i < index_of(limit); ++i) below += counts_[i];
    return total_ == 0 ? 0 : static_cast<double>(below) / static_cast<double>(total_);
  }

  /// The smallest recorded value's bucket at or above which `share` (0..1) of all values lie below; 0 when empty.
  std::uint64_t quantile(double share) const {
    const auto rank = static_cast<std::uint64_t>(share * static_cast<double>(total_));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      seen += counts_[i];
      if (seen > rank) return std::min(value_of(i), max_);
    }
    return max_;
  }

 private:
  static constexpr unsigned precision_bits = 6;
  static constexpr std::uint64_t linear_max = std::uint64_t{1} << (precision_bits + 1);

  static std::size_t index_of(std::uint64_t value) {
    if (value < linear_max) return value;
    const unsigned shift = static_cast<unsigned>(std::bit_width(value)) - precision_bits - 1;
    return (std::size_t{shift} << precision_bits) + (value >> shift);
  }

  static std::uint64_t value_of(std::size_t index) {
    if (index < linear_max) return index;
    const std::size_t shift = (index >> precision_bits) - 1;
    return (index - (shift << precision_bits)) << shift;
  }

  std::vector<std::uint32_t> counts_ = std::vector<std::uint32_t>(64 << precision_bits);
  std::uint64_t total_ = 0;
  std::uint64_t sum_ = 0;
  std::uint64_t max_ = 0;
};

}  // namespace load
