// The shard's reading half: bytes from sockets, whom they are given to, and who is not read now.
#include <algorithm>

#include "native/shard/shard.h"

namespace shard {

using conn::Connection;
using conn::ConnectionTable;
using conn::State;
using metrics::Metric;

namespace {
/// What comes after our close is read, for `close_ms`, only so that no reset overtakes our last bytes: so much of it, which is about
/// what is on its way already when a peer stops at once.
constexpr std::uint32_t after_close_bytes_max = 4 * 1024 * 1024;
}  // namespace

void Shard::read(Connection& connection) {
  CHECK(connection.state != State::free);
  if (connection.state == State::doomed || connection.paused) return;
  if (must_wait(connection, Resume::no)) {
    pause(connection);
    return;
  }
  if (!role_of(connection).takes_reads(connection)) return;
  const bool has_rest = connection.unread && (!is_beginning(connection) || (connection.state == State::handshake && connection.unread->scanned == 0));
  if (has_rest && !read_rest(connection)) return;
  const base::MutableBytes room = base::MutableBytes(read_buffer_).first(read_bytes_max(connection));
  const os::IoResult result = transports_.receive(connection.transport, connection.fd, room);
  CHECK(result.bytes <= room.size());
  if (connection.state == State::securing && transports_.is_ready(connection.transport, connection.fd)) {
    on_secured(connection);
    if (connection.state == State::doomed) return;
  }
  if (transports_.wants_write(connection.transport, connection.fd)) fan_out_.flush_soon(connection);
  switch (result.outcome) {
    case os::IoOutcome::ok:
      break;
    case os::IoOutcome::would_block:
      if (transports_.has_more(connection.transport, connection.fd)) read_later(connection);
      return;
    case os::IoOutcome::end:
      if (!role_of(connection).outlives_end(connection)) doom(connection, codec::Ending::lost, "stream ended");
      return;
    case os::IoOutcome::failed:
      on_receive_failed(connection);
      return;
  }
  metrics_.add(Metric::bytes_received, static_cast<std::int64_t>(result.bytes));
  read_left_ -= std::min(read_left_, result.bytes);
  connection.heard_ms = now_ms_;
  if (connection.awaiting_pong) {
    connection.awaiting_pong = false;
    arm(connection);  // the next ping may be due long before pong_ms is over
  }
  if (floods_after_close(connection, result.bytes)) return;
  if (connection.account) count_bytes(connection, result.bytes);
  connection.has_more = result.bytes == room.size() || transports_.has_more(connection.transport, connection.fd);
  take_bytes(connection, room.first(result.bytes));
  // Edge-triggered: a full buffer or a hang-up seen earlier means that there may be more, and no new edge need come.
  if (connection.has_more || connection.ended) read_later(connection);
}

/// While the logs are nearly full, or enough was read in this turn, only so much as is little: who has more is known by it then.
std::size_t Shard::read_bytes_max(const Connection& connection) const {
  const bool only_little = read_left_ == 0 || engine_.memory.over_limit(topic::Demand::much);
  const std::size_t usual = only_little ? topic::little_bytes_max : read_quantum_bytes;
  const std::size_t most = std::min(role_of(connection).read_bytes_max(connection, usual), read_buffer_.size());
  return rates_.throttles() && connection.account ? rates_.bytes_left(*connection.account, now_ns_, most) : most;
}

/// Who does not stop at our close is cut: its bytes cost us as much as those of others.
bool Shard::floods_after_close(Connection& connection, std::size_t bytes) {
  if (connection.state != State::closing && connection.state != State::lingering) return false;
  connection.after_close_bytes += static_cast<std::uint32_t>(bytes);
  if (connection.after_close_bytes <= after_close_bytes_max) return false;
  metrics_.add(Metric::connections_cut_flooding);
  doom(connection, codec::Ending::lost, "it went on sending after the close");
  return true;
}

void Shard::take_bytes(Connection& connection, base::MutableBytes bytes) {
  decode_by_state(connection, bytes);
  mind_unfinished(connection);
}

void Shard::decode_by_state(Connection& connection, base::MutableBytes bytes) {
  switch (connection.state) {
    case State::proxy_header:
      on_proxy_header_bytes(connection, bytes);
      return;
    case State::handshake:
    case State::open:
      role_of(connection).on_bytes(connection, bytes);
      return;
    case State::closing:
      // After a refusal or a violation nothing more is understood; else the peer's close frame is looked for.
      if (!connection.linger_after) role_of(connection).on_bytes(connection, bytes);
      return;
    case State::lingering:
    case State::doomed:
      return;  // read only to be thrown away
    case State::securing:
    case State::free:
      CHECK(false);
  }
}

// Backpressure: who does not have to be read now waits, and its own TCP window stops its peer. Why, its role knows.

/// Once it waits it goes on only when there is clearly room again. What a connection says that is being closed is told to nobody.
bool Shard::must_wait(const Connection& connection, Resume resume) const {
  if (connection.state != State::open && !is_beginning(connection)) return false;
  if (connection.authorization && connection.authorization->asked != 0) return true;  // its request waits for a verdict
  return is_over_rate(connection) || role_of(connection).must_wait(connection, resume);
}

void Shard::pause(Connection& connection) {
  CHECK(!connection.paused);
  note(TracePoint::paused, connection);
  connection.paused = true;
  if (is_over_rate(connection)) return rest(connection);
  await_room(connection, role_of(connection).why_it_waits(connection));
}

void Shard::await_room(Connection& connection, Metric why) {
  metrics_.add(why);
  if (connection.awaits_room) return;
  connection.awaits_room = true;
  auto& waiting = demand_of(connection) == topic::Demand::little ? paused_little_ : paused_much_;
  waiting.push_back(ConnectionTable::token(connection));
}

/// False when it still waits.
bool Shard::resume(Connection& connection) {
  CHECK(connection.awaits_room);
  const bool withholds = connection.withholding && !engine_.memory.below_resume(demand_of(connection));
  const bool waits = connection.paused && ((connection.has_more && read_left_ == 0) || must_wait(connection, Resume::yes));
  connection.awaits_room = withholds || waits;
  const bool still = connection.awaits_room;
  if (connection.withholding && !withholds) role_of(connection).on_room(connection);
  if (!connection.paused || waits) return !still;
  connection.paused = false;
  note(TracePoint::resumed, connection);
  connection.message_ms = now_ms_;  // what has come in part could not go on
  read(connection);                 // it may wait again by it, behind all others
  return !still;
}

/// Who still waits comes before those that have just been read. True when one of them does for room.
bool Shard::resume_from(std::vector<std::uint64_t>& waiting) {
  if (waiting.empty()) return false;
  paused_turn_.swap(waiting);
  std::size_t left = 0;
  bool wants_room = false;
  for (const std::uint64_t token : paused_turn_) {
    Connection* const connection = connections_.find(token);
    if (connection == nullptr || resume(*connection)) continue;
    paused_turn_[left++] = token;
    wants_room = wants_room || !engine_.memory.below_resume(demand_of(*connection));
  }
  paused_turn_.resize(left);
  waiting.insert(waiting.begin(), paused_turn_.begin(), paused_turn_.end());
  paused_turn_.clear();
  return wants_room;
}

void Shard::resume_paused() {
  const bool little_wants = resume_from(paused_little_);
  const bool much_wants = resume_from(paused_much_);
  if (little_wants || much_wants) engine_.ask_for_relief(now_ms_);
}

}  // namespace shard
