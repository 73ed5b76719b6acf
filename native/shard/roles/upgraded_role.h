// What the roles have in common whose connections begin with an HTTP upgrade and exchange messages, pings and close frames from then on.
// Owner: a shard. Thread: that shard's.
#pragma once

#include "native/shard/roles/handshake_role.h"

namespace shard {

class UpgradedRole : public HandshakeRole {
 public:
  using HandshakeRole::HandshakeRole;

  std::uint32_t due_ms(conn::Connection& connection) const override;
  void say_goodbye(conn::Connection& connection, std::uint16_t code, std::string_view reason) override;

 protected:
  virtual codec::Decoded decode(conn::Connection& connection, base::MutableBytes bytes) = 0;
  /// Of a `decode` that is running.
  conn::Connection& decoding() const { return *decoding_; }

  // What a codec::ControlSink is told.
  void answer_ping(base::Bytes payload);
  void take_pong();
  void take_close(std::uint16_t code, std::string_view reason);
  /// Counts a control frame against its bound a second; over it the connection is closed.
  bool takes_control_frame(conn::Connection& connection);

 private:
  void on_open_bytes(conn::Connection& connection, base::MutableBytes bytes) final;
  void on_quiet(conn::Connection& connection) override;
  void ask_alive(conn::Connection& connection) override;
  std::uint32_t ping_beside_due_ms(const conn::Connection& connection) const;

  conn::Connection* decoding_ = nullptr;
};

}  // namespace shard
