#include "native/shard/shard.h"

#include <algorithm>
#include <utility>

#include "native/base/wrapping_time.h"

namespace shard {

using conn::Connection;
using conn::ConnectionTable;
using conn::State;
using metrics::Metric;

namespace {
constexpr std::uint64_t wake_token = UINT64_MAX;
/// Listener tokens: above every slot of generation 0, far from the generations in use.
constexpr std::uint64_t listener_token_first = UINT64_MAX - 1024;
constexpr std::size_t events_per_wait = 512;
/// When more was ready than one wait reports, ask again before writing: a burst of publishers is fanned out together.
constexpr int waits_per_turn = 4;
/// Of events or messages: a turn with as many is noted.
constexpr std::size_t busy_turn_min = 128;
/// What a responder is asked in one go. Of all others one turn takes less (read_quantum_bytes).
constexpr std::size_t read_bytes = 256 * 1024;
static_assert(read_bytes >= read_quantum_bytes);
/// Room for so many messages is kept from turn to turn: 100,000 topics with a new head need 11 MB, but seldom.
constexpr std::size_t messages_kept = 4096;
/// How often a paused publisher is looked at, and a drain goes on.
constexpr int poll_ms = 5;

int earlier(int a, int b) { return a < 0 ? b : b < 0 ? a : std::min(a, b); }
}  // namespace

Shard::Shard(unsigned index, EngineContext& engine)
    : RoleHost(engine, metrics_, transports_, fan_out_, publishing_, now_ms_),
      index_(index),
      engine_(engine),
      kernel_(engine.kernel),
      recorder_(index),
      transports_({engine.kernel, metrics_, engine.options.tls.get()}),
      fan_out_(index, engine.kernel, transports_, engine.memory, connections_, metrics_, engine.options.slow_rules, *this),
      publishing_(engine, metrics_, index, &fan_out_),
      roles_(*this),
      acceptor_(engine, metrics_, recorder_),
      rates_(engine.options.clients),
      search_(connections_, engine.kernel),
      ready_(events_per_wait),
      read_buffer_(read_bytes) {
  CHECK(index < topic::shards_max);
  poller_ = kernel_.open_poller();
  wake_ = kernel_.open_wake();
  if (usable() && !kernel_.watch(poller_, wake_, wake_token, os::Watch::level_in)) kernel_.close(std::exchange(wake_, -1));
  update_clock();
}

Shard::~Shard() {
  close_everything();
  if (wake_ >= 0) kernel_.close(wake_);
  if (poller_ >= 0) kernel_.close(poller_);
}

bool Shard::listen(std::vector<Listener> listeners) { return acceptor_.start(poller_, std::move(listeners), listener_token_first); }

void Shard::run() {
  while (turn(-1)) {
  }
  close_everything();
}

bool Shard::turn(int timeout_ms) {
  CHECK(usable() && doomed_.empty() && read_turn_.empty());
  metrics_.add(Metric::turns);
  std::size_t count = wait(timeout_ms);
  update_clock();
  read_turn_.swap(read_queue_);  // what is queued from here on waits for the next turn
  read_left_ = read_bytes_per_turn;
  resume_paused();  // before anybody new: who has waited goes first
  const std::size_t messages = take_messages();
  if (std::max(count, messages) >= busy_turn_min) recorder_.note(TracePoint::busy_turn, 0, count, messages);
  for (int round = 1;; ++round) {
    for (std::size_t i = 0; i < count; ++i) dispatch(ready_[i]);
    if (count < ready_.size() || round == waits_per_turn) break;
    count = kernel_.wait(poller_, ready_, 0);
  }
  read_again();
  // Behind the dispatch: whoever the kernel takes bytes from again is not slow.
  if (std::exchange(relieving_, false)) {
    recorder_.note(TracePoint::relief_begun, 0, engine_.memory.bytes_now());
    fan_out_.slow_watch().begin_relief();
  }
  fan_out_.slow_watch().relieve_some();
  acceptor_.tick(now_ms_);
  go_on_draining();
  fan_out_.run();
  if (search_.has_work()) search_some();
  timers_.advance(now_ms_, [this](std::uint32_t slot) { on_timer(connections_.at(slot)); });
  reap();
  return !stopping_;
}

/// How long there is nothing to do by itself; -1: for ever.
int Shard::idle_ms(int timeout_ms) const {
  if (fan_out_.has_work() || !read_queue_.empty() || search_.has_work()) return 0;
  timeout_ms = earlier(timeout_ms, timers_.next_ms(now_ms_));
  timeout_ms = earlier(timeout_ms, acceptor_.next_ms(now_ms_));
  if (!paused_little_.empty() || !paused_much_.empty() || (drain_.active && !drain_.reported)) timeout_ms = earlier(timeout_ms, poll_ms);
  return timeout_ms;
}

/// Waits for events. Before it sleeps it may ask again for a while: a wake-up costs more than most waits between a reply and the
/// next request are long (ADR 0011).
std::size_t Shard::wait(int timeout_ms) {
  timeout_ms = idle_ms(timeout_ms);
  const std::int64_t spin_ns = std::int64_t{engine_.options.latency.spin_us} * 1000;
  if (timeout_ms != 0 && spin_ns > 0) {
    const std::int64_t until_ns = kernel_.now_ns() + spin_ns;
    do {
      const std::size_t count = kernel_.wait(poller_, ready_, 0);
      if (count > 0 || inbox_.has_messages()) {
        metrics_.add(Metric::spins_hit);
        return count;
      }
    } while (kernel_.now_ns() < until_ns);
    metrics_.add(Metric::spins_missed);
  }
  if (timeout_ms != 0 && !inbox_.prepare_sleep()) timeout_ms = 0;
  return kernel_.wait(poller_, ready_, timeout_ms);
}

void Shard::update_clock() {
  const std::int64_t now_ns = kernel_.now_ns();
  now_ns_ = now_ns;
  now_ms_ = base::moment_of_ns(now_ns);
  recorder_.set_now(now_ns);
  fan_out_.set_now(now_ms_);
}

void Shard::post(Message&& message) {
  if (inbox_.post(std::move(message))) kernel_.signal_wake(wake_);
}

std::uint32_t Shard::silent_ms() {
  const std::int64_t now_ms = kernel_.now_ns() / 1'000'000;
  std::int64_t asked_ms = 0;
  if (!asked_ms_.compare_exchange_strong(asked_ms, now_ms, std::memory_order_relaxed)) return static_cast<std::uint32_t>(now_ms - asked_ms);
  Message message;
  message.kind = MessageKind::wake;
  post(std::move(message));
  return 0;
}

/// Returns how many there were.
std::size_t Shard::take_messages() {
  inbox_.drain(messages_);
  const std::size_t count = messages_.size();
  for (Message& message : messages_) handle(message);
  messages_.clear();
  if (messages_.capacity() > messages_kept) std::vector<Message>().swap(messages_);
  return count;
}

void Shard::handle(Message& message) {
  switch (message.kind) {
    case MessageKind::log_ready:
      fan_out_.log_ready(message.topic, message.encoding);
      break;
    case MessageKind::adopt:
      adopt(message);
      break;
    case MessageKind::take_back:
      take_back(message);
      break;
    case MessageKind::join:
      fan_out_.audience().bring_in_joins(message.topic, message.encoding, message.join);
      break;
    case MessageKind::unlisten:
      fan_out_.audience().unlisten(message.topic, message.encoding, message.join);
      break;
    case MessageKind::leave:
    case MessageKind::accept_session:
    case MessageKind::close_session:
    case MessageKind::send:
      ask(message);
      break;
    case MessageKind::verdict:
      take_verdict(message);
      break;
    case MessageKind::revoke:
      revoke(message);
      break;
    case MessageKind::shift_ends:
      shift_ends(message);
      break;
    case MessageKind::find:
      search_.ask(message.join, std::move(message.query));
      break;
    case MessageKind::remove:
      remove(message);
      break;
    case MessageKind::wake:
      asked_ms_.store(0, std::memory_order_relaxed);
      break;
    case MessageKind::relieve:
      relieving_ = true;
      break;
    case MessageKind::drain:
      begin_drain(message.number);
      break;
    case MessageKind::stop:
      stopping_ = true;
      break;
  }
}

/// What the control plane asks of a connection, unless that has ended meanwhile.
void Shard::ask(Message& message) {
  Connection* const connection = connections_.find_id(message.connection);
  if (connection != nullptr && connection->state == State::open) role_of(*connection).on_asked(*connection, message);
}

void Shard::dispatch(const os::Ready& ready) {
  if (ready.token == wake_token) {
    kernel_.clear_wake(wake_);
    return;
  }
  if (acceptor_.owns(ready.token)) {
    acceptor_.on_ready(ready.token, now_ms_);
    return;
  }
  if ((ready.token & beside_bit) != 0) return dispatch_beside(ready);
  Connection* const connection = connections_.find(ready.token);
  if (connection == nullptr || connection->state == State::doomed) return;
  if (ready.writable && connection->blocked) note(TracePoint::writable, *connection);
  if (ready.writable) fan_out_.on_writable(*connection);
  if (ready.hang_up) connection->ended = true;
  // Who has more to say than a turn takes is read behind all others (read_again), and once.
  if (ready.readable && !connection->in_read_queue) read(*connection);
}

void Shard::adopt(const Message& message) {
  CHECK(message.fd >= 0 && message.listener < engine_.options.listeners.size());
  Connection& connection = connections_.add();
  connection.fd = message.fd;
  connection.id = conn::make_id(index_, connection.slot, connection.generation);
  connection.listener = message.listener;
  speak(connection, listener_of(connection).protocol);
  connection.over_limit = message.over_limit;
  connection.over_rate = message.over_rate;
  connection.returned = message.returned;
  connection.counted = message.counted;
  connection.from_proxy = message.from_proxy;
  connection.proxied = message.from_proxy;
  connection.peer = message.address;
  connection.heard_ms = now_ms_;
  connection.since_ms = now_ms_;
  connection.accepted_s = static_cast<std::uint32_t>(kernel_.unix_seconds());
  metrics_.add(Metric::connections_now);
  note(TracePoint::accepted, connection, connection.listener);
  const bool announced = connection.from_proxy && !connection.returned && listener_of(connection).proxy_protocol;
  connection.state = announced ? State::proxy_header : State::handshake;
  const bool begun = announced || begin_transport(connection, message.returned);
  arm(connection);
  Role& role = role_of(connection);
  const bool watched = kernel_.watch(poller_, message.fd, ConnectionTable::token(connection), role.watch_for(connection));
  if (!begun || !watched || (drain_.active && !message.returned && !lets_in(connection))) return doom(connection, codec::Ending::lost, "not served");
  if (message.returned) return resume_returned(connection, message.text);
  const bool begins = connection.state == State::handshake;
  if (begins) role.begin(connection);
  read(connection);  // the request is usually there already: a turn earlier than the poller would say so
  if (begins) role.on_first_read(connection);
}

/// The control plane's HTTP server has come upon a request that asks for WebSocket: the connection is one of ours again, and counts as
/// such, as if it had just been accepted.
void Shard::take_back(Message& message) {
  CHECK(index_ == 0 && message.fd >= 0);  // only the first shard has an acceptor that listens
  metrics_.add(Metric::http_connections_returned);
  message.returned = true;
  acceptor_.deal(std::move(message));
}

void Shard::resume_returned(Connection& connection, std::string_view head) {
  CHECK(connection.returned && connection.state == State::handshake && !connection.unread);
  if (drain_.active && !lets_in(connection)) return role_of(connection).refuse(connection, codec::Ending::going_away, "shutting down");
  connection.unread = std::make_unique<conn::Unread>();
  connection.unread->bytes.assign(head.begin(), head.end());
  mind_unfinished(connection);
  read(connection);
}

/// Its beginning is behind it, whatever that was for its role.
void Shard::open(Connection& connection, const std::vector<std::string>& topics) {
  CHECK(is_beginning(connection) && connection.codec == nullptr);
  connection.codec = codec::protocol(connection.protocol).make_codec(engine_.options.codecs);
  connection.state = State::open;
  if (rates_.any()) connection.account_for_writing();
  note(TracePoint::opened, connection, static_cast<std::uint64_t>(connection.protocol));
  role_of(connection).opened(connection);
  if (!connection.over_limit && !connection.over_rate && engine_.connection_events.load(std::memory_order_relaxed)) {
    post_event(Connected{connection.id, connection.protocol, connection.peer.text(), topics});
  }
  arm(connection);
}

void Shard::read_later(Connection& connection) {
  CHECK(connection.state != State::free);
  if (connection.in_read_queue) return;
  connection.in_read_queue = true;
  read_queue_.push_back(ConnectionTable::token(connection));
}

/// Those that the turn's bytes do not suffice for come first in the next one.
void Shard::read_again() {
  std::size_t reached = 0;
  for (; reached < read_turn_.size() && read_left_ > 0; ++reached) {
    Connection* const connection = connections_.find(read_turn_[reached]);
    if (connection == nullptr) continue;
    CHECK(connection->in_read_queue);
    connection->in_read_queue = false;
    read(*connection);
  }
  read_queue_.insert(read_queue_.begin(), read_turn_.begin() + static_cast<std::ptrdiff_t>(reached), read_turn_.end());
  read_turn_.clear();
}

void Shard::reap() {
  for (const std::uint64_t token : doomed_) {
    Connection* const connection = connections_.find(token);
    CHECK(connection != nullptr && connection->state == State::doomed);
    tell_disconnected(*connection);
    role_of(*connection).tell_end(*connection);
    role_of(*connection).give_back(*connection);
    settle_received(*connection, 0);
    timers_.cancel(connection->slot);
    if (!connection->handed_over) close_socket(*connection);
    metrics_.add(Metric::connections_closed);
    metrics_.add(Metric::connections_now, -1);
    const std::size_t open = engine_.connections.fetch_sub(1, std::memory_order_relaxed);
    const std::size_t dealt = load_.fetch_sub(1, std::memory_order_relaxed);
    CHECK(open > 0 && dealt > 0);
    if (connection->counted) engine_.addresses.release(connection->peer, now_ns_);
    leave_client(*connection);
    connections_.remove(*connection);
  }
  doomed_.clear();
}

/// Bytes that the kernel still holds for a peer that does not read would stay for minutes: they are dropped.
void Shard::close_socket(const Connection& connection) {
  if (connection.blocked) {
    transports_.abort(connection.transport, connection.fd);
  } else {
    transports_.close(connection.transport, connection.fd);
  }
}

void Shard::close_everything() {
  acceptor_.stop();
  for (std::uint32_t slot = 0; slot < connections_.slots(); ++slot) {
    Connection& connection = connections_.at(slot);
    if (connection.state == State::free) continue;
    connection.state = State::doomed;
    fan_out_.audience().unsubscribe_all(connection);
    role_of(connection).give_back(connection);
    settle_received(connection, 0);
    leave_client(connection);
    close_socket(connection);
    timers_.cancel(slot);
    connections_.remove(connection);
  }
  doomed_.clear();
  take_messages_at_end();
}

/// Sockets that were on their way here when we stopped.
void Shard::take_messages_at_end() {
  inbox_.drain(messages_);
  for (const Message& message : messages_) {
    if (message.fd >= 0) kernel_.close(message.fd);
  }
  messages_.clear();
}

void Shard::post_event(Event&& event) {
  if (!engine_.events.post(std::move(event))) metrics_.add(Metric::events_dropped);
}

void Shard::warn(const char* name, std::string message) {
  if (!engine_.warn(name, std::move(message))) metrics_.add(Metric::events_dropped);
}

void Shard::unwatch(const Connection& connection) { kernel_.unwatch(poller_, connection.fd); }
void Shard::watch_writable(const Connection& connection) {
  kernel_.watch_as(poller_, connection.fd, ConnectionTable::token(connection), os::Watch::edge_in_out);
}

void Shard::on_heard(std::uint64_t ear) { post_event(Heard{ear}); }

}  // namespace shard
