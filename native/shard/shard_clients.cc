// The shard's part of seeing its connections and ending one, and of what one client may do: whose a connection is, and how it rests while
// it has said as much as it may. A connection that rests costs its deadline and nothing else: its socket is not read, and TCP tells its peer.
#include "native/base/wrapping_time.h"
#include "native/shard/shard.h"

namespace shard {

using conn::Account;
using conn::Connection;
using conn::State;
using metrics::Metric;

namespace {

void end_throttling(Account& account, std::uint32_t now_ms) {
  account.throttled = false;
  account.throttled_ms += base::age_ms(account.throttled_since_ms, now_ms);
}

}  // namespace

// Whose it is.

/// A local peer without a subject is nobody in particular, and neither is a proxy that has told of no client.
bool Shard::admit_client(Connection& connection, std::string_view subject) {
  if (!engine_.options.clients.of_clients()) return true;
  if (subject.empty() && (connection.peer.local || connection.from_proxy)) return true;
  conn::ClientKey key{std::string(subject), subject.empty() ? connection.peer.limit_key() : os::LimitKey()};
  Account& account = connection.account_for_writing();
  if (account.client && account.client->key == key) return true;
  leave_client(connection);
  account.client = engine_.clients.enter(key, now_ns_);
  if (account.client) return true;
  metrics_.add(Metric::clients_refused);
  return false;
}

void Shard::leave_client(Connection& connection) {
  if (!connection.account || !connection.account->client) return;
  engine_.clients.leave(connection.account->client, now_ns_);
  connection.account->client.reset();
}

// Whoever runs this looks, and ends one.

void Shard::search_some() {
  ConnectionsListed found;
  if (search_.run_some(now_ms_, found)) post_event(std::move(found));
}

/// In its protocol's words; one that has none yet just ends.
void Shard::remove(const Message& message) {
  Connection* const connection = connections_.find_id(message.connection);
  const bool found = connection != nullptr && (connection->state == State::open || is_beginning(*connection));
  post_event(ConnectionRemoved{message.join, found});
  if (!found) return;
  metrics_.add(Metric::connections_removed);
  constexpr std::string_view reason = "closed by the operator";
  if (connection->state != State::open) return doom(*connection, codec::Ending::removed, reason);
  connection->linger_after = true;  // it need not be done with what it says
  begin_failed_close(*connection, codec::Ending::removed, reason);
}

// Rates.

codec::Flow Shard::count_publication(Connection& connection) {
  Account& account = connection.account_for_writing();
  ++account.messages_in;
  if (!rates_.any()) return codec::Flow::go_on;
  rates_.take_publication(account, now_ns_);
  // Bytes were counted when they were read: what is in hand of them need not wait for more.
  return rates_.throttles() && rates_.is_over_publications(account, now_ns_) ? codec::Flow::wait : codec::Flow::go_on;
}

bool Shard::may_publish(const Connection& connection) const {
  return !rates_.closes() || !rates_.is_over_publications(*connection.account, now_ns_);
}

/// What was read counts, whatever it is.
void Shard::count_bytes(Connection& connection, std::size_t bytes) {
  if (!rates_.any() || connection.state != State::open) return;
  rates_.take_bytes(*connection.account, now_ns_, bytes);
  if (!rates_.closes() || !rates_.owes_bytes(*connection.account, now_ns_)) return;
  metrics_.add(Metric::clients_closed_bytes);
  role_of(connection).end_over_rate(connection, "too many bytes a second");
}

bool Shard::is_over_rate(const Connection& connection) const {
  return rates_.throttles() && connection.state == State::open && rates_.wait_ns(*connection.account, now_ns_) > 0;
}

/// Until its deadline: it is in no queue meanwhile. `paused` says that it is not read.
void Shard::rest(Connection& connection) {
  CHECK(connection.paused);
  Account& account = *connection.account;
  if (!account.throttled) {
    account.throttled = true;
    account.throttled_since_ms = now_ms_;
    const bool by_bytes = rates_.over(account, now_ns_) == OverWhat::bytes;
    metrics_.add(by_bytes ? Metric::clients_throttled_bytes : Metric::clients_throttled_publications);
  }
  constexpr std::int64_t ns_of_ms = 1'000'000;
  constexpr std::int64_t looked_at_again_ms = 60'000;  // what is owed may take longer to be paid back
  const std::int64_t wait_ms = (rates_.wait_ns(account, now_ns_) + ns_of_ms - 1) / ns_of_ms;
  account.resume_ms = now_ms_ + static_cast<std::uint32_t>(std::clamp<std::int64_t>(wait_ms, 1, looked_at_again_ms));
  arm(connection);
}

/// Its deadline may have come for something else; and others of its client may have taken what it was waiting for.
void Shard::end_rest(Connection& connection) {
  if (!connection.account || !connection.account->throttled || !base::is_due(connection.account->resume_ms, now_ms_)) return;
  if (is_over_rate(connection)) return rest(connection);
  end_throttling(*connection.account, now_ms_);
  if (role_of(connection).must_wait(connection, Resume::yes)) return await_room(connection, role_of(connection).why_it_waits(connection));
  connection.paused = false;
  note(TracePoint::resumed, connection);
  connection.message_ms = now_ms_;  // what has come in part could not go on
  read(connection);
}

/// It is being closed: the peer's answer is to be read.
void Shard::stop_resting(Connection& connection) {
  if (!connection.account || !connection.account->throttled) return;
  end_throttling(*connection.account, now_ms_);
  connection.paused = false;
  read_later(connection);
}

}  // namespace shard
