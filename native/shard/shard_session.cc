// The shard's part of protocols whose rules are the control plane's: what it tells of sessions, and what it is asked to do.
#include <utility>

#include "native/shard/shard.h"

namespace shard {

using conn::Connection;
using conn::State;
using metrics::Metric;

namespace {
/// Of the name of a client's event; the control plane counts characters and decides about longer ones.
constexpr std::size_t event_bytes_max = 200;
/// Answers that a client has asked for and does not read: with more of them it gets no other one. One alone may be larger, as the
/// list of a large presence channel is.
constexpr std::size_t unread_bytes_max = 1024 * 1024;
}  // namespace

// What it tells.

void Shard::open_session(Connection& connection, const codec::HttpRequest& request) {
  connection.session = std::make_unique<conn::Session>();
  Event event = connection_event(connection, EventKind::session_open);
  event.text = request.target;
  event.detail = codec::find_header(request, "Origin");
  post_event(std::move(event));
}

/// The session's last event. The connection may take until `close_ms` to end; nothing that it says meanwhile is told of.
void Shard::end_session(Connection& connection) {
  Event event = connection_event(connection, EventKind::session_end);
  event.code = connection.close_code;
  if (connection.close_reason) event.text = *connection.close_reason;
  post_event(std::move(event));
  connection.session.reset();
}

codec::Flow Shard::on_session_message(std::string_view text) {
  tell_message(*decoding_, text, WithinRate::yes);
  return flow_of(*decoding_);
}

/// One read brings thousands of small messages: its share ends a session's turn within it, and so does whatever keeps it from being read.
codec::Flow Shard::flow_of(const Connection& connection) const {
  return must_wait(connection, Resume::no) ? codec::Flow::wait : codec::Flow::go_on;
}

void Shard::tell_message(Connection& connection, std::string_view text, WithinRate within_rate) {
  if (connection.state != State::open) return;  // it came behind our close frame
  metrics_.add(Metric::session_messages);
  Event event = connection_event(connection, EventKind::session_message);
  event.text = text;
  event.over_rate = within_rate == WithinRate::no;
  post_told(connection, std::move(event));
}

/// What a client causes as it likes: it counts against its session's share.
void Shard::post_told(Connection& connection, Event&& event) {
  connection.session->tells(engine_.events.batch(), event.text.size());
  post_event(std::move(event));
}

codec::Flow Shard::on_client_publication(const codec::ClientPublication& given) {
  Connection& connection = *decoding_;
  if (connection.state != State::open) return codec::Flow::go_on;
  conn::Session& session = *connection.session;
  const conn::Grant* const grant = session.find_grant(given.channel);
  const bool fits = given.event.size() <= event_bytes_max && given.data.size() <= session.terms.publication_bytes_max;
  const bool permitted = grant != nullptr && fits;
  if (!permitted || !session.takes_publication(now_ms_)) {
    tell_message(connection, given.message, permitted ? WithinRate::no : WithinRate::yes);
    return flow_of(connection);
  }
  codec::Publication publication;
  publication.kind = codec::PayloadKind::text;
  publication.payload = base::bytes_of(given.data);
  publication.event = given.event;
  publication.user_id = grant->user_id;
  publication.excluded = connection.id;
  publish(grant->topic, publication);
  if (session.terms.report_publications) {
    Event event = connection_event(connection, EventKind::session_published);
    event.topics = {grant->topic->name()};
    event.detail = given.event;
    event.text = given.data;
    post_told(connection, std::move(event));
  }
  return flow_of(connection);
}

void Shard::on_application_ping(std::string_view answer) {
  Connection& connection = *decoding_;
  metrics_.add(Metric::pings_received);
  if (connection.state != State::open || !takes_control_frame(connection)) return;
  connection.outbound_for_writing().append_pong(base::bytes_of(codec::protocol(connection.protocol).manners.write_text(answer)));
  fan_out_.flush_private(connection);
}

/// A plain HTTP request on a port that it shares: the socket is the control plane's from here on.
void Shard::hand_over(Connection& connection, base::Bytes head) {
  kernel_.unwatch(poller_, connection.fd);
  Event event = connection_event(connection, EventKind::http_connection);
  event.fd = connection.fd;
  event.listener = connection.listener;
  event.text = base::text_of(head);
  connection.handed_over = engine_.events.post(std::move(event));
  if (!connection.handed_over) metrics_.add(Metric::events_dropped);
  metrics_.add(Metric::http_connections);
  doom(connection, codec::Ending::normal, "");
}

/// The control plane's HTTP server has come upon a request that asks for WebSocket: the connection is one of ours again, and counts as
/// such, as if it had just been accepted.
void Shard::take_back(Message& message) {
  CHECK(index_ == 0);
  metrics_.add(Metric::http_connections_returned);
  message.returned = true;
  acceptor_.deal(std::move(message));
}

void Shard::resume_returned(Connection& connection, std::string_view head) {
  if (drain_.active && !lets_in(connection)) return refuse(connection, {503, "shutting down"});
  connection.unread = std::make_unique<conn::Unread>();
  connection.unread->bytes.assign(head.begin(), head.end());
  mind_unfinished(connection);
  on_readable(connection);
}

// What it is asked.

void Shard::handle_session(Message& message) {
  Connection* const connection = connections_.find_id(message.connection);
  if (connection == nullptr || connection->state != State::open || !connection->session) return;
  switch (message.kind) {
    case MessageKind::accept_session:
      connection->session->terms = std::move(*message.terms);
      break;
    case MessageKind::send:
      if (append_private(*connection, base::bytes_of(message.text))) {
        fan_out_.flush_private(*connection);
      } else {
        doom(*connection, codec::Ending::lost, "too many answers unread");
      }
      break;
    case MessageKind::leave:
      leave(*connection, message.text);
      break;
    case MessageKind::close_session:
      begin_close_as(*connection, static_cast<std::uint16_t>(message.number), message.text);
      break;
    default:
      CHECK(false);
  }
}

void Shard::leave(Connection& connection, const std::string& topic) {
  connection.session->revoke(topic);
  fan_out_.unsubscribe(connection, topic);
}

bool Shard::on_joined(Connection& connection, const topic::TopicRef& topic, topic::Join& join) {
  connection.session->revoke(topic->name());  // who joins again has one grant
  if (join.publishes && connection.session->terms.publications_per_second_max > 0) {
    connection.session->grants.push_back({topic, std::move(join.user_id)});
  }
  if (connection.blocked) arm(connection);  // from now on it may be slow
  return append_private(connection, base::bytes_of(join.greeting));
}

/// False when the connection has too much to read already: a client that asks and does not read must not fill the memory.
bool Shard::append_private(Connection& connection, base::Bytes bytes) {
  if (bytes.empty()) return true;
  conn::Outbound& outbound = connection.outbound_for_writing();
  if (outbound.unsent().size() > unread_bytes_max) {
    metrics_.add(Metric::connections_closed_slow);
    return false;
  }
  outbound.append(bytes);
  return true;
}

}  // namespace shard
