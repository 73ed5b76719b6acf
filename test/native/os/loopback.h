// Real sockets for tests: a blocking client on loopback whose descriptor closes itself.
// Owner: the test. Thread: any.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <utility>

#include "native/os/kernel.h"

namespace loopback {

class Client {
 public:
  /// Receives into `receive_buffer_bytes`; 0 leaves the kernel's choice.
  explicit Client(std::uint16_t port, int receive_buffer_bytes = 0) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    if (receive_buffer_bytes > 0) ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes, sizeof receive_buffer_bytes);
    const int on = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(fd_, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0;
  }
  Client(Client&& other) noexcept : fd_(std::exchange(other.fd_, -1)), connected_(other.connected_) {}
  ~Client() { close(); }

  bool connected() const { return connected_; }
  int fd() const { return fd_; }
  bool write(const std::string& bytes) {
    for (std::size_t at = 0; at < bytes.size();) {
      const ssize_t sent = ::send(fd_, bytes.data() + at, bytes.size() - at, MSG_NOSIGNAL);
      if (sent <= 0) return false;
      at += static_cast<std::size_t>(sent);
    }
    return true;
  }
  /// What comes first, at most 64 KB; empty at the end of the stream, on an error, or after 10 s of silence.
  std::string read() {
    std::string bytes(64 * 1024, '\0');
    pollfd wanted{fd_, POLLIN, 0};
    const ssize_t got = ::poll(&wanted, 1, 10'000) == 1 ? ::recv(fd_, bytes.data(), bytes.size(), 0) : 0;
    bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return bytes;
  }
  std::string read_exactly(std::size_t length) {
    std::string bytes;
    while (bytes.size() < length) {
      std::string more = read();
      if (more.empty()) break;
      bytes += more;
    }
    return bytes;
  }
  void reset() {
    const linger now{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close();
  }
  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }

 private:
  int fd_;
  bool connected_ = false;
};

/// Accepts one connection, however long it takes to arrive.
inline int accept_one(os::Kernel& kernel, int listener) {
  for (;;) {
    pollfd wanted{listener, POLLIN, 0};
    ::poll(&wanted, 1, 10'000);
    const os::Accepted accepted = kernel.accept(listener);
    if (accepted.outcome == os::AcceptOutcome::ok) return accepted.fd;
    if (accepted.outcome != os::AcceptOutcome::aborted) return -1;
  }
}

}  // namespace loopback
