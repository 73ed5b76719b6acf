// Which faults are wanted and when one is due: for debug builds, which include this and faulty_kernel.h with -DBROKER_FAULTS only.
// Owner: a FaultyKernel. Thread: any.
#pragma once

#include <array>
#include <atomic>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace os {

enum class Fault : std::uint8_t {
#define FAULT(name, what) name,
#include "native/os/faults.def"
#undef FAULT
};

inline constexpr std::size_t fault_count = 0
#define FAULT(name, what) +1
#include "native/os/faults.def"
#undef FAULT
    ;

inline constexpr std::array<std::string_view, fault_count> fault_names{
#define FAULT(name, what) #name,
#include "native/os/faults.def"
#undef FAULT
};

/// By fault: at which of its calls it happens, each N-th one. 0: never.
using FaultPlan = std::array<std::uint64_t, fault_count>;

/// `short_write=10,emfile=3`. Nothing when it is not of that form.
inline std::optional<FaultPlan> parse_faults(std::string_view text) {
  FaultPlan plan{};
  while (!text.empty()) {
    const std::string_view part = text.substr(0, text.find(','));
    text.remove_prefix(part.size() == text.size() ? part.size() : part.size() + 1);
    const std::size_t equals = part.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    std::size_t fault = 0;
    while (fault < fault_count && fault_names[fault] != part.substr(0, equals)) ++fault;
    if (fault == fault_count) return std::nullopt;
    const char* const end = part.data() + part.size();
    const auto [read_to, error] = std::from_chars(part.data() + equals + 1, end, plan[fault]);
    if (error != std::errc() || read_to != end || plan[fault] == 0) return std::nullopt;
  }
  return plan;
}

class FaultSchedule {
 public:
  explicit FaultSchedule(const FaultPlan& plan) : plan_(plan) {}
  /// Counts a call to which the fault may happen. Relaxed: only the number matters.
  bool is_due(Fault fault) {
    const auto index = static_cast<std::size_t>(fault);
    if (plan_[index] == 0) return false;
    return (calls_[index].fetch_add(1, std::memory_order_relaxed) + 1) % plan_[index] == 0;
  }

 private:
  const FaultPlan plan_;
  std::array<std::atomic<std::uint64_t>, fault_count> calls_{};
};

}  // namespace os
