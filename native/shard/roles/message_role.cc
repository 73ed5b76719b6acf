#include "native/shard/roles/message_role.h"

#include <utility>

#include "native/shard/roles/auth_door.h"

namespace shard {

using conn::Connection;
using conn::State;
using metrics::Metric;

std::vector<topic::Recovery> MessageRole::on_topics(Connection& connection, std::vector<topic::TopicRef>&& topics, const codec::TopicsParsed& asked) {
  if (connection.role != codec::Role::subscribe) {
    CHECK(topics.size() == 1);
    connection.publishes_to = std::move(topics.front());
    return {};
  }
  if (asked.envelope) connection.encoding = codec::EncodingId::envelope;
  return subscribe(connection, topics, asked);
}

codec::Decoded MessageRole::decode(Connection& connection, base::MutableBytes bytes) {
  return static_cast<codec::MessageCodec&>(*connection.codec).decode(bytes, *this);
}

codec::Flow MessageRole::on_message(codec::PayloadKind kind, base::Bytes payload) {
  Connection& connection = decoding();
  if (connection.state != State::open) return codec::Flow::go_on;  // it came behind our close frame
  CHECK(connection.publishes_to != nullptr);
  codec::Publication publication;
  publication.kind = kind;
  publication.payload = payload;
  if (!host_.may_publish(connection)) {
    metrics().add(Metric::clients_closed_publications);
    end_over_rate(connection, too_many_publications);
    return codec::Flow::go_on;
  }
  return host_.publish(connection, connection.publishes_to, publication).flow;
}

/// A publisher that took the wrong port would wait for ever for an error: whoever runs this is told once a connection.
void MessageRole::on_ignored_message() {
  metrics().add(Metric::messages_ignored);
  Connection& connection = decoding();
  if (connection.told_ignored || connection.subscriptions.size() == 0) return;
  connection.told_ignored = true;
  const std::string& topic = connection.subscriptions[0].slice->topic->name();
  host_.warn("message-ignored", "a message for " + topic + " came to a subscribe port and was ignored; publishers connect to the publish port");
}

// A publisher is not read while the logs are full, and one that says much while only their last eighth is free.
//
// So who says little, to a topic of which no subscriber is refused, waits for room only while what others like it say is being
// delivered, or their subscribers, just found to be refused, are judged (slow_watch_relief.cc).

bool MessageRole::must_wait(const Connection& connection, Resume resume) const {
  // While too many questions wait for the control plane, no other one is asked.
  if (is_beginning(connection)) return asks(host_, connection) && host_.engine().events.congested();
  if (!connection.publishes_to) return false;
  return is_ahead(connection) || waits_for_room(connection, resume);
}

Metric MessageRole::why_it_waits(const Connection& connection) const {
  return is_ahead(connection) ? Metric::publishers_held_back : Metric::publishers_paused;
}

bool MessageRole::has_unfinished(Connection& connection) {
  return connection.publishes_to ? Role::has_unfinished(connection) : fan_out().slow_watch().is_behind(connection);
}

}  // namespace shard
