// The shard's drain. Publishers first, on all shards, so that what they sent still finds its subscribers; then the subscribers. Each list in
// random order, paced.
//
// Sessions whose clients come back after a second (session_drain_code 41xx) come to this address again: to the next process, if it is there
// by then, and what finds nobody there waits much longer than a second (pusher-js: 15 s). So they are told last and nearly together, and the
// process ends soon, before the first of them is back. Where it cannot, because a peer does not answer or does not read, it lets them in and
// holds them until the end, and does not end while they are on their way. (docs/adr/0017-drain-of-sessions.md)
#include <algorithm>
#include <random>
#include <utility>

#include "native/base/wrapping_time.h"
#include "native/shard/shard.h"

namespace shard {

using conn::Connection;
using conn::ConnectionTable;
using conn::State;

namespace {
constexpr std::string_view reason = "shutting down";
/// At least one connection is closed in this time, so that a few connections need not wait for the window.
constexpr std::uint32_t step_ms_max = 5;
/// Peers get this long to answer a close frame even when the whole drain is to be shorter.
constexpr std::uint32_t answer_ms_min = 1000;

/// Over which sessions are told that come back after a second. These four follow from what their clients do (ADR 0017).
constexpr std::uint32_t sessions_ms = 250;
/// Since the first of them was told: then those that have not answered are cut, so that the others find the next process.
constexpr std::uint32_t sessions_answer_ms = 450;
/// An end up to here leaves the next process half a second, and nobody is back yet.
constexpr std::uint32_t nobody_back_ms = 500;
/// Since the last of them was told: by now those that come back are here, and held.
constexpr std::uint32_t everybody_back_ms = 1500;
static_assert(sessions_ms < sessions_answer_ms && sessions_answer_ms < nobody_back_ms && nobody_back_ms < everybody_back_ms);
/// What those that were held get to answer: no longer than the end of the process would take without them.
constexpr std::uint32_t late_answer_ms = 200;

/// What is left of `ms` when `part` is taken away.
std::uint32_t less(std::uint32_t ms, std::uint32_t part) { return ms > part ? ms - part : 0; }

/// RFC 6455 leaves these codes to the protocol: Pusher's clients wait for a second.
bool come_back_here(std::uint16_t code) { return code >= 4100 && code < 4200; }
}  // namespace

void Shard::begin_drain(std::uint32_t drain_ms) {
  if (drain_.active) return;
  drain_.active = true;
  drain_.started_ms = now_ms_;
  drain_.within_ms = drain_ms;
  // With SO_REUSEPORT the kernel would go on dealing out to us what the next process, which is there already, should have.
  drain_.stays_open = come_back_here(engine_.options.session_drain_code) && !engine_.options.reuse_port;
  drain_.stays_open ? acceptor_.stop_without_handshake() : acceptor_.stop();
  for (std::uint32_t slot = 0; slot < connections_.slots(); ++slot) {
    Connection& connection = connections_.at(slot);
    const std::uint64_t token = ConnectionTable::token(connection);
    if (awaits_nothing(connection)) doom(connection, codec::Ending::normal, "");
    const bool stays = drain_.stays_open && has_handshake(connection.role);
    const bool begins = is_beginning(connection);
    if (begins && stays) drain_.late.push_back(token);
    if (begins && !stays) refuse_beginning(connection, codec::Ending::going_away, reason);
    if (connection.state != State::open) continue;
    role_of(connection).on_drain(connection);
    drain_list_of(connection).push_back(token);
  }
  std::minstd_rand random(now_ms_);
  std::shuffle(drain_.publishers.begin(), drain_.publishers.end(), random);
  std::shuffle(drain_.subscribers.begin(), drain_.subscribers.end(), random);
  std::shuffle(drain_.sessions.begin(), drain_.sessions.end(), random);
  drain_.total = drain_.publishers.size() + drain_.subscribers.size();
  drain_.sessions_total = drain_.sessions.size();
  recorder_.note(TracePoint::drain_begun, 0, drain_ms, connections_.size());
}

std::deque<std::uint64_t>& Shard::drain_list_of(const Connection& connection) {
  const DrainTurn turn = role_of(connection).drain_turn(connection);
  if (turn == DrainTurn::publishers) return drain_.publishers;
  return turn == DrainTurn::comers_back && drain_.stays_open ? drain_.sessions : drain_.subscribers;
}

DrainPhase Shard::drain_phase() const {
  if (!drain_.active) return DrainPhase::none;
  return drain_.ending ? DrainPhase::ending : DrainPhase::closing;
}

void Shard::go_on_draining() {
  if (!drain_.active || drain_.reported) return;
  if (drain_.emptied) return end_drain();
  close_in_turn();
  if (connections_.size() > count_late() || !may_end()) return;
  CHECK(!drain_.emptied);
  drain_.emptied = true;
  engine_.shards_drained.fetch_add(1, std::memory_order_relaxed);
}

void Shard::close_in_turn() {
  const std::uint32_t elapsed_ms = base::age_ms(drain_.started_ms, now_ms_);
  // The last quarter is for the answers to the last close frames.
  const std::uint32_t close_within_ms = drain_.within_ms / 4 * 3;
  const bool time_is_up = elapsed_ms >= close_within_ms;
  const std::size_t due = time_is_up ? drain_.total : std::max<std::size_t>(drain_.total * elapsed_ms / close_within_ms, elapsed_ms / step_ms_max + 1);
  const auto left_of_due = [&] {
    CHECK(drain_.publishers.size() + drain_.subscribers.size() <= drain_.total);
    const std::size_t closed = drain_.total - drain_.publishers.size() - drain_.subscribers.size();
    return due > closed ? due - closed : 0;
  };
  const std::size_t shards = engine_.shards.size();
  drain_some(drain_.publishers, left_of_due(), time_is_up);
  if (drain_.publishers.empty() && !std::exchange(drain_.publishers_closed, true)) {
    recorder_.note(TracePoint::drain_publishers_closed);
    engine_.shards_without_publishers.fetch_add(1, std::memory_order_relaxed);
  }
  // Publishers of other shards get half of the time at most: one that is stuck must not keep the subscribers from an orderly end.
  const bool heard_all = engine_.shards_without_publishers.load(std::memory_order_relaxed) == shards;
  if (!heard_all && elapsed_ms < close_within_ms / 2) return;
  drain_some(drain_.subscribers, left_of_due(), time_is_up);
  if (drain_.subscribers.empty() && !std::exchange(drain_.subscribers_closed, true)) {
    recorder_.note(TracePoint::drain_subscribers_closed);
    engine_.shards_without_subscribers.fetch_add(1, std::memory_order_relaxed);
  }
  const bool told_all = engine_.shards_without_subscribers.load(std::memory_order_relaxed) == shards;
  if (told_all || elapsed_ms >= std::max(less(drain_.within_ms, sessions_ms + nobody_back_ms), drain_.within_ms / 2)) close_sessions(elapsed_ms);
  if (elapsed_ms >= std::max(drain_.within_ms, std::min(engine_.options.close_ms, answer_ms_min))) cut_the_rest();
}

void Shard::close_sessions(std::uint32_t elapsed_ms) {
  if (drain_.sessions_total == 0) return;
  if (!std::exchange(drain_.sessions_begun, true)) {
    recorder_.note(TracePoint::drain_sessions_begun, 0, drain_.sessions_total);
    drain_.first_session_ms = now_ms_;
  }
  const std::uint32_t age_ms = base::age_ms(drain_.first_session_ms, now_ms_);
  const bool time_is_up = elapsed_ms >= std::max(less(drain_.within_ms, nobody_back_ms), drain_.within_ms / 4 * 3);
  const bool all_due = time_is_up || age_ms >= sessions_ms;
  const std::size_t due = all_due ? drain_.sessions_total : std::max<std::size_t>(drain_.sessions_total * age_ms / sessions_ms, age_ms / step_ms_max + 1);
  const std::size_t before = drain_.sessions.size();
  CHECK(before <= drain_.sessions_total);
  const std::size_t closed = drain_.sessions_total - before;
  drain_some(drain_.sessions, due > closed ? due - closed : 0, time_is_up);
  if (drain_.sessions.size() < before) drain_.last_session_ms = now_ms_;
  if (drain_.sessions.empty() && age_ms >= sessions_answer_ms) cut_silent_sessions();
}

/// Closes `count` connections of `list`. Who has something unfinished comes later, while there is time.
void Shard::drain_some(std::deque<std::uint64_t>& list, std::size_t count, bool time_is_up) {
  for (std::size_t tries = list.size(); tries > 0 && count > 0; --tries) {
    const std::uint64_t token = list.back();
    list.pop_back();
    Connection* const connection = connections_.find(token);
    const bool waits = connection != nullptr && !time_is_up && (has_unfinished(*connection) || !role_of(*connection).finish_some(*connection));
    if (waits) {
      list.push_front(token);
      continue;
    }
    --count;
    if (connection != nullptr) begin_close(*connection, codec::Ending::going_away, reason);
  }
}

/// Whether something that was published is still on its way from or to this connection.
bool Shard::has_unfinished(Connection& connection) {
  return connection.state == State::open && role_of(connection).has_unfinished(connection);
}

void Shard::cut_the_rest() {
  for (std::uint32_t slot = 0; slot < connections_.slots(); ++slot) {
    Connection& connection = connections_.at(slot);
    if (connection.state == State::free || connection.state == State::doomed) continue;
    // Handshakes that are not over are newcomers', for the end.
    if (is_beginning(connection)) continue;
    if (connection.codec) engine_.drain_cut.fetch_add(1, std::memory_order_relaxed);
    doom(connection, codec::Ending::lost, "cut at the end of the drain");
  }
}

void Shard::cut_silent_sessions() {
  for (std::uint32_t slot = 0; slot < connections_.slots(); ++slot) {
    Connection& connection = connections_.at(slot);
    if (!connection.codec || role_of(connection).drain_turn(connection) != DrainTurn::comers_back) continue;
    if (connection.state != State::closing && connection.state != State::lingering) continue;
    if (connection.close_code != engine_.options.session_drain_code) continue;
    engine_.drain_cut.fetch_add(1, std::memory_order_relaxed);
    doom(connection, codec::Ending::lost, "no answer to the close");
  }
}

/// Not while those that were told to come back are on their way.
bool Shard::may_end() const {
  if (!drain_.sessions_begun) return true;
  return base::age_ms(drain_.first_session_ms, now_ms_) <= nobody_back_ms || base::age_ms(drain_.last_session_ms, now_ms_) >= everybody_back_ms;
}

// Newcomers.

/// Whether somebody who connects during the drain is to hear something of it.
bool Shard::lets_in(const Connection& connection) {
  if (!drain_.stays_open || drain_.reported || !has_handshake(connection.role)) return false;
  drain_.late.push_back(ConnectionTable::token(connection));
  return true;
}

std::size_t Shard::count_late() {
  std::erase_if(drain_.late, [&](std::uint64_t token) { return connections_.find(token) == nullptr; });
  return drain_.late.size();
}

void Shard::answer_late(Connection& connection) {
  if (connection.state == State::securing) return refuse_beginning(connection, codec::Ending::going_away, reason);
  if (is_beginning(connection)) role_of(connection).end_handshake(connection);
}

/// All shards have told everybody: the newcomers are told, and then it is over.
void Shard::end_drain() {
  if (!drain_.ending) {
    if (engine_.shards_drained.load(std::memory_order_relaxed) < engine_.shards.size()) return;
    drain_.ending = true;
    recorder_.note(TracePoint::drain_ending, 0, drain_.late.size());
    acceptor_.stop();
    return;  // sockets that are on their way here come first
  }
  count_late();
  if (!std::exchange(drain_.late_told, true)) drain_.late_told_ms = now_ms_;
  for (const std::uint64_t token : drain_.late) answer_late(*connections_.find(token));
  if (connections_.size() > 0) {
    if (base::age_ms(drain_.late_told_ms, now_ms_) < late_answer_ms) return;
    for (const std::uint64_t token : drain_.late) doom(*connections_.find(token), codec::Ending::lost, "cut at the end of the drain");
    return;  // reported when they are gone
  }
  CHECK(drain_.emptied && !drain_.reported);
  drain_.reported = true;
  recorder_.note(TracePoint::drain_ended, 0, engine_.drain_cut.load(std::memory_order_relaxed));
  if (engine_.shards_ended.fetch_add(1, std::memory_order_relaxed) + 1 < engine_.shards.size()) return;
  post_event(Drained{engine_.drain_cut.load(std::memory_order_relaxed)});
}

}  // namespace shard
