#include "native/conn/slow_policy.h"

#include <array>
#include <string_view>

#include "native/base/check.h"

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

bool matches(std::string_view pattern, std::string_view topic) {
  if (!pattern.ends_with('*')) return pattern == topic;
  return topic.starts_with(pattern.substr(0, pattern.size() - 1));
}

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
    if (matches(rule.topics, topic)) return rule;
  }
  CHECK(false);
}

}  // namespace conn
