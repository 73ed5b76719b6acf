// Connections whose requests need nothing but a reply: they get it in the turn that read them, all that came together in one write. A
// client that does not read its replies is not read either.
// Owner: a shard. Thread: that shard's.
#pragma once

#include "native/shard/roles/replies.h"
#include "native/shard/roles/role.h"

namespace shard {

class RespondRole final : public Role, private codec::RequestSink {
 public:
  explicit RespondRole(RoleHost& host) : Role(host), replies_(host) {}

  os::Watch watch_for(const conn::Connection& connection) const override;
  void begin(conn::Connection& connection) override;
  bool takes_reads(conn::Connection& connection) override;
  std::size_t read_bytes_max(const conn::Connection&, std::size_t) const override { return SIZE_MAX; }
  bool must_wait(const conn::Connection&, Resume) const override { return false; }
  void on_bytes(conn::Connection& connection, base::MutableBytes bytes) override;
  void on_sent_all(conn::Connection& connection) override;
  void say_goodbye(conn::Connection& connection, std::uint16_t code, std::string_view reason) override;
  bool has_unfinished(conn::Connection& connection) override;

 private:
  // codec::RequestSink.
  codec::Flow on_request(base::Bytes request) override;

  std::uint32_t silence_ms(const conn::Connection& connection) const override;
  void on_silence(conn::Connection& connection) override;
  void append_last(const conn::Connection& connection, std::string_view topic);
  void send_replies(conn::Connection& connection);

  conn::Connection* decoding_ = nullptr;
  Replies replies_;  // to what `decoding_` asked
};

}  // namespace shard
