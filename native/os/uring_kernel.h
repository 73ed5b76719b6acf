// The kernel seam with one difference: a batch of sends is submitted in one system call, through an io_uring of the calling
// thread. Everything else is as in LinuxKernel.
// Owner: the engine. Thread: any; a thread's ring is made at its first batch and ends with the thread.
#pragma once

#include "native/os/linux_kernel.h"
#include "native/os/send_ring.h"

namespace os {

class UringKernel : public LinuxKernel {
 public:
  /// `calls` outlives every thread that sends through this kernel. All such kernels of a process share each thread's ring.
  explicit UringKernel(RingCalls& calls = system_ring_calls()) : calls_(calls) {}

  /// True when this system lets this process use io_uring for what we need (it may be disabled by sysctl or a seccomp filter).
  static bool available(RingCalls& calls = system_ring_calls());

  /// Ranges with a file leave by sendfile as before: io_uring has no equal to it. A thread that has no ring, or had to give
  /// its ring up, sends its batches one by one.
  void send_batch(std::span<SendOp> ops) override;

 private:
  SendRing& ring_of_this_thread();

  RingCalls& calls_;
};

}  // namespace os
