// Connections whose request names topics, and which only hear from then on (server-sent events): what comes behind the request is not
// looked at. Nobody answers a sign of life; the kernel tells that a peer is gone.
// Owner: a shard. Thread: that shard's.
#pragma once

#include "native/shard/roles/handshake_role.h"

namespace shard {

class EventRole final : public HandshakeRole {
 public:
  using HandshakeRole::HandshakeRole;

  bool must_wait(const conn::Connection&, Resume) const override { return false; }
  void say_goodbye(conn::Connection& connection, std::uint16_t code, std::string_view reason) override;
  bool has_unfinished(conn::Connection& connection) override;

 private:
  // HandshakeUser.
  bool answers_late() const override { return false; }
  std::vector<topic::Recovery> on_topics(conn::Connection& connection, std::vector<topic::TopicRef>&& topics, const codec::TopicsParsed& asked) override;
  void on_upgraded(conn::Connection& connection, const codec::HttpRequest& request) override;

  void on_open_bytes(conn::Connection&, base::MutableBytes) override {}
  void on_silence(conn::Connection& connection) override;
  void append_retry(conn::Connection& connection, std::uint32_t spread_ms);
};

}  // namespace shard
