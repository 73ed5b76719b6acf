// See slow_watch.h: measuring lag, applying policies, counting what was skipped.
// Owner: a shard's FanOut. Thread: that shard.
#include "native/shard/slow_watch.h"

#include <algorithm>

#include "native/base/wrapping_time.h"
#include "native/conn/gathered_write.h"
#include "native/shard/timer_wheel.h"

namespace shard {

using conn::Connection;
using conn::ConnectionTable;
using conn::Lane;
using conn::State;
using conn::Subscriber;
using conn::TopicSlice;
using metrics::Metric;

SlowWatch::Behind SlowWatch::measure(const TopicSlice& slice, const Subscriber& subscriber) const {
  if (subscriber.cursor >= slice.window.head_position()) return {};
  const std::uint32_t published_ms = slice.window.time_ms_of(slice.window.offset_at(subscriber.cursor));
  return {slice.window.head_position() - subscriber.cursor, base::age_ms(published_ms, now_ms_)};
}

bool SlowWatch::is_behind(Connection& connection) {
  for (std::size_t i = 0; i < connection.subscriptions.size(); ++i) {
    const conn::Subscription& subscription = connection.subscriptions[i];
    const TopicSlice& slice = *subscription.slice;
    if (slice.new_head || slice.subscribers[subscription.index].cursor < slice.window.head_position()) return true;
  }
  return false;
}

std::uint32_t SlowWatch::age_due_in_ms(Connection& connection) const {
  std::uint32_t due_in_ms = TimerWheel::no_deadline_ms;
  for (std::size_t i = 0; i < connection.subscriptions.size(); ++i) {
    const conn::Subscription& subscription = connection.subscriptions[i];
    const TopicSlice& slice = *subscription.slice;
    const Subscriber& subscriber = slice.subscribers[subscription.index];
    if (!is_held(connection, subscriber)) continue;
    const Behind behind = measure(slice, subscriber);
    const std::uint32_t age_max_ms = slice.rule.limits.age_max_ms;
    due_in_ms = std::min(due_in_ms, behind.age_ms > age_max_ms ? 0 : age_max_ms - behind.age_ms + 1);
  }
  return due_in_ms;
}

void SlowWatch::judge(Connection& connection) {
  // From the back: a stream that is ended leaves its place to the last one, and an ended connection none at all.
  for (std::size_t i = connection.subscriptions.size(); i-- > 0;) {
    if (connection.state != State::open) return;
    judge_one(connection, i, connection.subscriptions[i].slice->rule);
  }
}

void SlowWatch::look_at_lag(Connection& connection) {
  if (connection.framing == conn::Framing::streams) return;
  for (std::size_t i = 0; i < connection.subscriptions.size(); ++i) {
    const conn::Subscription& subscription = connection.subscriptions[i];
    const TopicSlice& slice = *subscription.slice;
    const Subscriber& subscriber = slice.subscribers[subscription.index];
    if (!is_held(connection, subscriber)) continue;
    const std::uint64_t cursor = subscriber.cursor;
    if (cursor >= slice.window.head_position() || slice.window.head_position() - cursor <= slice.rule.limits.bytes_behind_max) continue;
    note_over_limit(connection);
    return;
  }
}

void SlowWatch::judge_noted() {
  std::sort(over_limit_.begin(), over_limit_.end());  // those with many streams come many times
  over_limit_.erase(std::unique(over_limit_.begin(), over_limit_.end()), over_limit_.end());
  for (const std::uint64_t token : over_limit_) {
    if (Connection* connection = connections_.find(token)) judge(*connection);
  }
  over_limit_.clear();
}

/// Returns false when the subscriber is not held or within the limits, or the policy has nothing to skip.
bool SlowWatch::judge_one(Connection& connection, std::size_t i, const conn::SlowRule& rule) {
  const conn::Subscription subscription = connection.subscriptions[i];
  TopicSlice& slice = *subscription.slice;
  Subscriber& subscriber = slice.subscribers[subscription.index];
  if (!is_held(connection, subscriber)) return false;
  const Behind behind = measure(slice, subscriber);
  if (behind.bytes <= rule.limits.bytes_behind_max && behind.age_ms <= rule.limits.age_max_ms) return false;

  // The rest of a WebSocket frame is completed apart. That of a gRPC message needs its stream's window, and whoever has none
  // can skip nothing before it: such a stream ends.
  const bool within_frame = conn::is_within_frame(connection, i);
  const auto policy = connection.framing == conn::Framing::streams && within_frame ? conn::SlowPolicyId::disconnect : rule.policy;
  const std::uint64_t next_offset = slice.window.offset_at(subscriber.cursor) + (within_frame ? 1 : 0);
  const std::uint64_t head_offset = slice.window.head_offset();
  // Back to three quarters of the limits: else each further publication would be an event of its own.
  const conn::SlowLimits target{rule.limits.bytes_behind_max / 4 * 3, rule.limits.age_max_ms / 4 * 3};
  const conn::SlowVerdict verdict = conn::slow_policy(policy)({slice.window, next_offset, now_ms_, target});
  const bool disconnects = verdict.action == conn::SlowAction::disconnect;
  const std::uint64_t resume_at = disconnects ? head_offset : verdict.offset;
  CHECK(resume_at >= next_offset && resume_at <= head_offset);
  if (!disconnects && resume_at == next_offset) return false;  // only a frame that is on its way already: nothing to skip

  const std::uint64_t skipped = slice.window.frames_between(next_offset, resume_at);
  count_skipped(*slice.topic, policy, skipped);
  if (!disconnects) {
    if (within_frame) {
      CHECK(connection.active == i);
      conn::complete_frame(connection);
    }
    subscriber.cursor = slice.window.position_of(resume_at);
    slice.pass_over(subscription.index, resume_at - next_offset);
    Lanes::set_lanes(connection);
    lanes_.mark_dirty(slice);  // the next pass lets go of what nobody needs any more
  }
  owner_.on_slow({connection, *slice.topic, connection.stream_of(i), policy, behind.bytes, behind.age_ms, skipped, next_offset, resume_at},
                 verdict.action);
  return true;
}

void SlowWatch::count_skipped(topic::Topic& topic, conn::SlowPolicyId policy, std::uint64_t publications) {
  topic.count_skipped(static_cast<std::size_t>(policy), publications);
  metrics_.add(Metric::slow_events);
  metrics_.add(Metric::publications_skipped, static_cast<std::int64_t>(publications));
}

}  // namespace shard
