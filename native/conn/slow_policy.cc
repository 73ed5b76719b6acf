#include "native/conn/slow_policy.h"

#include <array>

#include "native/base/check.h"
#include "native/topic/pattern.h"

namespace conn {

#define SLOW_POLICY(id, name, function) SlowVerdict function(const Lag& lag);
#include "native/conn/slow_policies.def"
#undef SLOW_POLICY

namespace {

struct Row {
  const char* name;
  SlowPolicy policy;
};

constexpr std::array<Row, slow_policy_count> rows{{
#define SLOW_POLICY(id, name, function) {name, function},
#include "native/conn/slow_policies.def"
#undef SLOW_POLICY
}};

}  // namespace

SlowPolicy slow_policy(SlowPolicyId id) { return rows[static_cast<std::size_t>(id)].policy; }

const char* slow_policy_name(SlowPolicyId id) { return rows[static_cast<std::size_t>(id)].name; }

bool find_slow_policy(const std::string& name, SlowPolicyId& id) {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (name == rows[i].name) {
      id = static_cast<SlowPolicyId>(i);
      return true;
    }
  }
  return false;
}

const SlowRule& slow_rule_for(const std::vector<SlowRule>& rules, const std::string& topic) {
  for (const SlowRule& rule : rules) {
    if (topic::matches_pattern(rule.topics, topic)) return rule;
  }
  CHECK(false);
}

}  // namespace conn
