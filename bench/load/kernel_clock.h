// The kernel's receive time of what recvmsg() returns (SO_TIMESTAMPNS), moved from the wall clock to the clock of the sends.
// Owner: the client. Thread: the load thread.
#pragma once

#include <sys/socket.h>
#include <time.h>

#include <cstdint>
#include <cstring>

#include "bench/load/clock.h"

namespace load {

class KernelClock {
 public:
  static void enable(int fd) {
    const int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
  }

  /// Reads both clocks; a reading that was interrupted is not used. Called often enough for the wall clock's corrections.
  void compare() {
    const std::uint64_t before = now_ns();
    const std::uint64_t wall = read_clock_ns(CLOCK_REALTIME);
    const std::uint64_t after = now_ns();
    if (after - before < 1000 || offset_ns_ == 0) offset_ns_ = wall - (before + (after - before) / 2);
  }

  /// As recv(), with the time at which the last of the bytes came in, or 0 when the kernel does not say.
  ssize_t receive(int fd, std::uint8_t* at, std::size_t bytes_max, std::uint64_t& kernel_ns) const {
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(timespec))];
    iovec part{at, bytes_max};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    const ssize_t count = recvmsg(fd, &message, 0);
    kernel_ns = 0;
    if (count <= 0) return count;
    const cmsghdr* head = CMSG_FIRSTHDR(&message);
    if (head == nullptr || head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_TIMESTAMPNS) return count;
    timespec at_time{};
    std::memcpy(&at_time, CMSG_DATA(head), sizeof at_time);
    const std::uint64_t wall = static_cast<std::uint64_t>(at_time.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(at_time.tv_nsec);
    kernel_ns = wall - offset_ns_;
    return count;
  }

 private:
  std::uint64_t offset_ns_ = 0;  // wall clock − clock of the sends
};

}  // namespace load
