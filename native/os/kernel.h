// The one seam for system calls: everything the engine asks of the operating system, so that tests can put a fake kernel
// under the same shards (test/native/sim). `linux_kernel.cc` is the real one.
// Owner: the engine. Thread: any; implementations have no state of their own beyond what a call names.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "native/base/bytes.h"
#include "native/os/endpoint.h"

namespace os {

enum class IoOutcome : std::uint8_t {
  ok,           // `bytes` were moved; fewer than asked is normal
  would_block,  // the kernel takes or has nothing now; an edge will be reported when that changes
  end,          // receive only: the peer has ended its stream
  failed,       // the connection is dead; `error` is the errno
};

struct IoResult {
  IoOutcome outcome = IoOutcome::ok;
  std::size_t bytes = 0;
  int error = 0;
};

/// One contiguous piece of a gathered write; same layout as struct iovec.
struct Piece {
  const void* bytes;
  std::size_t length;
};
/// Of one gathered write: IOV_MAX of Linux.
inline constexpr std::size_t pieces_max = 1024;

/// One write of a batch: `length` bytes at `bytes`, which are also at `file_offset` of `file` when `file` >= 0.
struct SendOp {
  int fd = -1;
  std::uint32_t length = 0;
  const std::uint8_t* bytes = nullptr;
  int file = -1;  // >= 0: may leave by sendfile, without a copy
  std::uint64_t file_offset = 0;
  IoResult result;  // out
};

enum class AcceptOutcome : std::uint8_t {
  ok,
  would_block,  // the queue is empty
  aborted,      // this one connection died in the queue; try the next
  exhausted,    // out of file descriptors or memory (EMFILE, ENFILE, ENOBUFS, ENOMEM): back off
};

struct Accepted {
  AcceptOutcome outcome = AcceptOutcome::would_block;
  int fd = -1;
  int error = 0;
  Address peer;
};

struct ListenOptions {
  Endpoint address;
  int backlog = 4096;
  int send_buffer_bytes = 0;  // SO_SNDBUF of accepted connections; 0 leaves the kernel's
  bool reuse_port = false;
  bool dual_stack = false;    // of an IPv6 address: IPv4 clients too (`::` only)
};

/// A listener, or the errno of the call that failed (`fd` < 0).
struct Listening {
  int fd = -1;
  int error = 0;
  std::uint16_t port = 0;
  std::uint64_t inode = 0;  // of a Unix socket's file
  bool shared = false;      // another process listens there too (`reuse_port`)
};

/// Two connected local sockets, ready as those that `accept` gives.
struct SocketPair {
  int ours = -1;  // -1: the system has no descriptors
  int theirs = -1;
};

/// Which readiness a poller reports, and how.
enum class Watch : std::uint8_t {
  level_in,     // listeners and wake-ups: as long as there is something
  edge_in_out,  // connections: once for each change, both directions, registered once
  edge_in,      // local connections that only answer: a Unix socket is writable anew after each read of its peer
};

struct Ready {
  std::uint64_t token = 0;
  bool readable = false;
  bool writable = false;
  bool hang_up = false;  // the peer ended its direction, or the connection failed: read until the end
};

/// Whole pages of memory for logs. `file` >= 0: a memfd holding the same bytes, for sendfile.
struct Mapping {
  std::uint8_t* bytes = nullptr;  // nullptr: the system refused
  std::size_t length = 0;
  int file = -1;
};

/// What the kernel has counted of a connection: bytes, as they went over the wire.
struct SocketCounts {
  bool known = false;  // false: it counts nothing of such a socket (of a Unix socket)
  std::uint64_t received = 0;
  std::uint64_t acknowledged = 0;  // of what was sent: the peer's system has it
  std::uint32_t unsent = 0;        // written and still here: not sent, or not acknowledged
};

class Kernel {
 public:
  virtual ~Kernel() = default;

  /// Monotonic nanoseconds.
  virtual std::int64_t now_ns() = 0;
  /// The wall clock, which may jump: for what is told to people, never for timers.
  virtual std::int64_t unix_seconds() = 0;

  /// A Unix socket's file that nobody listens on any more is replaced; anything else at its path is EADDRINUSE.
  virtual Listening listen(const ListenOptions& options) = 0;
  /// Closes a listener; a Unix socket's file goes with it, unless another has taken its place.
  virtual void close_listener(int fd, const Endpoint& address) = 0;
  /// Non-blocking and close-on-exec from the start, TCP_NODELAY on.
  virtual Accepted accept(int listener) = 0;
  virtual SocketPair open_pair() = 0;
  virtual IoResult receive(int fd, base::MutableBytes into) = 0;
  virtual IoResult send(int fd, base::Bytes bytes) = 0;
  /// 1..pieces_max pieces.
  virtual IoResult send_gather(int fd, std::span<const Piece> pieces) = 0;
  /// Fills in every `result`. Writes to one fd keep their order; a backend may submit the batch in one system call (ADR 0007).
  virtual void send_batch(std::span<SendOp> ops) = 0;
  /// For people, at leisure. A kernel that counts nothing knows nothing.
  virtual SocketCounts socket_counts([[maybe_unused]] int fd) { return {}; }
  virtual void shutdown_send(int fd) = 0;
  virtual void close(int fd) = 0;
  /// Closes so that the peer sees a reset and the kernel drops unsent bytes at once.
  virtual void abort(int fd) = 0;

  /// A poller or a wake-up handle, or -1 with the reason lost: both fail only when descriptors are exhausted at start.
  virtual int open_poller() = 0;
  virtual bool watch(int poller, int fd, std::uint64_t token, Watch how) = 0;
  /// Changes what is reported of a descriptor that is watched. What is ready then is reported once more.
  virtual void watch_as(int poller, int fd, std::uint64_t token, Watch how) = 0;
  virtual void unwatch(int poller, int fd) = 0;
  /// Waits at most `timeout_ms` (-1: for ever) and fills `into` from the front; returns how many.
  virtual std::size_t wait(int poller, std::span<Ready> into, int timeout_ms) = 0;
  virtual int open_wake() = 0;
  virtual void signal_wake(int fd) = 0;
  virtual void clear_wake(int fd) = 0;

  virtual Mapping map(std::size_t bytes) = 0;
  /// Without a file. Nothing of it is memory before it is touched.
  virtual Mapping map_private(std::size_t bytes) = 0;
  virtual void unmap(const Mapping& mapping) = 0;
  /// Gives the memory of whole pages of a private mapping back. They can be used again; what they held is lost.
  virtual void discard(base::MutableBytes pages) = 0;
  /// Makes whole pages of a mapping memory now, so that nobody waits for it who touches them next. What they hold stays, also while others
  /// write there. May do nothing: then it is done by touching.
  virtual void populate(base::MutableBytes pages) = 0;
};

}  // namespace os
