#include "native/shard/fan_out.h"

#include <algorithm>

#include "native/shard/timer_wheel.h"

namespace shard {

using conn::Connection;
using conn::ConnectionTable;
using conn::Lane;
using conn::State;
using conn::Subscriber;
using conn::TopicSlice;
using metrics::Metric;

namespace {
constexpr std::uint32_t side_writes_min = 64;
/// From here on a range leaves by sendfile, without a copy; below it the copy is cheaper (docs/benchmarking.md).
constexpr std::uint32_t sendfile_bytes_min = 16 * 1024;
/// 15 pages, so that a range fits the 16 pages of one splice even when it does not begin at a page.
constexpr std::uint32_t sendfile_quantum_bytes = 61'440;
constexpr std::size_t batch_size = 128;

bool is_subscribed(Connection& connection, const TopicSlice& slice) {
  for (std::size_t i = 0; i < connection.subscriptions.size(); ++i) {
    if (connection.subscriptions[i].slice == &slice) return true;
  }
  return false;
}
}  // namespace

/// Writes of one pass on their way to the kernel together.
struct FanOut::Batch {
  std::array<os::SendOp, batch_size> ops;
  std::array<std::uint32_t, batch_size> indices;
  std::size_t count = 0;
  // Nearly all subscribers stand at the same cursor: look its range and its number of publications up once.
  std::uint64_t cursor = UINT64_MAX;
  os::SendOp prepared;
  std::uint64_t prepared_publications = 0;
};

FanOut::FanOut(unsigned shard, os::Kernel& kernel, const topic::LogMemory& memory, ConnectionTable& connections, metrics::Block& metrics,
               const std::vector<conn::SlowRule>& slow_rules, FanOutOwner& owner)
    : shard_(shard),
      kernel_(kernel),
      memory_(memory),
      connections_(connections),
      metrics_(metrics),
      slow_rules_(slow_rules),
      owner_(owner) {}

// Subscriptions.

TopicSlice& FanOut::slice_for(const topic::TopicRef& topic, codec::EncodingId encoding) {
  auto& slice = slices_[{topic.get(), encoding}];
  if (!slice) slice = std::make_unique<TopicSlice>(topic, encoding, conn::slow_rule_for(slow_rules_, topic->name()));
  return *slice;
}

void FanOut::subscribe(Connection& connection, const topic::TopicRef& topic, codec::EncodingId encoding) {
  TopicSlice& slice = slice_for(topic, encoding);
  add_subscriber(slice, connection, topic->add_interest(encoding, shard_).begin.position);
}

Subscriber& FanOut::add_subscriber(TopicSlice& slice, Connection& connection, std::uint64_t position) {
  connection.subscriptions.push({&slice, static_cast<std::uint32_t>(slice.subscribers.size())});
  slice.subscribers.push_back({position, connection.slot, connection.fd, 0, Lane::ready});
  slice.restart_pass();
  slice.topic->count_subscribers(+1);
  metrics_.add(Metric::subscriptions_now);
  set_lanes(connection);
  return slice.subscribers.back();
}

void FanOut::bring_in_joins(const topic::TopicRef& topic, codec::EncodingId encoding, std::uint64_t number) {
  if (!topic->has_joins(encoding, shard_, number)) return;  // the message of a later one came first
  TopicSlice& slice = slice_for(topic, encoding);
  slice.new_head = !topic->take_joins(encoding, shard_, number, slice.window, joins_, garbage_);
  garbage_.clear();
  for (topic::Join& join : joins_) {
    if (join.ear) {
      add_ear(slice, join);
      continue;
    }
    Connection* const connection = connections_.find_id(join.connection);
    if (connection == nullptr || connection->state != State::open || !connection->session) continue;  // it has left meanwhile
    if (!is_subscribed(*connection, slice)) add_subscriber(slice, *connection, join.begin.position);
    if (!owner_.on_joined(*connection, topic, join)) failed_.push_back(ConnectionTable::token(*connection));
    enqueue_side(*connection);
    set_lanes(*connection);
  }
  joins_.clear();
  if (slice.is_unused()) {
    forget(slice);
  } else {
    mark_dirty(slice);
  }
}

bool FanOut::unsubscribe(Connection& connection, std::string_view topic) {
  for (std::size_t i = 0; i < connection.subscriptions.size(); ++i) {
    const conn::Subscription subscription = connection.subscriptions[i];
    if (subscription.slice->topic->name() != topic) continue;
    if (connection.active == i) complete_frame(connection);
    connection.subscriptions.remove(i);
    if (connection.active >= i && connection.active > 0) --connection.active;
    leave(subscription);
    if (connection.has_outbound()) enqueue_side(connection);  // a frame's rest, that no pass knows of any more
    set_lanes(connection);
    return true;
  }
  return false;
}

void FanOut::unsubscribe_all(Connection& connection) {
  if (!connection.streams && connection.state != State::doomed) complete_frame(connection);
  for (std::size_t i = 0; i < connection.subscriptions.size(); ++i) leave(connection.subscriptions[i]);
  connection.subscriptions.clear();
  if (connection.streams) connection.streams->clear();
}

void FanOut::leave(const conn::Subscription& subscription) {
  TopicSlice& slice = *subscription.slice;
  slice.note_move_from(slice.subscribers[subscription.index].cursor);
  const bool takes_pass = slice.takes_pass_for_move();  // before a pass is begun again
  remove_subscriber(slice, subscription.index);
  slice.topic->count_subscribers(-1);
  metrics_.add(Metric::subscriptions_now, -1);
  slice.restart_pass();
  if (slice.is_unused()) {
    forget(slice);
  } else if (takes_pass) {
    mark_dirty(slice);
  }
}

/// Ends a slice without subscribers. While joins wait it stays: theirs is the next turn.
void FanOut::forget(TopicSlice& slice) {
  CHECK(slice.is_unused() && slice.pass.left == 0);
  if (!slice.topic->remove_interest(slice.encoding, shard_, garbage_)) return;
  if (slice.dirty) std::erase(dirty_, &slice);
  if (slice.behind) slice.topic->count_logs_behind(-1);
  if (slice.held) slice.topic->count_logs_held(-1);
  slices_.erase({slice.topic.get(), slice.encoding});
  garbage_.clear();
}

void FanOut::remove_subscriber(TopicSlice& slice, std::uint32_t index) {
  CHECK(index < slice.subscribers.size());
  const auto last = static_cast<std::uint32_t>(slice.subscribers.size() - 1);
  if (index != last) {
    subscription_at(slice, last).index = index;
    slice.subscribers[index] = slice.subscribers[last];
  }
  slice.subscribers.pop_back();
}

/// Of a connection's streams many may be in one slice, at different places.
conn::Subscription& FanOut::subscription_at(TopicSlice& slice, std::uint32_t index) {
  const Subscriber& subscriber = slice.subscribers[index];
  Connection& connection = connections_.at(subscriber.connection);
  std::size_t at = 0;
  if (connection.streams) at = connection.streams->find_slot(subscriber.stream).value_or(connection.subscriptions.size());
  while (at < connection.subscriptions.size() && connection.subscriptions[at].slice != &slice) ++at;
  CHECK(at < connection.subscriptions.size() && connection.subscriptions[at].index == index);
  return connection.subscriptions[at];
}

void FanOut::complete_frame(Connection& connection) {
  if (!conn::is_within_frame(connection, connection.active)) return;
  const conn::Subscription& subscription = connection.subscriptions[connection.active];
  Subscriber& subscriber = subscription.slice->subscribers[subscription.index];
  const topic::LogWindow& window = subscription.slice->window;
  const std::uint64_t end = window.frame_end(subscriber.cursor);
  const topic::Range rest = window.range(subscriber.cursor, static_cast<std::uint32_t>(end - subscriber.cursor));
  CHECK(rest.length == end - subscriber.cursor);
  subscription.slice->note_move_from(subscriber.cursor);
  connection.outbound_for_writing().pin(window.hold(subscriber.cursor), {rest.bytes, rest.length}, subscription.slice->topic);
  subscriber.cursor = end;
}

// Heads and passes.

void FanOut::log_ready(const topic::TopicRef& topic, codec::EncodingId encoding) {
  const auto found = slices_.find({topic.get(), encoding});
  if (found == slices_.end()) return;  // the last subscriber has left meanwhile
  found->second->new_head = true;
  mark_dirty(*found->second);
}

void FanOut::mark_dirty(TopicSlice& slice) {
  if (slice.pass.left != 0) slice.pass.again = true;  // what this pass has seen of it may no longer hold
  if (std::exchange(slice.dirty, true)) return;
  slice.served = std::max(slice.served, served_);  // what it left unused is gone
  dirty_.push_back(&slice);
}

/// Returns true when the pass is complete, false when the budget is spent.
bool FanOut::run_pass(TopicSlice& slice, Budget& budget) {
  if (slice.pass.left == 0) {
    if (std::exchange(slice.new_head, false)) {
      // Joins that wait are brought in by their message, before anything behind them is read.
      slice.new_head = !slice.topic->take(slice.encoding, shard_, slice.window, garbage_);
      garbage_.clear();
    }
    slice.begin_pass();
    metrics_.add(Metric::fan_out_passes);
  }
  Batch batch;
  const auto count = static_cast<std::uint32_t>(slice.subscribers.size());
  for (; slice.pass.left > 0 && !budget.is_spent(); --slice.pass.left) {
    const std::size_t before = batch.count;
    visit(slice, slice.pass.next, batch);
    if (++slice.pass.next == count) slice.pass.next = 0;
    if (batch.count > before) budget.take(batch.ops[before].length);
    if (batch.count == batch_size) submit(slice, batch);
  }
  submit(slice, batch);
  if (slice.pass.left > 0) {
    ++slice.pass.turns;
    return false;
  }
  finish_pass(slice, budget);
  return true;
}

void FanOut::visit(TopicSlice& slice, std::uint32_t index, Batch& batch) {
  const Subscriber& subscriber = slice.subscribers[index];
  if (subscriber.cursor >= slice.window.head_position()) return;
  if (subscriber.lane == Lane::ready) return visit_ready(slice, index, batch);
  slice.pass.low = std::min(slice.pass.low, subscriber.cursor);
  visit_aside(slice, subscriber);
}

void FanOut::visit_aside(TopicSlice& slice, const Subscriber& subscriber) {
  Connection& connection = connections_.at(subscriber.connection);
  const bool held = is_held(connection, subscriber);
  slice.pass.held = slice.pass.held || held;
  if (held && slice.window.head_position() - subscriber.cursor > slice.rule.limits.bytes_behind_max) note_over_limit(connection);
  if (subscriber.lane == Lane::blocked) return;
  if (connection.streams) connection.streams->enqueue(subscriber.stream);
  if (!held) enqueue_side(connection);
}

void FanOut::prepare(const TopicSlice& slice, std::uint64_t cursor, Batch& batch) {
  batch.cursor = cursor;
  topic::Range range = slice.window.range(cursor, conn::send_quantum_bytes);
  if (range.file >= 0 && range.length >= sendfile_bytes_min) {
    range.length = std::min(range.length, sendfile_quantum_bytes);
  } else {
    range.file = -1;
  }
  batch.prepared = {-1, range.length, range.bytes, range.file, range.file_offset, {}};
  batch.prepared_publications = slice.window.frames_ending(cursor, cursor + range.length);
  exclusions_.clear();
  slice.window.find_exclusions(cursor, cursor + range.length, exclusions_);
}

void FanOut::visit_ready(TopicSlice& slice, std::uint32_t index, Batch& batch) {
  Subscriber& subscriber = slice.subscribers[index];
  std::uint32_t length = 0;
  for (;;) {
    if (subscriber.cursor != batch.cursor) prepare(slice, subscriber.cursor, batch);
    length = batch.prepared.length;
    if (exclusions_.empty()) break;
    length = length_until_excluded(subscriber, length);
    if (length > 0) break;
    subscriber.cursor = slice.window.next_frame(subscriber.cursor);  // not for this one
    if (subscriber.cursor >= slice.window.head_position()) return;
  }
  os::SendOp& op = batch.ops[batch.count];
  op = batch.prepared;
  op.fd = subscriber.fd;
  op.length = length;
  batch.indices[batch.count] = index;
  ++batch.count;
}

/// How much of the prepared range a subscriber gets before a frame that leaves it out; 0 when that is the next one.
std::uint32_t FanOut::length_until_excluded(const Subscriber& subscriber, std::uint32_t length) const {
  const conn::ConnectionId id = connections_.at(subscriber.connection).id;
  for (const topic::Exclusion& exclusion : exclusions_) {
    if (exclusion.connection == id) return static_cast<std::uint32_t>(exclusion.begin - subscriber.cursor);
  }
  return length;
}

void FanOut::submit(TopicSlice& slice, Batch& batch) {
  if (batch.count == 0) return;
  kernel_.send_batch({batch.ops.data(), batch.count});
  metrics_.add(Metric::writes, static_cast<std::int64_t>(batch.count));
  std::int64_t bytes = 0;
  std::int64_t publications = 0;
  for (std::size_t i = 0; i < batch.count; ++i) {
    const os::SendOp& op = batch.ops[i];
    Subscriber& subscriber = slice.subscribers[batch.indices[i]];
    if (op.result.outcome == os::IoOutcome::ok && op.result.bytes == op.length && op.length == batch.prepared.length &&
        subscriber.cursor == batch.cursor) {
      subscriber.cursor += op.length;
      publications += static_cast<std::int64_t>(batch.prepared_publications);
    } else {
      const std::uint64_t before = subscriber.cursor;
      apply(slice, batch.indices[i], op);
      publications += static_cast<std::int64_t>(slice.window.frames_ending(before, subscriber.cursor));
    }
    bytes += static_cast<std::int64_t>(op.result.bytes);
    slice.pass.low = std::min(slice.pass.low, subscriber.cursor);
    if (subscriber.cursor >= slice.window.head_position()) continue;
    if (subscriber.lane != Lane::ready) {
      slice.pass.held = true;
      continue;
    }
    slice.pass.again = true;
    slice.pass.lag = std::max(slice.pass.lag, slice.window.head_position() - subscriber.cursor);
  }
  metrics_.add(Metric::bytes_sent, bytes);
  metrics_.add(Metric::deliveries, publications);
  slice.pass.bytes += static_cast<std::uint64_t>(bytes);
  batch.count = 0;
}

void FanOut::apply(TopicSlice& slice, std::uint32_t index, const os::SendOp& op) {
  Subscriber& subscriber = slice.subscribers[index];
  Connection& connection = connections_.at(subscriber.connection);
  switch (op.result.outcome) {
    case os::IoOutcome::ok:
      // A short write is not yet a refusal: no edge need follow it. The next pass finds out.
      CHECK(op.result.bytes <= op.length);
      subscriber.cursor += op.result.bytes;
      break;
    case os::IoOutcome::would_block:
      metrics_.add(Metric::writes_refused);
      block(connection);
      subscriber.lane = Lane::blocked;
      newly_blocked_.push_back(ConnectionTable::token(connection));
      look_at_lag(connection);
      break;
    case os::IoOutcome::end:
    case os::IoOutcome::failed:
      subscriber.lane = Lane::blocked;  // not to be tried again: it is closed at the end of this turn
      failed_.push_back(ConnectionTable::token(connection));
      break;
  }
}

void FanOut::finish_pass(TopicSlice& slice, Budget& budget) {
  if (!slice.ears.empty()) tell_ears(slice, budget);
  note_lag(slice);
  note_held(slice);
  const std::uint64_t head = slice.window.head_position();
  if (slice.window.empty()) return;
  slice.window.drop_before(slice.pass.low);
  if (slice.pass.low < head) return;
  slice.topic->settled(slice.encoding, shard_, head, garbage_);
  garbage_.clear();
}

void FanOut::act_on_pass_findings() {
  for (const std::uint64_t token : failed_) {
    if (Connection* connection = connections_.find(token)) owner_.on_write_failed(*connection);
  }
  failed_.clear();
  for (const std::uint64_t token : newly_blocked_) {
    if (Connection* connection = connections_.find(token)) owner_.on_blocked(*connection);
  }
  newly_blocked_.clear();
  std::sort(over_limit_.begin(), over_limit_.end());  // those with many streams come many times
  over_limit_.erase(std::unique(over_limit_.begin(), over_limit_.end()), over_limit_.end());
  for (const std::uint64_t token : over_limit_) {
    if (Connection* connection = connections_.find(token)) judge(*connection);
  }
  over_limit_.clear();
}

// Gathered writes and the side lane.

void FanOut::enqueue_side(Connection& connection) {
  if (connection.in_side_lane) return;
  connection.in_side_lane = true;
  side_lane_.push_back(ConnectionTable::token(connection));
}

/// The kernel has refused its bytes.
void FanOut::block(Connection& connection) {
  if (!connection.blocked) connection.refused_since_ms = now_ms_;
  connection.blocked = true;
  held_.add(connection.slot);
}

/// Those of streams change only one by one, as their windows do.
void FanOut::set_lanes(Connection& connection) {
  if (connection.streams) return;
  const bool direct = connection.subscriptions.size() == 1 && !connection.has_outbound() && !connection.in_side_lane;
  const Lane lane = connection.blocked ? Lane::blocked : direct ? Lane::ready : Lane::gathered;
  for (std::size_t i = 0; i < connection.subscriptions.size(); ++i) {
    const conn::Subscription& subscription = connection.subscriptions[i];
    subscription.slice->subscribers[subscription.index].lane = lane;
  }
}

void FanOut::flush_private(Connection& connection) {
  if (connection.blocked) {
    set_lanes(connection);
    return;
  }
  settle_write(connection, write(connection));
}

void FanOut::flush_soon(Connection& connection) {
  if (!connection.blocked) enqueue_side(connection);
}

void FanOut::on_writable(Connection& connection) {
  if (!connection.blocked) return;
  connection.blocked = false;
  enqueue_side(connection);
  set_lanes(connection);
}

void FanOut::run_side_lane(std::uint32_t writes_left) {
  // At least a few, so that passes never starve those who were refused once.
  const std::size_t turns = std::min<std::size_t>(side_lane_.size(), std::max(writes_left, side_writes_min));
  side_turn_.assign(side_lane_.begin(), side_lane_.begin() + static_cast<std::ptrdiff_t>(turns));
  side_lane_.erase(side_lane_.begin(), side_lane_.begin() + static_cast<std::ptrdiff_t>(turns));
  for (const std::uint64_t token : side_turn_) {
    Connection* const connection = connections_.find(token);
    if (connection == nullptr) continue;
    connection->in_side_lane = false;
    if (connection->blocked || connection->state == State::doomed) continue;
    settle_write(*connection, write(*connection));
  }
}

WriteOutcome FanOut::write(Connection& connection) {
  return connection.streams ? write_streams(connection) : write_gathered(connection);
}

WriteOutcome FanOut::write_gathered(Connection& connection) {
  conn::GatheredWrite write(connection);
  if (write.empty()) return WriteOutcome::drained;
  const os::IoResult result = kernel_.send_gather(connection.fd, write.pieces());
  metrics_.add(Metric::writes);
  switch (result.outcome) {
    case os::IoOutcome::ok:
      break;
    case os::IoOutcome::would_block:
      metrics_.add(Metric::writes_refused);
      return WriteOutcome::would_block;
    case os::IoOutcome::end:
    case os::IoOutcome::failed:
      return WriteOutcome::failed;
  }
  metrics_.add(Metric::bytes_sent, static_cast<std::int64_t>(result.bytes));
  metrics_.add(Metric::deliveries, static_cast<std::int64_t>(write.consume(result.bytes)));
  return result.bytes == write.bytes() && write.complete() ? WriteOutcome::drained : WriteOutcome::partial;
}

void FanOut::settle_write(Connection& connection, WriteOutcome outcome) {
  switch (outcome) {
    case WriteOutcome::drained:
      set_lanes(connection);
      // (Of streams there may be thousands: write_streams has marked those that matter.)
      for (std::size_t i = 0; !connection.streams && i < connection.subscriptions.size(); ++i) {
        TopicSlice& slice = *connection.subscriptions[i].slice;
        if (slice.takes_pass_for_move()) mark_dirty(slice);
      }
      if (connection.state != State::open || connection.role == codec::Role::respond) owner_.on_drained(connection);
      return;
    case WriteOutcome::partial:
      enqueue_side(connection);
      set_lanes(connection);
      return;
    case WriteOutcome::would_block:
      block(connection);
      set_lanes(connection);
      look_at_lag(connection);
      owner_.on_blocked(connection);
      return;
    case WriteOutcome::failed:
      connection.blocked = true;
      set_lanes(connection);
      owner_.on_write_failed(connection);
      return;
  }
}

}  // namespace shard
