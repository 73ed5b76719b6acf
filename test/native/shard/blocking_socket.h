// A WebSocket client on a real socket that blocks, for tests with the engine's threads.
// Owner: the test. Thread: any, one at a time.
#pragma once

#include <string>

#include "test/native/os/loopback.h"

namespace blocking {

/// A WebSocket client that blocks.
class Socket {
 public:
  Socket(std::uint16_t port, const std::string& target) : client_(port) {
    client_.write("GET " + target + " HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
                  "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
    while (in_.find("\r\n\r\n") == std::string::npos && more()) {
    }
    open = in_.starts_with("HTTP/1.1 101 ");
    in_.erase(0, in_.find("\r\n\r\n") + 4);
  }

  void send(unsigned first_byte, const std::string& payload) {  // the mask is zero
    std::string frame(1, static_cast<char>(first_byte));
    if (payload.size() < 126) {
      frame += static_cast<char>(0x80 | payload.size());
    } else {
      frame += {static_cast<char>(0x80 | 126), static_cast<char>(payload.size() >> 8), static_cast<char>(payload.size() & 0xFF)};
    }
    client_.write(frame + std::string(4, '\0') + payload);
  }
  /// The next frame's payload; false at the end.
  bool read_frame(unsigned& opcode, std::string& payload) {
    if (!need(2)) return false;
    opcode = byte(0) & 0xF;
    std::size_t length = byte(1);
    std::size_t head = 2;
    if (length == 126) {
      if (!need(4)) return false;
      length = byte(2) << 8 | byte(3);
      head = 4;
    }
    if (!need(head + length)) return false;
    payload = in_.substr(at_ + head, length);
    at_ += head + length;
    return true;
  }

  bool open = false;

 private:
  bool more() {
    const std::string bytes = client_.read();
    in_ += bytes;
    return !bytes.empty();
  }
  bool need(std::size_t bytes) {
    while (in_.size() - at_ < bytes) {
      in_.erase(0, at_);
      at_ = 0;
      if (!more()) return false;
    }
    return true;
  }
  std::size_t byte(std::size_t i) const { return static_cast<std::uint8_t>(in_[at_ + i]); }

  loopback::Client client_;
  std::string in_;
  std::size_t at_ = 0;
};

}  // namespace blocking
