#include "native/os/socket_counts.h"

#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cstddef>

namespace os {

/// TCP counts by itself, so that nobody has to on the way of a message.
SocketCounts socket_counts_of(int fd) {
  tcp_info info{};
  socklen_t length = sizeof info;
  if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) != 0) return {};
  if (length < offsetof(tcp_info, tcpi_bytes_received) + sizeof info.tcpi_bytes_received) return {};
  int unsent = 0;
  if (ioctl(fd, SIOCOUTQ, &unsent) != 0 || unsent < 0) unsent = 0;
  return {true, info.tcpi_bytes_received, info.tcpi_bytes_acked, static_cast<std::uint32_t>(unsent)};
}

}  // namespace os
