// A kernel that takes everything at once and allocates nothing while it does: only counts. For ceilings.
// Owner: the test. Thread: main.
#pragma once

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "native/os/kernel.h"

namespace ceilings {

struct Calls {
  std::size_t waits = 0;
  std::size_t receives = 0;
  std::size_t batches = 0;
  std::size_t sends = 0;    // writes to connections, in batches or alone
  std::size_t maps = 0;
  std::size_t others = 0;
};

class NullKernel : public os::Kernel {
 public:
  Calls calls;

  /// Bytes that a connection was sent, and how many writes there had been of all when it was last written to.
  std::size_t sent_bytes(int fd) const { return sockets_[static_cast<std::size_t>(fd)].sent_bytes; }
  std::size_t sent_at(int fd) const { return sockets_[static_cast<std::size_t>(fd)].sent_at; }

  /// What a peer has sent and the engine has not read.
  std::size_t unread_bytes(int fd) const { return sockets_[static_cast<std::size_t>(fd)].incoming.size(); }

  /// A connection that waits to be accepted on the listener of `port`, with what its peer sends first.
  int connect(std::uint16_t port, const std::string& bytes) {
    const int fd = next_fd_++;
    sockets_.resize(static_cast<std::size_t>(next_fd_));
    sockets_[static_cast<std::size_t>(fd)].incoming = bytes;
    for (Listener& listener : listeners_) {
      if (listener.port == port) listener.queue.push_back(fd);
    }
    return fd;
  }
  /// More bytes from the peer; they must fit what the first ones reserved for nothing to be allocated.
  void incoming(int fd, const std::string& bytes) {
    sockets_[static_cast<std::size_t>(fd)].incoming.assign(bytes);
    ready_now_.push_back(fd);
  }

  std::int64_t now_ns() override { return 1'000'000'000; }
  std::int64_t unix_seconds() override { return 0; }
  os::Listening listen(const os::ListenOptions& options) override {
    const int fd = next_fd_++;
    sockets_.resize(static_cast<std::size_t>(next_fd_));
    listeners_.push_back({fd, options.address.port, {}});
    return {fd, 0, options.address.port};
  }
  void close_listener(int, const os::Endpoint&) override { ++calls.others; }
  os::Accepted accept(int listener) override {
    for (Listener& each : listeners_) {
      if (each.fd != listener || each.queue.empty()) continue;
      const int fd = each.queue.back();
      each.queue.pop_back();
      return {os::AcceptOutcome::ok, fd, 0, {}};
    }
    return {};
  }
  os::SocketPair open_pair() override { return {}; }
  os::IoResult receive(int fd, base::MutableBytes into) override {
    ++calls.receives;
    std::string& incoming = sockets_[static_cast<std::size_t>(fd)].incoming;
    if (incoming.empty()) return {os::IoOutcome::would_block, 0, 0};
    const std::size_t count = std::min(into.size(), incoming.size());
    std::memcpy(into.data(), incoming.data(), count);
    incoming.erase(0, count);
    return {os::IoOutcome::ok, count, 0};
  }
  os::IoResult send(int fd, base::Bytes bytes) override {
    note(fd, bytes.size());
    return {os::IoOutcome::ok, bytes.size(), 0};
  }
  os::IoResult send_gather(int fd, std::span<const os::Piece> pieces) override {
    std::size_t bytes = 0;
    for (const os::Piece& piece : pieces) bytes += piece.length;
    note(fd, bytes);
    return {os::IoOutcome::ok, bytes, 0};
  }
  void send_batch(std::span<os::SendOp> ops) override {
    ++calls.batches;
    for (os::SendOp& op : ops) {
      note(op.fd, op.length);
      op.result = {os::IoOutcome::ok, op.length, 0};
    }
  }
  void shutdown_send(int) override { ++calls.others; }
  void close(int) override { ++calls.others; }
  void abort(int) override { ++calls.others; }
  int open_poller() override { return next_fd_++; }
  bool watch(int, int fd, std::uint64_t token, os::Watch) override {
    ++calls.others;
    if (sockets_.size() <= static_cast<std::size_t>(fd)) sockets_.resize(static_cast<std::size_t>(fd) + 1);
    sockets_[static_cast<std::size_t>(fd)].token = token;
    ready_now_.push_back(fd);
    return true;
  }
  void watch_as(int, int, std::uint64_t, os::Watch) override { ++calls.others; }
  void unwatch(int, int) override { ++calls.others; }
  std::size_t wait(int, std::span<os::Ready> into, int) override {
    ++calls.waits;
    std::size_t count = 0;
    for (const Listener& listener : listeners_) {
      if (!listener.queue.empty()) into[count++] = {sockets_[static_cast<std::size_t>(listener.fd)].token, true, false, false};
    }
    for (; count < into.size() && !ready_now_.empty(); ready_now_.pop_back()) {
      into[count++] = {sockets_[static_cast<std::size_t>(ready_now_.back())].token, true, false, false};
    }
    return count;
  }
  int open_wake() override { return next_fd_++; }
  void signal_wake(int) override { ++calls.others; }
  void clear_wake(int) override {}
  os::Mapping map(std::size_t) override {
    ++calls.maps;
    return {};
  }
  os::Mapping map_private(std::size_t bytes) override {
    ++calls.maps;
    memory_.push_back(std::make_unique<std::uint8_t[]>(bytes));
    return {memory_.back().get(), bytes, -1};
  }
  void unmap(const os::Mapping&) override { ++calls.maps; }
  void discard(base::MutableBytes) override { ++calls.others; }
  void populate(base::MutableBytes) override { ++calls.others; }

 private:
  void note(int fd, std::size_t bytes) {
    Socket& socket = sockets_[static_cast<std::size_t>(fd)];
    socket.sent_bytes += bytes;
    socket.sent_at = ++calls.sends;
  }

  struct Socket {
    std::string incoming;
    std::size_t sent_bytes = 0;
    std::size_t sent_at = 0;
    std::uint64_t token = 0;
  };
  struct Listener {
    int fd = -1;
    std::uint16_t port = 0;
    std::vector<int> queue;
  };
  int next_fd_ = 10;
  std::vector<Socket> sockets_;
  std::vector<std::unique_ptr<std::uint8_t[]>> memory_;  // mapped; kept until the end
  std::vector<Listener> listeners_;
  std::vector<int> ready_now_;
};

}  // namespace ceilings
