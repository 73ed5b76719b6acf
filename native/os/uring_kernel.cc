#include "native/os/uring_kernel.h"

#include <algorithm>

namespace os {

bool UringKernel::available(RingCalls& calls) { return SendRing(calls).usable(); }

SendRing& UringKernel::ring_of_this_thread() {
  thread_local SendRing ring(calls_);
  return ring;
}

void UringKernel::send_batch(std::span<SendOp> ops) {
  const bool by_file = std::any_of(ops.begin(), ops.end(), [](const SendOp& op) { return op.file >= 0; });
  // One or two sends are cheaper as plain calls.
  if (by_file || ops.size() < 3) {
    LinuxKernel::send_batch(ops);
    return;
  }
  SendRing& ring = ring_of_this_thread();
  while (!ops.empty()) {
    const auto part = ops.first(std::min<std::size_t>(SendRing::entries, ops.size()));
    if (ring.usable()) {
      ring.send(part, *this);
    } else {
      LinuxKernel::send_batch(part);
    }
    ops = ops.subspan(part.size());
  }
}

}  // namespace os
