// The kernel seam with one difference: a batch of sends is submitted in one system call, through an io_uring of the calling
// thread. Everything else is as in LinuxKernel.
// Owner: the engine. Thread: any; a thread's ring is made at its first batch and ends with the thread.
#pragma once

#include "native/os/linux_kernel.h"

namespace os {

class UringKernel final : public LinuxKernel {
 public:
  /// True when this system lets this process use io_uring for what we need (it may be disabled by sysctl or a seccomp filter).
  static bool available();

  /// Ranges with a file leave by sendfile as before: io_uring has no equal to it. When a thread cannot have a ring, its batches
  /// are sent one by one.
  void send_batch(std::span<SendOp> ops) override;
};

}  // namespace os
