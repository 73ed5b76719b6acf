// The contract that every row of native/conn/slow_policies.def keeps, and what each row adds to it.
// Owner: the test. Thread: main.
#include "native/conn/slow_policy.h"

#include "test/native/topic/topic_fixture.h"
#include "test/native/doctest_last.h"

using namespace fixture;
using conn::SlowAction;
using conn::SlowPolicyId;
using conn::SlowVerdict;

namespace {

constexpr SlowPolicyId all_policies[] = {
#define SLOW_POLICY(id, name, function) SlowPolicyId::id,
#include "native/conn/slow_policies.def"
#undef SLOW_POLICY
};

/// Fifty publications of 1004 bytes, 10 ms apart, beginning at 1000 ms; the offsets begin at 5.
struct Fixture {
  Fixture() : reader((publish_some(5), topic), 0) {
    publish_some(50);
    reader.take();
  }
  void publish_some(int count) {
    for (int i = 0; i < count; ++i) publish(topic, memory, std::string(1000, 'x'), static_cast<std::uint32_t>(1000 + i * 10));
  }
  SlowVerdict judge(SlowPolicyId id, std::uint64_t next_offset, std::uint32_t now_ms, conn::SlowLimits limits) const {
    return conn::slow_policy(id)({reader.window, next_offset, now_ms, limits});
  }

  os::LinuxKernel kernel;
  topic::LogMemory memory{kernel, 64 << 20};
  topic::Topic topic{"t"};
  Reader reader;
};

constexpr std::uint64_t first = 5;
constexpr std::uint64_t head = 55;
constexpr conn::SlowLimits no_limits{UINT64_MAX, UINT32_MAX};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "slow policies: each either ends the connection or resumes between where it was and the head") {
  for (const SlowPolicyId id : all_policies) {
    CAPTURE(conn::slow_policy_name(id));
    for (const conn::SlowLimits& limits : {conn::SlowLimits{0, 0}, conn::SlowLimits{5000, 100}, no_limits}) {
      for (std::uint64_t next = first; next <= head; ++next) {
        for (const std::uint32_t now_ms : {0u, 1000u, 1490u, 5000u, 4'000'000'000u}) {
          const SlowVerdict verdict = judge(id, next, now_ms, limits);
          if (verdict.action == SlowAction::disconnect) continue;
          CHECK(verdict.offset >= next);
          CHECK(verdict.offset <= head);
        }
      }
    }
  }
}

TEST_CASE("slow policies: every row is found by its name, nothing else is") {
  for (const SlowPolicyId id : all_policies) {
    SlowPolicyId found{};
    CHECK(conn::find_slow_policy(conn::slow_policy_name(id), found));
    CHECK(found == id);
  }
  SlowPolicyId found{};
  CHECK(!conn::find_slow_policy("", found));
  CHECK(!conn::find_slow_policy("drop_oldest", found));
}

TEST_CASE_FIXTURE(Fixture, "disconnect: always") {
  CHECK(judge(SlowPolicyId::disconnect, first, 0, no_limits).action == SlowAction::disconnect);
}

TEST_CASE_FIXTURE(Fixture, "drop-oldest: as little as brings the bytes within the limit") {
  const auto resume = [&](std::uint64_t bytes) {
    return judge(SlowPolicyId::drop_oldest, first, 1500, {bytes, UINT32_MAX}).offset;
  };
  CHECK(resume(50 * 1004) == first);
  CHECK(resume(50 * 1004 - 1) == first + 1);
  CHECK(resume(10 * 1004) == head - 10);
  CHECK(resume(1) == head);
}

TEST_CASE_FIXTURE(Fixture, "drop-oldest: as little as brings the age within the limit") {
  const auto resume = [&](std::uint32_t now_ms, std::uint32_t age_ms) {
    return judge(SlowPolicyId::drop_oldest, first, now_ms, {UINT64_MAX, age_ms}).offset;
  };
  CHECK(resume(1500, 500) == first);
  CHECK(resume(1500, 499) == first + 1);
  CHECK(resume(1500, 10) == head - 1);
  CHECK(resume(1500, 9) == head);
}

TEST_CASE_FIXTURE(Fixture, "drop-oldest: publications stamped by a clock ahead of ours are new, not ancient") {
  // 1495 ms: nothing is in the future but the last one would be at 1490; at 1400 ms the last nine are.
  CHECK(judge(SlowPolicyId::drop_oldest, first, 1400, {UINT64_MAX, 100}).offset == first + 30);
  CHECK(judge(SlowPolicyId::drop_oldest, first, 990, {20 * 1004, 100}).offset == head - 20);
}

TEST_CASE_FIXTURE(Fixture, "latest: only the newest is kept") {
  CHECK(judge(SlowPolicyId::latest, first, 1500, no_limits).offset == head - 1);
  CHECK(judge(SlowPolicyId::latest, head - 1, 1500, no_limits).offset == head - 1);
  CHECK(judge(SlowPolicyId::latest, head, 1500, no_limits).offset == head);
}

TEST_CASE("slow rules: the first that matches, by name or by prefix") {
  const std::vector<conn::SlowRule> rules = {{"exact", SlowPolicyId::latest, {1, 1}},
                                             {"pre.*", SlowPolicyId::drop_oldest, {2, 2}},
                                             {"pre.fix", SlowPolicyId::latest, {3, 3}},
                                             {"*", SlowPolicyId::disconnect, {4, 4}}};
  const auto rule_of = [&](const char* topic) { return conn::slow_rule_for(rules, topic).limits.bytes_behind_max; };
  CHECK(rule_of("exact") == 1);
  CHECK(rule_of("exactly") == 4);
  CHECK(rule_of("pre.fix") == 2);
  CHECK(rule_of("pre.") == 2);
  CHECK(rule_of("pre") == 4);
  CHECK(rule_of("anything") == 4);
}
