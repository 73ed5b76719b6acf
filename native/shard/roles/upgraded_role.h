// What the roles have in common whose connections begin with an HTTP upgrade and exchange messages, pings and close frames from then on.
// Owner: a shard. Thread: that shard's.
#pragma once

#include <utility>

#include "native/shard/roles/http_handshake.h"
#include "native/shard/roles/role.h"

namespace shard {

class UpgradedRole : public Role, private HandshakeUser {
 public:
  explicit UpgradedRole(RoleHost& host) : Role(host), handshake_(host, *this) {}

  void begin(conn::Connection& connection) override;
  void refuse(conn::Connection& connection, codec::Ending ending, std::string_view reason) override;
  void on_handshake_timer(conn::Connection& connection) override { handshake_.on_timer(connection); }
  void end_handshake(conn::Connection& connection) override { handshake_.end(connection); }
  std::size_t read_bytes_max(const conn::Connection& connection, std::size_t usual) const override;
  void on_bytes(conn::Connection& connection, base::MutableBytes bytes) override;
  void on_verdict(conn::Connection& connection, AuthVerdict&& verdict) override { handshake_.on_verdict(connection, std::move(verdict)); }
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
  void decode_all(conn::Connection& connection, base::MutableBytes bytes);
  void on_first_bytes(conn::Connection& connection, base::MutableBytes bytes) final { decode_all(connection, bytes); }
  void on_quiet(conn::Connection& connection) override;
  void ask_alive(conn::Connection& connection) override;
  std::uint32_t ping_beside_due_ms(const conn::Connection& connection) const;

  HttpHandshake handshake_;
  conn::Connection* decoding_ = nullptr;
};

}  // namespace shard
