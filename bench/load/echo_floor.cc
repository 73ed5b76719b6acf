// The floor of request and response: a bare epoll loop that sends back what it received, sleeping or spinning.
// Owner: nobody. Thread: one.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

char buffer[64 * 1024];

[[noreturn]] void fail(const char* what) {
  std::fprintf(stderr, "echo_floor: %s: %s\n", what, std::strerror(errno));
  std::exit(2);
}

int listen_on_port(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "cubic", 5);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) fail("bind");
  return fd;
}

int listen_on_path(const char* path) {
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path, sizeof address.sun_path - 1);
  unlink(path);
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) fail("bind");
  return fd;
}

void watch(int epoll, int fd) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = fd;
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0) fail("epoll_ctl");
}

void answer(int fd) {
  const ssize_t count = recv(fd, buffer, sizeof buffer, 0);
  if (count < 0 && errno == EAGAIN) return;
  if (count <= 0 || send(fd, buffer, static_cast<std::size_t>(count), MSG_NOSIGNAL) != count) close(fd);
}

}  // namespace

/// echo_floor PORT|PATH sleep|spin
int main(int count, char** arguments) {
  if (count != 3) {
    std::fprintf(stderr, "usage: echo_floor PORT|PATH sleep|spin\n");
    return 2;
  }
  signal(SIGPIPE, SIG_IGN);
  const int listener = arguments[1][0] == '/' ? listen_on_path(arguments[1]) : listen_on_port(std::atoi(arguments[1]));
  if (listen(listener, 4096) != 0) fail("listen");
  const int timeout_ms = std::strcmp(arguments[2], "spin") == 0 ? 0 : -1;
  const int epoll = epoll_create1(EPOLL_CLOEXEC);
  watch(epoll, listener);
  for (;;) {
    epoll_event events[512];
    const int ready = epoll_wait(epoll, events, 512, timeout_ms);
    for (int i = 0; i < ready; ++i) {
      if (events[i].data.fd != listener) {
        answer(events[i].data.fd);
        continue;
      }
      for (int fd; (fd = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;) watch(epoll, fd);
    }
  }
}
