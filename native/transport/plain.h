// No transport of its own: a connection's bytes are its socket's.
// Owner: a shard. Thread: that shard.
#pragma once

#include "native/base/check.h"
#include "native/transport/transport.h"

namespace transport {

class Plain {
 public:
  static constexpr bool shares_bytes = true;

  explicit Plain(const Surroundings& surroundings) : kernel_(surroundings.kernel) {}

  static constexpr bool begin(int, const Beginning&) { return true; }
  static void give(int, base::Bytes) { CHECK(!"what was read of a plain connection is its own"); }
  static constexpr bool is_ready(int) { return true; }
  os::IoResult receive(int fd, base::MutableBytes into) { return kernel_.receive(fd, into); }
  static constexpr bool has_more(int) { return false; }
  os::IoResult send(int fd, base::Bytes bytes) { return kernel_.send(fd, bytes); }
  os::IoResult send_gather(int fd, std::span<const os::Piece> pieces) { return kernel_.send_gather(fd, pieces); }
  static constexpr void hold() {}
  static constexpr void release() {}
  static constexpr bool wants_write(int) { return false; }
  void shutdown_send(int fd) { kernel_.shutdown_send(fd); }
  void close(int fd) { kernel_.close(fd); }
  void abort(int fd) { kernel_.abort(fd); }
  static std::optional<Identity> identity(int) { return std::nullopt; }
  static constexpr std::string_view failure(int) { return {}; }

 private:
  os::Kernel& kernel_;
};

}  // namespace transport
