#include "native/shard/roles/session_role.h"

#include <string>
#include <utility>

namespace shard {

using codec::Ending;
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

std::vector<topic::Recovery> SessionRole::on_topics(Connection&, std::vector<topic::TopicRef>&&, const codec::TopicsParsed&) {
  CHECK(!"the control plane decides what a session hears");
}

/// One that comes while a drain is under way is let in only to be told what all others were told.
void SessionRole::opened(Connection& connection) {
  CHECK(connection.session == nullptr);
  if (host_.drain_phase() == DrainPhase::none && !connection.over_rate) connection.session = std::make_unique<conn::Session>();
}

void SessionRole::on_upgraded(Connection& connection, const codec::HttpRequest& request) {
  if (connection.over_rate) return host_.begin_failed_close(connection, Ending::over_rate, too_many_connections);
  if (!connection.session) return host_.begin_close(connection, Ending::going_away, "shutting down");
  const std::string_view origin = codec::find_header(request, "Origin");
  host_.post_event(SessionOpened{connection.id, connection.protocol, connection.peer.text(), std::string(request.target), std::string(origin)});
}

// What it tells.

/// The connection may take until `close_ms` to end; nothing that it says meanwhile is told of.
void SessionRole::tell_end(Connection& connection) {
  if (!connection.session) return;
  host_.post_event(SessionEnded{connection.id, connection.close_code, connection.reason()});
  connection.session.reset();
}

codec::Decoded SessionRole::decode(Connection& connection, base::MutableBytes bytes) {
  return static_cast<codec::SessionCodec&>(*connection.codec).decode(bytes, *this);
}

codec::Flow SessionRole::on_session_message(std::string_view text) {
  tell_message(decoding(), text, WithinRate::yes);
  return flow_of(decoding());
}

/// One read brings thousands of small messages: its share ends a session's turn within it, and so does whatever keeps it from being read.
codec::Flow SessionRole::flow_of(const Connection& connection) const {
  return connection.state == State::open && must_wait(connection, Resume::no) ? codec::Flow::wait : codec::Flow::go_on;
}

void SessionRole::tell_message(Connection& connection, std::string_view text, WithinRate within_rate) {
  if (connection.state != State::open) return;  // it came behind our close frame
  metrics().add(Metric::session_messages);
  post_told(connection, text.size(), SessionMessage{connection.id, std::string(text), within_rate == WithinRate::no});
}

/// What a client causes as it likes: it counts against its session's share.
void SessionRole::post_told(Connection& connection, std::size_t bytes, Event&& event) {
  CHECK(connection.session != nullptr);
  connection.session->tells(host_.engine().events.batch(), bytes);
  host_.post_event(std::move(event));
}

codec::Flow SessionRole::on_client_publication(const codec::ClientPublication& given) {
  Connection& connection = decoding();
  if (connection.state != State::open) return codec::Flow::go_on;
  CHECK(connection.session != nullptr);
  conn::Session& session = *connection.session;
  const conn::Grant* const grant = session.find_grant(given.channel);
  const bool fits = given.event.size() <= event_bytes_max && given.data.size() <= session.terms.publication_bytes_max;
  const bool permitted = grant != nullptr && fits;
  if (!permitted || !session.takes_publication(host_.now_ms())) {
    tell_message(connection, given.message, permitted ? WithinRate::no : WithinRate::yes);
    return flow_of(connection);
  }
  if (!host_.may_publish(connection)) {
    metrics().add(Metric::clients_closed_publications);
    end_over_rate(connection, too_many_publications);
    return codec::Flow::go_on;
  }
  codec::Publication publication;
  publication.kind = codec::PayloadKind::text;
  publication.payload = base::bytes_of(given.data);
  publication.event = given.event;
  publication.user_id = grant->user_id;
  publication.excluded = connection.id;
  const codec::Flow flow = host_.publish(connection, grant->topic, publication).flow;
  if (session.terms.report_publications) {
    post_told(connection, given.data.size(),
              SessionPublished{connection.id, grant->topic->name(), std::string(given.event), std::string(given.data)});
  }
  return flow == codec::Flow::wait ? flow : flow_of(connection);
}

void SessionRole::on_application_ping(std::string_view answer) {
  Connection& connection = decoding();
  metrics().add(Metric::pings_received);
  if (connection.state != State::open || !takes_control_frame(connection)) return;
  connection.outbound_for_writing().append_latest(base::bytes_of(manners(connection).write_text(answer)));
  fan_out().flush_private(connection);
}

/// A session is not read while the logs are full, nor while the control plane has enough to do, from everybody or from this one. A session's
/// handshake waits likewise, as sessions that come and go, and HTTP requests, are news too.
bool SessionRole::must_wait(const Connection& connection, Resume resume) const {
  const EventSink& events = host_.engine().events;
  if (events.congested()) return true;
  if (connection.session && connection.session->over_share(events.batch())) return true;
  return !is_beginning(connection) && waits_for_room(connection, resume);
}

// What it is asked.

void SessionRole::on_asked(Connection& connection, Message& message) {
  CHECK(connection.state == State::open);
  if (!connection.session) return;
  switch (message.kind) {
    case MessageKind::accept_session:
      CHECK(message.terms != nullptr);
      connection.session->terms = std::move(*message.terms);
      break;
    case MessageKind::send:
      if (append_private(connection, base::bytes_of(message.text))) {
        fan_out().flush_private(connection);
      } else {
        host_.doom(connection, Ending::lost, "too many answers unread");
      }
      break;
    case MessageKind::leave:
      leave(connection, message.text);
      break;
    case MessageKind::close_session:
      host_.begin_close_as(connection, static_cast<std::uint16_t>(message.number), message.text);
      break;
    default:
      CHECK(!"a message for a session that it does not know");
  }
}

void SessionRole::leave(Connection& connection, const std::string& topic) {
  connection.session->revoke(topic);
  fan_out().audience().unsubscribe(connection, topic);
}

bool SessionRole::on_joined(Connection& connection, const topic::TopicRef& topic, topic::Join& join) {
  CHECK(connection.session != nullptr);
  connection.session->revoke(topic->name());  // who joins again has one grant
  if (join.publishes && connection.session->terms.publications_per_second_max > 0) {
    connection.session->grants.push_back({topic, std::move(join.user_id)});
  }
  if (connection.blocked) host_.arm(connection);  // from now on it may be slow
  return append_private(connection, base::bytes_of(join.greeting));
}

/// False when the connection has too much to read already: a client that asks and does not read must not fill the memory.
bool SessionRole::append_private(Connection& connection, base::Bytes bytes) {
  if (bytes.empty()) return true;
  conn::Outbound& outbound = connection.outbound_for_writing();
  if (outbound.unsent().size() > unread_bytes_max) {
    metrics().add(Metric::connections_closed_slow);
    return false;
  }
  outbound.append(bytes);
  return true;
}

// It ends.

/// What a drain closes them with is configured: their clients come back at once, or after a while.
std::uint16_t SessionRole::code_of(const Connection& connection, Ending ending) const {
  return ending == Ending::going_away ? options().session_drain_code : Role::code_of(connection, ending);
}

/// Its rules are over here and now: whoever shares a channel with it is not to wait until it has answered our close frame.
void SessionRole::say_goodbye(Connection& connection, std::uint16_t code, std::string_view reason) {
  tell_end(connection);
  UpgradedRole::say_goodbye(connection, code, reason);
}

}  // namespace shard
