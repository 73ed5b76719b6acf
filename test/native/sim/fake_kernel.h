// A kernel in memory, deterministic from its seed: bounded sockets, readiness by the contract of epoll(7), a virtual clock,
// and faults at any call. A descriptor is never used twice, so that using a closed one always shows.
// Owner: the test. Thread: main; a shard is stepped, never run.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "native/os/kernel.h"
#include "test/native/sim/stream.h"

namespace sim {

using Random = std::mt19937_64;

inline bool chance(Random& random, unsigned in_thousand) { return random() % 1000 < in_thousand; }
/// From `low` to `high`, both included.
inline std::size_t between(Random& random, std::size_t low, std::size_t high) { return low + random() % (high - low + 1); }

/// How often, in a thousand calls, something goes wrong.
struct Faults {
  unsigned short_send = 0;     // part of what would fit is taken
  unsigned refused_send = 0;   // EAGAIN although there is room; the edge comes within 20 ms
  unsigned aborted_accept = 0;
  unsigned exhausted_accept = 0;
  unsigned refused_map = 0;    // no memfd
  unsigned refused_private_map = 0;
  unsigned refused_watch = 0;  // connections only
  unsigned refused_pair = 0;   // no descriptors
};

/// What a peer's bytes become on the wire, such as TLS (tls_peer.h).
class PeerLayer {
 public:
  virtual ~PeerLayer() = default;
  virtual bool is_ready() const = 0;
  virtual void say(base::Bytes bytes) = 0;
  virtual void say_end() = 0;
  virtual void feed(base::Bytes wire) = 0;
  /// What is to be sent, and what was heard: taken from the front.
  virtual std::string& wire() = 0;
  virtual std::string& heard() = 0;
};

class FakeKernel final : public os::Kernel {
 public:
  explicit FakeKernel(std::uint64_t seed) : random_(seed) {}

  Faults faults;
  /// What peers may send ahead of connections that are made from here on.
  std::size_t receive_buffer_bytes = 64 * 1024;
  /// Called between any two system calls of the engine: what other threads do meanwhile. Not called while it runs.
  std::function<void()> meanwhile;

  /// Makes the layer of each peer that connects from here on; empty: they have none. Then all calls below mean the bytes above it.
  std::function<std::unique_ptr<PeerLayer>()> layer;
  /// Of a layer's bytes on their way to the engine: at most so many at once, so that records come in parts, and late.
  std::size_t layer_bytes_max = SIZE_MAX;
  /// Grows whenever a layer's bytes move.
  std::uint64_t layer_moves = 0;

  // What the test does to the world.
  void advance_ns(std::int64_t ns) { clock_ns_ += ns; }
  /// What waits for acceptance counts as a connection; -1 when nobody listens. The result names it in the calls below.
  int connect(std::uint16_t port, const os::Address& peer, std::size_t send_buffer_bytes);
  int connect(const std::string& path, std::size_t send_buffer_bytes);
  std::size_t peer_write(int socket, base::Bytes bytes);
  std::size_t peer_read(int socket, base::MutableBytes into);
  void peer_shutdown(int socket);
  /// Both directions at once, as close(2) does: what the engine sends from now on is answered by a reset.
  void peer_close(int socket);
  void peer_abort(int socket);
  /// A socket that takes whatever it has room for, at once, whatever goes wrong elsewhere.
  void spare(int socket) { sockets_.at(socket).spared = true; }

  // What the test sees.
  /// The engine's end of the stream has been read to its end.
  bool peer_at_end(int socket) const;
  bool was_reset(int socket) const;
  /// What the kernel had taken from the engine and its peer never got, because the connection was reset.
  std::size_t read_lost(int socket, base::MutableBytes into) { return sockets_.at(socket).lost.read(into); }
  /// The last send was refused, and no edge has been reported since.
  bool is_refusing(int socket) const;
  /// Connections that wait in a listener's queue; a listener that backs off leaves them there for up to a second.
  std::size_t unaccepted() const;
  std::size_t open_fds() const { return open_.size(); }
  std::size_t mappings() const { return files_.size(); }
  /// Memory without a file that is mapped, and how much was ever given back of it.
  std::size_t private_mappings() const { return private_.size(); }
  std::size_t discarded_bytes() const { return discarded_bytes_; }
  /// What was made memory before anybody touched it.
  const std::vector<base::MutableBytes>& populated() const { return populated_; }

  // os::Kernel.
  std::int64_t now_ns() override;
  std::int64_t unix_seconds() override { return 784'111'777; }  // Sun, 06 Nov 1994 08:49:37 GMT
  os::Listening listen(const os::ListenOptions& options) override;
  void close_listener(int fd, const os::Endpoint& address) override;
  os::Accepted accept(int listener) override;
  os::SocketPair open_pair() override;
  os::IoResult receive(int fd, base::MutableBytes into) override;
  os::IoResult send(int fd, base::Bytes bytes) override;
  os::IoResult send_gather(int fd, std::span<const os::Piece> pieces) override;
  void send_batch(std::span<os::SendOp> ops) override;
  os::SocketCounts socket_counts(int fd) override;
  void shutdown_send(int fd) override;
  void close(int fd) override;
  void abort(int fd) override;
  int open_poller() override;
  bool watch(int poller, int fd, std::uint64_t token, os::Watch how) override;
  void watch_as(int poller, int fd, std::uint64_t token, os::Watch how) override;
  void unwatch(int poller, int fd) override;
  std::size_t wait(int poller, std::span<os::Ready> into, int timeout_ms) override;
  int open_wake() override;
  void signal_wake(int fd) override;
  void clear_wake(int fd) override;
  os::Mapping map(std::size_t bytes) override;
  os::Mapping map_private(std::size_t bytes) override;
  void unmap(const os::Mapping& mapping) override;
  void discard(base::MutableBytes pages) override;
  void populate(base::MutableBytes pages) override;

 private:
  struct Socket {
    os::Address peer;
    Stream to_engine;
    Stream to_peer;
    Stream lost;
    std::size_t to_engine_max = 0;
    std::uint64_t received = 0;      // by the engine
    std::uint64_t delivered = 0;     // to the peer
    std::size_t to_peer_max = 64 * 1024;
    bool refusing = false;
    bool no_space = false;           // refused, and no edge since: one is owed when there is room
    std::int64_t blocked_until = 0;  // an injected refusal
    bool engine_closed = false;
    bool engine_shut = false;
    bool peer_shut = false;
    bool peer_gone = false;
    bool reset = false;  // by either side
    bool spared = false;
    int twin = -1;  // of a pair: the other end, to which it sends

    void lose() {
      lost.append(std::move(to_peer));
      to_peer = Stream();
    }
  };
  struct Listener {
    std::uint16_t port = 0;
    std::string path;
    std::deque<int> queue;
  };
  struct Watched {
    std::uint64_t token = 0;
    os::Watch how{};
    bool queued = false;
  };
  struct Poller {
    std::map<int, Watched> watched;
    std::deque<int> ready;
  };
  enum class Kind : std::uint8_t { listener, socket, poller, wake, file };

  int open_fd(Kind kind);
  void require(int fd, Kind kind) const;
  Socket& open_socket(int fd);
  PeerLayer* layer_of(int socket) const;
  std::size_t write_wire(int socket, base::Bytes bytes);
  std::size_t read_wire(int socket, base::MutableBytes into);
  void push_layer(int socket, PeerLayer& layer);
  bool pull_layer(int socket, PeerLayer& layer, std::size_t bytes_max);
  void step();
  void edge(int fd);
  void fire_due_edges();
  int wait_for_accept(Listener& listener, const os::Address& peer, std::size_t send_buffer_bytes);
  bool has_room(const Socket& socket) const;
  bool goes_wrong(const Socket& socket, unsigned in_thousand) { return !socket.spared && chance(random_, in_thousand); }
  os::IoResult begin_send(Socket& socket, int fd, std::size_t length);
  os::IoResult receive_from_twin(int fd, base::MutableBytes into);
  /// What its other end sees of it has changed.
  void tell_twin(const Socket& socket) {
    if (socket.twin >= 0) edge(socket.twin);
  }
  void reset(int socket);
  os::Ready ready_of(int fd, const Watched& watched) const;

  Random random_;
  std::int64_t clock_ns_ = 1'000'000'000;
  bool in_meanwhile_ = false;
  int next_fd_ = 100;
  std::uint16_t next_port_ = 20'000;
  std::map<int, Kind> open_;
  std::map<int, Socket> sockets_;  // kept after both ends are closed: the test still asks
  std::map<int, std::unique_ptr<PeerLayer>> layers_;  // by socket
  std::map<int, Listener> listeners_;
  std::map<int, Poller> pollers_;
  std::map<int, std::uint64_t> wakes_;
  std::map<int, SharedBytes> files_;
  using Page = std::array<std::uint8_t, 4096>;
  std::map<const std::uint8_t*, std::unique_ptr<Page[]>> private_;
  std::size_t discarded_bytes_ = 0;
  std::vector<base::MutableBytes> populated_;
  std::map<int, std::int64_t> blocked_;  // sockets with an injected refusal, and when it ends
};

}  // namespace sim
