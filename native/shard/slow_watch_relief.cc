// The part of the slow watch that deals with full logs: those who hold them are let go of, the furthest behind first. It walks over those
// who are held, twice, in steps of bounded work, one a turn; it ends as soon as there is room.
// Owner: a shard's FanOut. Thread: that shard.
#include <algorithm>

#include "native/base/wrapping_time.h"
#include "native/conn/rest.h"
#include "native/shard/slow_watch.h"

namespace shard {

using conn::Connection;
using conn::State;
using conn::Subscriber;
using conn::TopicSlice;
using metrics::Metric;

namespace {
/// Full logs alone make nobody slow: only who has been refused this long is let go for them. Readers catch up meanwhile,
/// because publishers are not read.
constexpr std::uint32_t refused_ms_min = 100;
/// Who has taken nothing of one frame for so long goes first. Before it, a slow line may still be at it: then lags are judged first.
constexpr std::uint32_t surely_stuck_ms = 1000;
/// Subscriptions looked at in one turn, about 50 µs; to let go of one counts as several, for its event and the closing of its socket.
constexpr std::uint32_t visits_per_turn = 1024;
constexpr std::uint32_t visits_of_one_let_go = 16;
}  // namespace

void SlowWatch::begin_relief() {
  if (relief_.walk == Relief::Walk::none) relief_ = {Relief::Walk::measuring, held_.size(), 0, 0};
}

void SlowWatch::relieve_some() {
  if (relief_.walk == Relief::Walk::none) return;
  std::uint32_t visits = 0;
  while (visits < visits_per_turn && go_on_relieving()) {
    --relief_.left;
    visits += relief_.walk == Relief::Walk::measuring ? measure_held(relief_.left) : let_go_of_held(relief_.left);
  }
  metrics_.add(Metric::relief_visits, visits);
}

/// False when the relief has come to its end.
bool SlowWatch::go_on_relieving() {
  if (relief_.left == 0 && relief_.walk == Relief::Walk::measuring) {
    relief_.walk = Relief::Walk::letting_go;
    relief_.left = held_.size();
  }
  // Not only to where publishers go on: the first of them would fill that, and all others wait for the next relief.
  const bool is_roomy = memory_.bytes_now() < memory_.bytes_max() / 2;
  if (relief_.left == 0 || is_roomy) relief_.walk = Relief::Walk::none;
  return relief_.walk != Relief::Walk::none;
}

std::uint32_t SlowWatch::refused_ms(const Connection& connection) const {
  return connection.blocked ? base::age_ms(connection.refused_since_ms, now_ms_) : 0;
}

/// Returns the visits it took, as the next one does.
std::uint32_t SlowWatch::measure_held(std::size_t place) {
  Connection& connection = connections_.at(held_.at(place));
  CHECK(connection.slot == held_.at(place));
  if (conn::rest_of(connection).topic != nullptr && connection.state != State::doomed) {
    const bool is_open = connection.state == State::open;
    const std::uint32_t unread_ms = refused_ms(connection);
    if (unread_ms >= (is_open ? surely_stuck_ms : refused_ms_min)) return cut(connection);
    relief_.unread_ms_max = std::max(relief_.unread_ms_max, unread_ms);
  }
  bool held = connection.blocked || connection.stalled;
  for (std::size_t i = 0; i < connection.subscriptions.size(); ++i) {
    const conn::Subscription& subscription = connection.subscriptions[i];
    const Subscriber& subscriber = subscription.slice->subscribers[subscription.index];
    held = held || is_held(connection, subscriber);
    relief_.lag_max = std::max(relief_.lag_max, relievable_lag(*subscription.slice, subscriber));
  }
  if (!held) held_.remove_at(place);
  return 1 + static_cast<std::uint32_t>(connection.subscriptions.size());
}

/// Of those who lag, who does so by more than half of the largest lag; when nobody lags, of those who do not read the rest of one
/// frame, whoever has not for more than half of the longest time.
std::uint32_t SlowWatch::let_go_of_held(std::size_t place) {
  Connection& connection = connections_.at(held_.at(place));
  if (connection.state != State::open) return 1;
  if (relief_.lag_max == 0) {
    const std::uint32_t unread_ms = conn::rest_of(connection).topic != nullptr ? refused_ms(connection) : 0;
    return unread_ms >= std::max(refused_ms_min, relief_.unread_ms_max / 2) ? cut(connection) : 1;
  }
  const std::uint64_t bytes_max = relief_.lag_max / 2;
  // Lags within one segment, or within one frame, free nothing by skipping: then only letting go of the connection does.
  const bool skipping_helps = bytes_max >= topic::heap_segment_bytes;
  const auto subscriptions = static_cast<std::uint32_t>(connection.subscriptions.size());
  std::uint32_t visits = 1 + subscriptions;
  // From the back: a stream that is ended leaves its place to the last one.
  for (std::size_t i = subscriptions; i-- > 0 && connection.state == State::open;) {
    const conn::Subscription subscription = connection.subscriptions[i];
    const TopicSlice& slice = *subscription.slice;
    if (relievable_lag(slice, slice.subscribers[subscription.index]) <= bytes_max) continue;
    visits += visits_of_one_let_go;
    conn::SlowRule rule = slice.rule;
    rule.limits.bytes_behind_max = bytes_max;
    if (skipping_helps && judge_one(connection, i, rule)) continue;
    rule.policy = conn::SlowPolicyId::disconnect;
    judge_one(connection, i, rule);
  }
  return visits;
}

/// The lag in bytes of a subscriber that relief may judge; 0 for all others.
std::uint64_t SlowWatch::relievable_lag(const TopicSlice& slice, const Subscriber& subscriber) const {
  if (!is_held(connections_.at(subscriber.connection), subscriber)) return 0;
  const Behind behind = measure(slice, subscriber);
  return behind.age_ms < refused_ms_min ? 0 : behind.bytes;
}

/// Ends a connection whose peer does not read the rest of a frame. No close frame could reach it before that rest does. Of one that
/// is being closed the rest is all there is; of others everything that is not sent is told of, and counted as skipped.
std::uint32_t SlowWatch::cut(Connection& connection) {
  const std::uint32_t visits = connection.state == State::open ? tell_all_unsent(connection) : 0;
  owner_.on_rest_unread(connection);
  CHECK(connection.state == State::doomed);
  conn::drop_rest(connection);
  return visits + visits_of_one_let_go;
}

std::uint32_t SlowWatch::tell_all_unsent(Connection& connection) {
  const conn::Rest rest = conn::rest_of(connection);
  tell_unsent(connection, *rest.topic, codec::StreamKey(), {rest.bytes, refused_ms(connection)}, 1);
  std::uint32_t visits = 0;
  for (std::size_t i = 0; i < connection.subscriptions.size(); ++i) {
    const conn::Subscription& subscription = connection.subscriptions[i];
    const TopicSlice& slice = *subscription.slice;
    const Subscriber& subscriber = slice.subscribers[subscription.index];
    ++visits;
    // Who began behind the window's head has no place in it yet: for it nothing has been taken out of the log so far.
    if (subscriber.cursor >= slice.window.head_position()) continue;
    const std::uint64_t unsent = slice.window.frames_between(slice.window.offset_at(subscriber.cursor), slice.window.head_offset());
    if (unsent == 0) continue;
    visits += visits_of_one_let_go;
    tell_unsent(connection, *slice.topic, connection.stream_of(i), measure(slice, subscriber), unsent);
  }
  return visits;
}

void SlowWatch::tell_unsent(Connection& connection, topic::Topic& topic, codec::StreamKey stream, const Behind& behind, std::uint64_t publications) {
  count_skipped(topic, conn::SlowPolicyId::disconnect, publications);
  owner_.on_unsent({connection, topic, stream, conn::SlowPolicyId::disconnect, behind.bytes, behind.age_ms, publications});
}

}  // namespace shard
