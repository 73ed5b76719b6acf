#include "test/native/sim/plan.h"

#include <algorithm>

#include "test/native/sim/messages.h"

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

/// Of a share of the seeds the clock is about to change its sign (2^31 ms), or to begin again (2^32 ms).
std::int64_t beginning_of(std::uint64_t seed) {
  Random random(seed ^ 0x636C6F636B);
  const auto before = static_cast<std::int64_t>(between(random, 1, 400));
  if (chance(random, 150)) return (std::int64_t{1} << 31) - before;
  if (chance(random, 150)) return (std::int64_t{1} << 32) - before;
  return 1000;
}

/// In a share of the lives topics have histories, of all bounds, and subscribers ask for what they have missed.
void add_history(Plan& plan) {
  Random random(plan.seed ^ 0x68697374);
  plan.options.epoch_seed = "sim0000";
  if (chance(random, 400)) return;
  plan.history_messages = chance(random, 300) ? between(random, 1, 5) : between(random, 1, 500);
  const std::size_t bytes_max = chance(random, 600) ? 64u << 20 : between(random, 1000, 200'000);
  plan.options.history.rules.push_back({"*", plan.history_messages, bytes_max, chance(random, 800) ? 300u : 1u});
  if (chance(random, 200)) plan.options.history.bytes_max = between(random, 2000, 100'000);
}

/// Frames of all sizes: some lives have messages that become more than a segment.
std::size_t message_bytes_max_of(Random& random) {
  const std::size_t choice = random() % 100;
  return choice < 50 ? 3000 : choice < 85 ? 16 * 1024 : choice < 98 ? 64 * 1024 : 256 * 1024;
}

}  // namespace

Plan Plan::from_seed(std::uint64_t seed) {
  Random random(seed);
  Plan plan;
  plan.seed = seed;
  plan.begins_ms = beginning_of(seed);
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
  add_history(plan);
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

Plan Plan::of_everything(std::uint64_t seed) {
  Plan plan = with_sessions(seed);
  Random random(seed ^ 0x616C6C);
  plan.everything = true;
  plan.steps = static_cast<unsigned>(between(random, 50, 500));
  plan.clients_max = static_cast<unsigned>(between(random, 1, 8));
  plan.filler_bytes_max = chance(random, 300) ? 20 : chance(random, 700) ? 300 : 1500;
  plan.grpc_clients_max = static_cast<unsigned>(between(random, 1, 5));
  plan.askers_max = static_cast<unsigned>(between(random, 0, 2));
  const std::size_t message_bytes_max = message_bytes_max_of(random);
  plan.options.codecs.websocket.message_bytes_max = message_bytes_max;
  plan.options.codecs.grpc.message_bytes_max = static_cast<std::uint32_t>(message_bytes_max);
  plan.send_buffer_bytes = std::max(plan.send_buffer_bytes, codec::frame_bytes_max(message_bytes_max) / 40);  // a frame is some writes, not thousands
  plan.large_bytes = std::max<std::size_t>(message_bytes_max, 64 * 1024);
  if (chance(random, 400)) plan.options.log_bytes_max = std::max(codec::frame_bytes_max(message_bytes_max), between(random, 64, 512) * 1024);
  plan.options.responder.reply = shard::Reply::last;
  plan.options.retain.topics = {chance(random, 800) ? "*" : topic_name(0)};
  plan.retains_all = plan.options.retain.topics.front() == "*" && chance(random, 600);
  if (!plan.retains_all) {
    plan.options.retain.topics_max = between(random, 1, 3);
    plan.options.retain.bytes_max = between(random, 100, 4000);
  }
  return plan;
}

}  // namespace sim
