// The contract of a slow-consumer policy: what to do with a subscriber whose bytes the kernel refuses and whose lag is over
// a limit. One file and one row of slow_policies.def each.
// Owner: static functions. Thread: the shard that owns the subscriber.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "native/topic/topic.h"

namespace conn {

enum class SlowPolicyId : std::uint8_t {
#define SLOW_POLICY(id, name, function) id,
#include "native/conn/slow_policies.def"
#undef SLOW_POLICY
};

inline constexpr std::size_t slow_policy_count = 0
#define SLOW_POLICY(id, name, function) +1
#include "native/conn/slow_policies.def"
#undef SLOW_POLICY
    ;
static_assert(slow_policy_count <= topic::skip_kinds_max);

struct SlowLimits {
  std::uint64_t bytes_behind_max = 16 * 1024 * 1024;
  std::uint32_t age_max_ms = 10'000;
};

/// Where a slow subscriber stands.
struct Lag {
  const topic::LogWindow& window;
  /// The first publication of which nothing has been written; an older one that is partly written is always completed.
  std::uint64_t next_offset = 0;
  std::uint32_t now_ms = 0;
  SlowLimits limits;
};

enum class SlowAction : std::uint8_t { disconnect, resume_at };

struct SlowVerdict {
  SlowAction action = SlowAction::disconnect;
  /// For resume_at: next_offset..head; everything before it is skipped and counted.
  std::uint64_t offset = 0;
};

using SlowPolicy = SlowVerdict (*)(const Lag&);
SlowPolicy slow_policy(SlowPolicyId id);
const char* slow_policy_name(SlowPolicyId id);
/// False when no policy has that name.
bool find_slow_policy(const std::string& name, SlowPolicyId& id);

/// Which policy and limits hold for topics of a pattern (topic/pattern.h).
struct SlowRule {
  std::string topics;
  SlowPolicyId policy = SlowPolicyId::disconnect;
  SlowLimits limits;
};

/// The first rule that matches; CHECKs that there is one (the last rule is `*`).
const SlowRule& slow_rule_for(const std::vector<SlowRule>& rules, const std::string& topic);

}  // namespace conn
