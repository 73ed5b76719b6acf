// What a client holds of one connection, for its two files: client.cc, and client_tls.cc for what is only over TLS.
// Owner: the client. Thread: the load thread.
#pragma once

#include <errno.h>
#include <string.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "bench/load/client.h"

namespace load {

inline constexpr std::size_t receive_bytes = 1024 * 1024;

[[noreturn]] inline void fail(const std::string& what) { throw std::runtime_error(what + ": " + strerror(errno)); }

struct Client::Connection {
  int fd = -1;
  Role role = Role::subscriber;
  Phase phase = Phase::connecting;
  bool waits_for_room = false;
  bool renewed = false;  // opened anew: the server ended it behind an answer
  std::uint32_t id = 0;
  const Endpoint* endpoint = nullptr;
  std::uint64_t started_ns = 0;
  std::uint32_t replies_sent = 0;      // during the opening
  std::uint32_t unanswered = 0;        // publications
  std::string answer;                  // to the opening, while incomplete
  std::vector<std::uint8_t> outbound;  // what the kernel has not taken yet
  StreamState stream;
  TlsClient::SessionPointer tls;  // null: in plain text
};

}  // namespace load
