// The real kernel behind the seam: epoll, accept4, sendmsg, sendfile, memfd.
// Owner: the engine. Thread: any; it has no state.
#pragma once

#include "native/os/kernel.h"

namespace os {

class LinuxKernel : public Kernel {
 public:
  std::int64_t now_ns() override;
  std::int64_t unix_seconds() override;
  Listening listen(const ListenOptions& options) override;
  void close_listener(int fd, const Endpoint& address) override;
  Accepted accept(int listener) override;
  SocketPair open_pair() override;
  IoResult receive(int fd, base::MutableBytes into) override;
  IoResult send(int fd, base::Bytes bytes) override;
  IoResult send_gather(int fd, std::span<const Piece> pieces) override;
  void send_batch(std::span<SendOp> ops) override;
  SocketCounts socket_counts(int fd) override;
  void shutdown_send(int fd) override;
  void close(int fd) override;
  void abort(int fd) override;
  int open_poller() override;
  bool watch(int poller, int fd, std::uint64_t token, Watch how) override;
  void watch_as(int poller, int fd, std::uint64_t token, Watch how) override;
  void unwatch(int poller, int fd) override;
  std::size_t wait(int poller, std::span<Ready> into, int timeout_ms) override;
  int open_wake() override;
  void signal_wake(int fd) override;
  void clear_wake(int fd) override;
  Mapping map(std::size_t bytes) override;
  Mapping map_private(std::size_t bytes) override;
  void unmap(const Mapping& mapping) override;
  void discard(base::MutableBytes pages) override;
  void populate(base::MutableBytes pages) override;
};

/// Raises RLIMIT_NOFILE of this process, soft = hard; returns the soft limit then in force.
std::uint64_t raise_file_limit();

/// Makes room for `count` descriptors in the process's table now. Later, in a process with several threads, each doubling of the
/// table holds up the call that needs it until every CPU has passed a quiet state: 10–20 ms within an accept. Best effort.
void reserve_files(std::size_t count);
/// Another descriptor of the same socket, closed by exec(2). -1 when the system has none; errno says why.
int duplicate_file(int fd);
/// Closes a descriptor that nobody else knows of.
void close_file(int fd);

/// Pins the calling thread to one CPU. Returns 0, or the errno of the refusal.
int pin_thread(int cpu);
/// Names the calling thread (at most 15 bytes) and blocks every signal in it: signals belong to the main thread.
void prepare_thread(const char* name);

}  // namespace os
