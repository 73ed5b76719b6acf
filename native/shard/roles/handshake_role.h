// What the roles have in common whose connections begin with an HTTP/1.1 request.
// Owner: a shard. Thread: that shard's.
#pragma once

#include <utility>

#include "native/shard/roles/http_handshake.h"
#include "native/shard/roles/role.h"

namespace shard {

class HandshakeRole : public Role, protected HandshakeUser {
 public:
  explicit HandshakeRole(RoleHost& host) : Role(host), handshake_(host, *this) {}

  void begin(conn::Connection& connection) override;
  void refuse(conn::Connection& connection, codec::Ending ending, std::string_view reason) override;
  void on_handshake_timer(conn::Connection& connection) override { handshake_.on_timer(connection); }
  void end_handshake(conn::Connection& connection) override { handshake_.end(connection); }
  std::size_t read_bytes_max(const conn::Connection& connection, std::size_t usual) const override;
  void on_verdict(conn::Connection& connection, AuthVerdict&& verdict) override { handshake_.on_verdict(connection, std::move(verdict)); }
  /// In its handshake; else they are for `on_open_bytes`.
  void on_bytes(conn::Connection& connection, base::MutableBytes bytes) final;

 protected:
  virtual void on_open_bytes(conn::Connection& connection, base::MutableBytes bytes) = 0;

 private:
  void on_first_bytes(conn::Connection& connection, base::MutableBytes bytes) final { on_open_bytes(connection, bytes); }

  HttpHandshake handshake_;
};

}  // namespace shard
