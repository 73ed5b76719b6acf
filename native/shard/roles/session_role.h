// Connections whose rules are the control plane's: what it is told of them, and what it asks of them.
// Owner: a shard. Thread: that shard's.
#pragma once

#include "native/shard/roles/upgraded_role.h"

namespace shard {

class SessionRole final : public UpgradedRole, private codec::SessionSink {
 public:
  using UpgradedRole::UpgradedRole;

  void opened(conn::Connection& connection) override;
  bool must_wait(const conn::Connection& connection, Resume resume) const override;
  void on_asked(conn::Connection& connection, Message& message) override;
  bool may_join(const conn::Connection& connection) const override { return connection.session != nullptr; }
  bool on_joined(conn::Connection& connection, const topic::TopicRef& topic, topic::Join& join) override;
  std::uint16_t code_of(const conn::Connection& connection, codec::Ending ending) const override;
  void say_goodbye(conn::Connection& connection, std::uint16_t code, std::string_view reason) override;
  DrainTurn drain_turn(const conn::Connection&) const override { return DrainTurn::comers_back; }
  void tell_end(conn::Connection& connection) override;

 private:
  enum class WithinRate : std::uint8_t { yes, no };

  // HandshakeUser.
  bool answers_late() const override { return true; }
  std::vector<topic::Recovery> on_topics(conn::Connection& connection, std::vector<topic::TopicRef>&& topics, const codec::TopicsParsed& asked) override;
  void on_upgraded(conn::Connection& connection, const codec::HttpRequest& request) override;

  const Patience& patience() const override { return options().sessions; }
  codec::Decoded decode(conn::Connection& connection, base::MutableBytes bytes) override;

  // codec::SessionSink.
  codec::Flow on_session_message(std::string_view text) override;
  codec::Flow on_client_publication(const codec::ClientPublication& publication) override;
  void on_application_ping(std::string_view answer) override;
  void on_ping(base::Bytes payload) override { answer_ping(payload); }
  void on_pong(base::Bytes) override { take_pong(); }
  void on_close(std::uint16_t code, std::string_view reason) override { take_close(code, reason); }

  codec::Flow flow_of(const conn::Connection& connection) const;
  void tell_message(conn::Connection& connection, std::string_view text, WithinRate within_rate);
  void post_told(conn::Connection& connection, std::size_t bytes, Event&& event);
  void leave(conn::Connection& connection, const std::string& topic);
  bool append_private(conn::Connection& connection, base::Bytes bytes);
};

}  // namespace shard
