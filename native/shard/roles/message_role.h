// Connections that publish to the topic their request named, or hear the topics it did.
// Owner: a shard. Thread: that shard's.
#pragma once

#include "native/shard/roles/upgraded_role.h"

namespace shard {

class MessageRole final : public UpgradedRole, private codec::MessageSink {
 public:
  using UpgradedRole::UpgradedRole;

  bool must_wait(const conn::Connection& connection, Resume resume) const override;
  metrics::Metric why_it_waits(const conn::Connection& connection) const override;
  bool has_unfinished(conn::Connection& connection) override;

 private:
  // HandshakeUser.
  bool answers_late() const override { return false; }
  std::vector<topic::Recovery> on_topics(conn::Connection& connection, std::vector<topic::TopicRef>&& topics, const codec::TopicsParsed& asked) override;
  void on_upgraded(conn::Connection&, const codec::HttpRequest&) override {}

  codec::Decoded decode(conn::Connection& connection, base::MutableBytes bytes) override;

  // codec::MessageSink.
  codec::Flow on_message(codec::PayloadKind kind, base::Bytes payload) override;
  void on_ignored_message() override;
  void on_ping(base::Bytes payload) override { answer_ping(payload); }
  void on_pong(base::Bytes) override { take_pong(); }
  void on_close(std::uint16_t code, std::string_view reason) override { take_close(code, reason); }
};

}  // namespace shard
