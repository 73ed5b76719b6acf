// Connections of the fake kernel that say what a test writes, byte by byte, and understand nothing.
// Owner: the test. Thread: main.
#pragma once

#include <string>

#include "test/native/sim/sessions_on_fake.h"

namespace sim {

/// A connection that says what it is told to, and nothing else.
struct Raw {
  Raw(SessionsOnFake& engine_on_fake, std::uint16_t port, std::uint32_t number)
      : on(engine_on_fake), socket(on.kernel.connect(port, sim::address_of(number), 64 * 1024)) {}

  void write(const std::string& bytes) { CHECK(on.kernel.peer_write(socket, base::bytes_of(bytes)) == bytes.size()); }
  /// What has come since.
  std::string read() {
    std::string bytes(64 * 1024, '\0');
    bytes.resize(on.kernel.peer_read(socket, {reinterpret_cast<std::uint8_t*>(bytes.data()), bytes.size()}));
    return bytes;
  }

  bool is_over() const { return on.kernel.peer_at_end(socket); }

  SessionsOnFake& on;
  const int socket;
};

/// The first one that was handed over; null: none was.
inline const shard::HttpConnection* handed_over(const SessionsOnFake& on) { return first_of<shard::HttpConnection>(on.events); }

/// The head of a request that opens a WebSocket.
inline std::string upgrade_request(const std::string& target) {
  return "GET " + target +
         " HTTP/1.1\r\nHost: sim\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
         "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
}

/// A text frame of a client; its mask is zero.
inline std::string client_frame(const std::string& text) {
  CHECK(text.size() < 126);
  return std::string("\x81") + static_cast<char>(0x80 | text.size()) + std::string(4, '\0') + text;
}

}  // namespace sim
