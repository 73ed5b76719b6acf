// No transport of its own: a connection's bytes are its socket's.
// Owner: a shard. Thread: that shard.
#pragma once

#include <span>

#include "native/base/bytes.h"
#include "native/os/kernel.h"

namespace transport {

class Plain {
 public:
  static constexpr bool shares_bytes = true;

  /// `kernel` outlives it.
  explicit Plain(os::Kernel& kernel) : kernel_(kernel) {}

  os::IoResult receive(int fd, base::MutableBytes into) { return kernel_.receive(fd, into); }
  os::IoResult send(int fd, base::Bytes bytes) { return kernel_.send(fd, bytes); }
  os::IoResult send_gather(int fd, std::span<const os::Piece> pieces) { return kernel_.send_gather(fd, pieces); }
  static constexpr bool wants_write(int) { return false; }
  void shutdown_send(int fd) { kernel_.shutdown_send(fd); }
  void close(int fd) { kernel_.close(fd); }
  void abort(int fd) { kernel_.abort(fd); }

 private:
  os::Kernel& kernel_;
};

}  // namespace transport
