#include "native/shard/connection_search.h"

#include <algorithm>
#include <utility>

#include "native/base/wrapping_time.h"
#include "native/conn/topic_slice.h"

namespace shard {

using conn::Connection;
using conn::State;
using conn::Subscriber;
using conn::TopicSlice;

namespace {

/// What a system call counts for beside the look at a slot.
constexpr std::uint32_t steps_of_call = 16;
constexpr std::uint32_t steps_of_row = 32;

std::size_t looked_at(const Connection& connection) { return std::min(connection.subscriptions.size(), ConnectionSearch::subscriptions_looked_at); }

const Subscriber& subscriber_of(const conn::Subscription& subscription) { return subscription.slice->subscribers[subscription.index]; }

std::uint64_t pending_bytes_of(Connection& connection) {
  std::uint64_t bytes = connection.outbound ? connection.outbound->pinned().size() + connection.outbound->unsent().size() : 0;
  for (std::size_t i = 0; i < looked_at(connection); ++i) {
    const conn::Subscription& subscription = connection.subscriptions[i];
    bytes += subscription.slice->window.head_position() - std::min(subscription.slice->window.head_position(), subscriber_of(subscription).cursor);
  }
  return bytes;
}

/// Of a connection with streams it is counted as they are written; of others the cursors say it.
std::uint64_t messages_out_of(Connection& connection) {
  if (connection.streams) return connection.streams->delivered;
  std::uint64_t messages = connection.account ? connection.account->messages_out : 0;
  for (std::size_t i = 0; i < looked_at(connection); ++i) messages += connection.subscriptions[i].slice->delivered_to(connection.subscriptions[i].index);
  return messages;
}

std::uint64_t throttled_ms_of(const Connection& connection, std::uint32_t now_ms) {
  if (!connection.account) return 0;
  const conn::Account& account = *connection.account;
  return account.throttled_ms + (account.throttled ? base::age_ms(account.throttled_since_ms, now_ms) : 0);
}

std::string_view subject_of(const Connection& connection) {
  if (connection.authorization && connection.authorization->access) return connection.authorization->access->subject;
  return connection.account && connection.account->client ? std::string_view(connection.account->client->key.subject) : std::string_view();
}

bool has_topic(Connection& connection, std::string_view prefix) {
  if (connection.publishes_to && connection.publishes_to->name().starts_with(prefix)) return true;
  for (std::size_t i = 0; i < looked_at(connection); ++i) {
    if (connection.subscriptions[i].slice->topic->name().starts_with(prefix)) return true;
  }
  return false;
}

bool needs_call(ConnectionOrder order) { return order == ConnectionOrder::bytes_in || order == ConnectionOrder::bytes_out; }

bool is_ahead(const ConnectionPlace& a, const ConnectionPlace& b) { return a.is_before(b); }

}  // namespace

void ConnectionSearch::ask(std::uint64_t number, std::shared_ptr<const ConnectionQuery> query) {
  Question question;
  question.number = number;
  question.query = std::move(query);
  waiting_.push_back(std::move(question));
}

bool ConnectionSearch::run_some(std::uint32_t now_ms, ConnectionsListed& found) {
  if (waiting_.empty()) return false;
  Question& question = waiting_.front();
  steps_left_ = steps_per_turn;
  if (question.next_slot < connections_.slots()) look_at_slots(question, now_ms);
  if (question.next_slot < connections_.slots()) return false;
  if (!std::exchange(question.sorted, true)) std::sort_heap(question.best.begin(), question.best.end(), is_ahead);
  tell_rows(question, now_ms);
  if (question.next_row < question.best.size()) return false;
  found = {question.number, question.matches, std::move(question.rows)};
  waiting_.pop_front();
  return true;
}

void ConnectionSearch::look_at_slots(Question& question, std::uint32_t now_ms) {
  for (std::uint32_t left = slots_per_turn; left > 0 && steps_left_ > 0 && question.next_slot < connections_.slots(); --left) {
    Connection& connection = connections_.at(question.next_slot++);
    if (connection.state != State::free && connection.state != State::doomed) consider(question, connection, now_ms);
  }
}

void ConnectionSearch::consider(Question& question, Connection& connection, std::uint32_t now_ms) {
  const ConnectionQuery& query = *question.query;
  const std::size_t steps = 1 + looked_at(connection) + (needs_call(query.order) ? steps_of_call : 0);
  steps_left_ -= std::min<std::uint32_t>(steps_left_, static_cast<std::uint32_t>(steps));
  if (!matches(query, connection)) return;
  ++question.matches;
  const ConnectionPlace place{value_of(query.order, connection, now_ms), connection.id};
  if (query.after && !query.after->is_before(place)) return;
  question.best.push_back(place);
  std::push_heap(question.best.begin(), question.best.end(), is_ahead);
  if (question.best.size() <= query.limit) return;
  std::pop_heap(question.best.begin(), question.best.end(), is_ahead);
  question.best.pop_back();
}

void ConnectionSearch::tell_rows(Question& question, std::uint32_t now_ms) {
  for (; steps_left_ > 0 && question.next_row < question.best.size(); ++question.next_row) {
    const ConnectionPlace& place = question.best[question.next_row];
    Connection* const connection = connections_.find_id(place.id);
    if (connection == nullptr || connection->state == State::doomed) continue;  // it has ended meanwhile
    const std::size_t steps = steps_of_row + looked_at(*connection);
    steps_left_ -= std::min<std::uint32_t>(steps_left_, static_cast<std::uint32_t>(steps));
    question.rows.push_back(row_of(*connection, place, now_ms));
  }
}

bool ConnectionSearch::matches(const ConnectionQuery& query, Connection& connection) const {
  if (query.protocol && *query.protocol != connection.protocol) return false;
  if (query.listener && *query.listener != connection.listener) return false;
  if (!query.subject.empty() && query.subject != subject_of(connection)) return false;
  if (!query.peer.empty() && !connection.peer.text().starts_with(query.peer)) return false;
  return query.topic.empty() || has_topic(connection, query.topic);
}

std::uint64_t ConnectionSearch::value_of(ConnectionOrder order, Connection& connection, std::uint32_t now_ms) const {
  switch (order) {
    case ConnectionOrder::id: return 0;
    case ConnectionOrder::age: return UINT32_MAX - connection.accepted_s;
    case ConnectionOrder::messages_in: return connection.account ? connection.account->messages_in : 0;
    case ConnectionOrder::messages_out: return messages_out_of(connection);
    case ConnectionOrder::bytes_in: return kernel_.socket_counts(connection.fd).received;
    case ConnectionOrder::bytes_out: return kernel_.socket_counts(connection.fd).acknowledged;
    case ConnectionOrder::pending_bytes: return pending_bytes_of(connection);
    case ConnectionOrder::throttled_ms: return throttled_ms_of(connection, now_ms);
  }
  CHECK(!"an order that it does not know");
  return 0;
}

ConnectionRow ConnectionSearch::row_of(Connection& connection, const ConnectionPlace& place, std::uint32_t now_ms) const {
  ConnectionRow row;
  row.place = place;
  row.protocol = connection.protocol;
  row.listener = connection.listener;
  row.accepted_s = connection.accepted_s;
  row.is_open = connection.state == State::open;
  row.is_closing = connection.state == State::closing || connection.state == State::lingering;
  row.throttled = connection.account && connection.account->throttled;
  row.peer = connection.peer.text();
  row.subject = subject_of(connection);
  row.subscriptions = connection.subscriptions.size();
  for (std::size_t i = 0; i < std::min(topics_told, looked_at(connection)); ++i) row.topics.push_back(connection.subscriptions[i].slice->topic->name());
  if (connection.publishes_to) row.publishes_to = connection.publishes_to->name();
  row.messages_in = connection.account ? connection.account->messages_in : 0;
  row.messages_out = messages_out_of(connection);
  const os::SocketCounts counts = kernel_.socket_counts(connection.fd);
  if (counts.known) {
    row.bytes_in = counts.received;
    row.bytes_out = counts.acknowledged;
  }
  row.pending_bytes = pending_bytes_of(connection) + counts.unsent;
  row.throttled_ms = throttled_ms_of(connection, now_ms);
  return row;
}

}  // namespace shard
