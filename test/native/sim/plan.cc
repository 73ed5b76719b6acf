// What a seed stands for: how large a simulated life is, what its limits are, how often what goes wrong.
#include "test/native/sim/simulation.h"

namespace sim {

namespace {

Faults faults_of(Random& random) {
  Faults faults;
  if (chance(random, 250)) return faults;  // some lives are without faults
  faults.short_send = static_cast<unsigned>(between(random, 0, 300));
  faults.refused_send = static_cast<unsigned>(between(random, 0, 200));
  faults.aborted_accept = static_cast<unsigned>(between(random, 0, 100));
  faults.exhausted_accept = static_cast<unsigned>(between(random, 0, 100));
  faults.refused_map = chance(random, 300) ? 1000 : static_cast<unsigned>(between(random, 0, 300));
  faults.refused_watch = static_cast<unsigned>(between(random, 0, 30));
  return faults;
}

conn::SlowRule rule_of(Random& random, std::string topics) {
  conn::SlowRule rule;
  rule.topics = std::move(topics);
  rule.policy = static_cast<conn::SlowPolicyId>(random() % conn::slow_policy_count);
  rule.limits.bytes_behind_max = chance(random, 500) ? between(random, 1000, 50'000) : 16u << 20;
  rule.limits.age_max_ms = chance(random, 500) ? static_cast<std::uint32_t>(between(random, 20, 500)) : 10'000;
  return rule;
}

}  // namespace

Plan Plan::from_seed(std::uint64_t seed) {
  Random random(seed);
  Plan plan;
  plan.seed = seed;
  plan.shards = static_cast<unsigned>(between(random, 1, 4));
  plan.topics = static_cast<unsigned>(between(random, 1, 3));
  plan.steps = static_cast<unsigned>(between(random, 100, 1500));
  plan.clients_max = static_cast<unsigned>(between(random, 2, 24));
  plan.filler_bytes_max = chance(random, 200) ? 60'000 : chance(random, 300) ? 20 : 2000;
  plan.send_buffer_bytes = chance(random, 500) ? 64 * 1024 : between(random, 300, 20'000);
  plan.publish_in_thousand = static_cast<unsigned>(between(random, 20, 500));
  plan.publish_between_calls_in_thousand = chance(random, 500) ? static_cast<unsigned>(between(random, 1, 200)) : 0;
  plan.hostile = !chance(random, 200);
  plan.faults = faults_of(random);
  auto& rules = plan.options.slow_rules;
  for (unsigned topic = 0; topic + 1 < plan.topics; ++topic) rules.insert(rules.begin(), rule_of(random, topic_name(topic)));
  plan.options.slow_rules.back() = rule_of(random, "*");
  // The witnesses are never slow: their topics' limits do not count for who never lets the kernel refuse a byte.
  plan.options.log_bytes_max = chance(random, 300) ? between(random, 64, 512) * 1024 : 256u << 20;
  plan.options.topics.topics_max = 64;
  return plan;
}

Plan Plan::with_sessions(std::uint64_t seed) {
  Plan plan = from_seed(seed);
  Random random(~seed);
  plan.sessions = true;
  plan.calls_in_thousand = static_cast<unsigned>(between(random, 20, 400));
  plan.calls_between_in_thousand = chance(random, 500) ? static_cast<unsigned>(between(random, 1, 200)) : 0;
  plan.congested_in_thousand = chance(random, 300) ? static_cast<unsigned>(between(random, 1, 20)) : 0;
  if (chance(random, 200)) plan.options.sessions = {2000, 1000};
  return plan;
}

}  // namespace sim
