// Sessions on the fake kernel, with the test as their control plane: one app, whose topics are named after its channels.
// Owner: the test. Thread: main.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "test/native/sim/engine_on_fake.h"

namespace sim {

inline const std::string app_namespace = "pusher/1/";

/// Terms under which clients may publish themselves.
inline conn::SessionTerms terms_of(std::uint32_t publications_per_second_max) { return {app_namespace, publications_per_second_max, false}; }

class SessionsOnFake : public EngineOnFake {
 public:
  using EngineOnFake::EngineOnFake;

  /// A session that is open and accepted.
  PusherClient& open(conn::SessionTerms terms = terms_of(0), std::size_t send_buffer_bytes = 64 * 1024) {
    PusherClient& client = session("/app/key?protocol=7", send_buffer_bytes);
    settle();
    engine->accept_session(id_of(client), std::move(terms));
    settle();
    return client;
  }
  /// 0 before the session has been told of.
  conn::ConnectionId id_of(const Client& client) const {
    for (const shard::Event& event : events) {
      const auto* const opened = std::get_if<shard::SessionOpened>(&event);
      if (opened != nullptr && opened->peer == client.setup.address.text()) return opened->id;
    }
    return 0;
  }
  /// What was told of a session, oldest first.
  std::vector<shard::Event> told_of(const Client& client) const {
    std::vector<shard::Event> told;
    for (const shard::Event& event : events) {
      if (sim::id_of(event) == id_of(client)) told.push_back(event);
    }
    return told;
  }
  /// How its session ended; code 0: it has not.
  shard::SessionEnded end_of(const Client& client) const {
    const std::vector<shard::Event> told = told_of(client);
    const auto* const ended = first_of<shard::SessionEnded>(told);
    return ended == nullptr ? shard::SessionEnded{} : *ended;
  }
  std::vector<std::string> messages_of(const Client& client) const {
    std::vector<std::string> texts;
    for (const shard::Event& event : told_of(client)) {
      if (const auto* const message = std::get_if<shard::SessionMessage>(&event)) texts.push_back(message->text);
    }
    return texts;
  }

  /// `greeting` is the data of an event in the same channel; empty: there is none.
  shard::JoinStatus join(const Client& client, const std::string& channel, const std::string& greeting = "") {
    return engine->join_topic(app_namespace + channel, join_of(client, channel, greeting));
  }
  /// Joins with the right to publish.
  shard::JoinStatus join_to_publish(const Client& client, const std::string& channel, const std::string& user_id = "") {
    topic::Join join = join_of(client, channel, "");
    join.publishes = true;
    join.user_id = user_id;
    return engine->join_topic(app_namespace + channel, std::move(join));
  }
  void leave(const Client& client, const std::string& channel) { engine->leave_topic(id_of(client), app_namespace + channel); }
  void send(const Client& client, const std::string& data) { engine->send_to_session(id_of(client), frame_of({"private", "", data})); }

  void publish_event(const std::string& channel, const std::string& data, const Client* excluded = nullptr) {
    codec::Publication publication{codec::PayloadKind::text, base::bytes_of(data), "event"};
    if (excluded != nullptr) publication.excluded = id_of(*excluded);
    engine->publish(app_namespace + channel, publication);
  }
  std::int64_t subscribers(const std::string& channel) const {
    for (const shard::TopicCounts& counts : engine->topic_counts(1000)) {
      if (counts.name == app_namespace + channel) return static_cast<std::int64_t>(counts.subscribers);
    }
    return 0;
  }

 private:
  topic::Join join_of(const Client& client, const std::string& channel, const std::string& greeting) const {
    topic::Join join;
    join.connection = id_of(client);
    if (!greeting.empty()) join.greeting = frame_of(PusherEvent{"greeting", channel, greeting});
    return join;
  }
};

using Texts = std::vector<std::string>;

}  // namespace sim
