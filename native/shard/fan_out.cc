#include "native/shard/fan_out.h"

#include <algorithm>
#include <array>
#include <utility>

namespace shard {

using conn::Connection;
using conn::ConnectionTable;
using conn::Framing;
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

FanOut::FanOut(unsigned shard, os::Kernel& kernel, transport::Transports& transports, topic::LogMemory& memory,
               ConnectionTable& connections, metrics::Block& metrics, const std::vector<conn::SlowRule>& slow_rules, FanOutOwner& owner)
    : shard_(shard),
      kernel_(kernel),
      transports_(transports),
      connections_(connections),
      metrics_(metrics),
      owner_(owner),
      audience_(shard, memory, connections, metrics, slow_rules, lanes_, owner),
      slow_watch_(memory, connections, metrics, lanes_, owner) {}

// Heads and passes.

void FanOut::log_ready(const topic::TopicRef& topic, codec::EncodingId encoding) {
  TopicSlice* const slice = audience_.find(topic, encoding);
  if (slice == nullptr) return;  // the last subscriber has left meanwhile
  slice->new_head = true;
  lanes_.mark_dirty(*slice);
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
  const bool held = SlowWatch::is_held(connection, subscriber);
  slice.pass.held = slice.pass.held || held;
  if (held && slice.window.head_position() - subscriber.cursor > slice.rule.limits.bytes_behind_max) slow_watch_.note_over_limit(connection);
  if (subscriber.lane == Lane::blocked) return;
  if (connection.framing == Framing::streams) connection.streams->enqueue(subscriber.stream);
  if (!held) lanes_.enqueue_side(connection);
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
    slice.pass_over(index, 1);
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
      slow_watch_.on_refused(connection);
      subscriber.lane = Lane::blocked;
      newly_blocked_.push_back(ConnectionTable::token(connection));
      slow_watch_.look_at_lag(connection);
      break;
    case os::IoOutcome::end:
    case os::IoOutcome::failed:
      subscriber.lane = Lane::blocked;  // not to be tried again: it is closed at the end of this turn
      lanes_.failed.push_back(ConnectionTable::token(connection));
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
  for (const std::uint64_t token : lanes_.failed) {
    if (Connection* connection = connections_.find(token)) owner_.on_write_failed(*connection);
  }
  lanes_.failed.clear();
  for (const std::uint64_t token : newly_blocked_) {
    if (Connection* connection = connections_.find(token)) owner_.on_blocked(*connection);
  }
  newly_blocked_.clear();
  slow_watch_.judge_noted();
}

// Gathered writes and the side lane.

void FanOut::flush_private(Connection& connection) {
  if (connection.blocked) {
    Lanes::set_lanes(connection);
    return;
  }
  settle_write(connection, write(connection));
}

void FanOut::flush_soon(Connection& connection) {
  if (!connection.blocked) lanes_.enqueue_side(connection);
}

void FanOut::on_writable(Connection& connection) {
  if (!connection.blocked) return;
  connection.blocked = false;
  lanes_.enqueue_side(connection);
  Lanes::set_lanes(connection);
}

void FanOut::run_side_lane(std::uint32_t writes_left) {
  // At least a few, so that passes never starve those who were refused once.
  const std::size_t turns = std::min<std::size_t>(lanes_.side.size(), std::max(writes_left, side_writes_min));
  side_turn_.assign(lanes_.side.begin(), lanes_.side.begin() + static_cast<std::ptrdiff_t>(turns));
  lanes_.side.erase(lanes_.side.begin(), lanes_.side.begin() + static_cast<std::ptrdiff_t>(turns));
  if (turns == 0) return;
  // All write before any is settled: what the transport sends in one batch has left only behind it.
  transports_.hold();
  side_outcomes_.clear();
  for (const std::uint64_t token : side_turn_) {
    Connection* const connection = connections_.find(token);
    if (connection != nullptr) connection->in_side_lane = false;
    const bool writes = connection != nullptr && !connection->blocked && connection->state != State::doomed;
    side_outcomes_.push_back(writes ? std::optional(write(*connection)) : std::nullopt);
  }
  transports_.release();
  for (std::size_t i = 0; i < turns; ++i) {
    Connection* const connection = connections_.find(side_turn_[i]);
    if (!side_outcomes_[i] || connection == nullptr || connection->state == State::doomed) continue;
    const bool waits = *side_outcomes_[i] == WriteOutcome::drained && transports_.wants_write(connection->transport, connection->fd);
    settle_write(*connection, waits ? WriteOutcome::partial : *side_outcomes_[i]);
  }
}

WriteOutcome FanOut::write(Connection& connection) {
  return connection.framing == Framing::streams ? write_streams(connection) : write_gathered(connection);
}

WriteOutcome FanOut::write_gathered(Connection& connection) {
  if (connection.has_asides) audience_.say_asides(connection);
  conn::GatheredWrite write(connection, audience_.find_asides(connection));
  if (write.empty() && !transports_.wants_write(connection.transport, connection.fd)) return WriteOutcome::drained;
  const os::IoResult result = transports_.send_gather(connection.transport, connection.fd, write.pieces());
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
  if (connection.has_asides) audience_.say_asides(connection);
  const bool has_more = !write.complete() || transports_.wants_write(connection.transport, connection.fd);
  return result.bytes == write.bytes() && !has_more ? WriteOutcome::drained : WriteOutcome::partial;
}

void FanOut::settle_write(Connection& connection, WriteOutcome outcome) {
  switch (outcome) {
    case WriteOutcome::drained:
      Lanes::set_lanes(connection);
      // (Of streams there may be thousands: write_streams has marked those that matter.)
      for (std::size_t i = 0; connection.framing == Framing::shared && i < connection.subscriptions.size(); ++i) {
        TopicSlice& slice = *connection.subscriptions[i].slice;
        if (slice.takes_pass_for_move()) lanes_.mark_dirty(slice);
      }
      if (connection.state != State::open || connection.tells_drained) owner_.on_drained(connection);
      return;
    case WriteOutcome::partial:
      lanes_.enqueue_side(connection);
      Lanes::set_lanes(connection);
      return;
    case WriteOutcome::would_block:
      slow_watch_.on_refused(connection);
      Lanes::set_lanes(connection);
      slow_watch_.look_at_lag(connection);
      owner_.on_blocked(connection);
      return;
    case WriteOutcome::failed:
      connection.blocked = true;
      Lanes::set_lanes(connection);
      owner_.on_write_failed(connection);
      return;
  }
}

}  // namespace shard
