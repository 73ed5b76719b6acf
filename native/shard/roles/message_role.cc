#include "native/shard/roles/message_role.h"

#include <utility>

namespace shard {

using conn::Connection;
using conn::State;
using metrics::Metric;

namespace {

/// It says more than its topic's subscribers get. Whoever says little is read all the same, to whatever topic.
bool is_ahead(const Connection& connection) { return connection.publishes_to && connection.has_more && connection.publishes_to->is_behind(); }

}  // namespace

void MessageRole::on_topics(Connection& connection, std::vector<topic::TopicRef>&& topics) {
  const bool subscribes = connection.role == codec::Role::subscribe;
  CHECK(subscribes || topics.size() == 1);
  for (topic::TopicRef& topic : topics) {
    if (subscribes) fan_out().audience().subscribe(connection, topic, connection.encoding);
    else connection.publishes_to = std::move(topic);
  }
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
  return host_.publish(connection, connection.publishes_to, publication);
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
  if (is_beginning(connection) || !connection.publishes_to) return false;
  return is_ahead(connection) || waits_for_room(connection, resume);
}

Metric MessageRole::why_it_waits(const Connection& connection) const {
  return is_ahead(connection) ? Metric::publishers_held_back : Metric::publishers_paused;
}

bool MessageRole::has_unfinished(Connection& connection) {
  return connection.publishes_to ? Role::has_unfinished(connection) : fan_out().slow_watch().is_behind(connection);
}

}  // namespace shard
