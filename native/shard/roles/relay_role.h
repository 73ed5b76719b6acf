// A connection whose bytes are the control plane's HTTP server's affair, behind a transport that is the engine's: what its client says goes on
// to a local socket, what comes from there leaves to the client. Both ways what waits has a bound: while the server does not take what
// was read (at most one read, 64 KiB) the client is not read, and while the client does not take what the server said (64 KiB) the server is not.
// Of a listener of the protocol `http` every connection is handed over at once.
// Owner: a shard. Thread: that shard.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "native/shard/roles/role.h"

namespace shard {

class RelayRole final : public Role {
 public:
  using Role::Role;

  void begin(conn::Connection& connection) override;
  void on_handed_over(conn::Connection& connection, int fd) override;
  bool takes_reads(conn::Connection& connection) override;
  bool must_wait(const conn::Connection&, Resume) const override { return false; }
  void on_bytes(conn::Connection& connection, base::MutableBytes bytes) override;
  bool outlives_end(conn::Connection& connection) override;
  void on_beside_ready(conn::Connection& connection, const os::Ready& ready) override;
  void on_sent_all(conn::Connection& connection) override;
  void say_goodbye(conn::Connection& connection, std::uint16_t code, std::string_view reason) override;
  bool has_unfinished(conn::Connection& connection) override;
  void give_back(conn::Connection& connection) override;

 private:
  /// The other side of a connection.
  struct Server {
    int fd = -1;
    std::vector<std::uint8_t> unsent;  // of the client, which it has not taken
    bool client_ended = false;
    bool gone = false;     // it takes nothing any more
    bool reading = false;  // its answer is being handed on
  };

  std::uint32_t silence_ms(const conn::Connection& connection) const override;
  void on_silence(conn::Connection& connection) override;
  Server* server_of(const conn::Connection& connection);
  void send_unsent(conn::Connection& connection, Server& server);
  void read_answer(conn::Connection& connection, Server& server);

  std::unordered_map<std::uint32_t, Server> servers_;  // by the connection's slot
  std::vector<std::uint8_t> answer_;                   // scratch
};

}  // namespace shard
