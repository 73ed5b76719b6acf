// A kernel for a million connections: a word each, a clock that the program sets, clients that say one thing and answer what they are
// asked. It takes every byte at once.
// Owner: the program. Thread: main.
#pragma once

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "native/base/check.h"
#include "native/os/kernel.h"

namespace micro {

class CrowdKernel final : public os::Kernel {
 public:
  std::int64_t clock_ns = 1'000'000'000;
  std::size_t sends = 0;
  std::size_t closed = 0;

  /// `target` names what client `number` asks for.
  CrowdKernel(std::size_t clients, std::string (*target)(std::size_t number)) : clients_(clients), target_(target) {
    ready_.reserve(clients);
  }

  /// `count` clients more wait to be accepted.
  void connect(std::size_t count) {
    CHECK(connected_ + count <= clients_.size());
    connected_ += count;
  }
  std::size_t waiting() const { return connected_ - accepted_; }
  /// The peer has ended its stream, without a word.
  void hang_up(std::size_t client) {
    clients_[client].says = Says::end;
    report(client);
  }
  /// Of it and what it was asked to map, which is the engine's.
  std::size_t own_bytes() const { return clients_.capacity() * sizeof(Client) + ready_.capacity() * sizeof(ready_[0]); }
  std::size_t mapped_bytes() const { return mapped_bytes_; }

  std::int64_t now_ns() override { return clock_ns; }
  std::int64_t unix_seconds() override { return 0; }
  os::Listening listen(const os::ListenOptions& options) override { return {listener, 0, options.address.port}; }
  void close_listener(int, const os::Endpoint&) override {}
  os::SocketPair open_pair() override { return {}; }
  os::Accepted accept(int) override {
    if (waiting() == 0) return {};
    return {os::AcceptOutcome::ok, first_client + static_cast<int>(accepted_++), 0, {}};
  }
  os::IoResult receive(int fd, base::MutableBytes into) override {
    Client& client = client_of(fd);
    std::string text;
    switch (std::exchange(client.says, Says::nothing)) {
      case Says::nothing: return {os::IoOutcome::would_block, 0, 0};
      case Says::end: return {os::IoOutcome::end, 0, 0};
      case Says::request: text = request(static_cast<std::size_t>(fd - first_client)); break;
      case Says::pong: text = std::string("\x8A\x80\0\0\0\0", 6); break;
      case Says::close: text = std::string("\x88\x80\0\0\0\0", 6); break;
    }
    std::memcpy(into.data(), text.data(), text.size());
    return {os::IoOutcome::ok, text.size(), 0};
  }
  os::IoResult send(int fd, base::Bytes bytes) override {
    ++sends;
    answer(fd, bytes);
    return {os::IoOutcome::ok, bytes.size(), 0};
  }
  os::IoResult send_gather(int fd, std::span<const os::Piece> pieces) override {
    ++sends;
    std::size_t sum = 0;
    for (const os::Piece& piece : pieces) {
      answer(fd, {static_cast<const std::uint8_t*>(piece.bytes), piece.length});
      sum += piece.length;
    }
    return {os::IoOutcome::ok, sum, 0};
  }
  void send_batch(std::span<os::SendOp> ops) override {
    sends += ops.size();
    for (os::SendOp& op : ops) op.result = {os::IoOutcome::ok, op.length, 0};
  }
  void shutdown_send(int fd) override { hang_up(static_cast<std::size_t>(fd - first_client)); }
  void close(int) override { ++closed; }
  void abort(int) override { ++closed; }
  int open_poller() override { return 1; }
  bool watch(int, int fd, std::uint64_t token, os::Watch) override {
    if (fd == listener) listener_token_ = token;
    if (fd >= first_client) client_of(fd).token = token;
    return true;
  }
  void watch_as(int, int, std::uint64_t, os::Watch) override {}
  void unwatch(int, int) override {}
  std::size_t wait(int, std::span<os::Ready> into, int) override {
    std::size_t count = 0;
    if (waiting() > 0 && !std::exchange(listener_told_, true)) into[count++] = {listener_token_, true, false, false};
    if (count == 0) listener_told_ = false;
    for (; count < into.size() && !ready_.empty(); ready_.pop_back()) {
      const Client& client = clients_[ready_.back()];
      into[count++] = {client.token, true, false, client.says == Says::end};
    }
    return count;
  }
  int open_wake() override { return 2; }
  void signal_wake(int) override {}
  void clear_wake(int) override {}
  os::Mapping map(std::size_t) override { return {}; }
  os::Mapping map_private(std::size_t bytes) override {
    mapped_bytes_ += bytes;
    return {new std::uint8_t[bytes], bytes, -1};
  }
  void unmap(const os::Mapping& mapping) override {
    mapped_bytes_ -= mapping.length;
    delete[] mapping.bytes;
  }
  void discard(base::MutableBytes) override {}
  void populate(base::MutableBytes) override {}

 private:
  static constexpr int listener = 3;
  static constexpr int first_client = 10;
  enum class Says : std::uint8_t { request, nothing, pong, close, end };
  struct Client {
    std::uint64_t token = 0;
    Says says = Says::request;
  };

  Client& client_of(int fd) { return clients_[static_cast<std::size_t>(fd - first_client)]; }
  void report(std::size_t client) { ready_.push_back(static_cast<std::uint32_t>(client)); }
  std::string request(std::size_t number) const {
    return "GET /" + target_(number) + " HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
           "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
  }
  /// To a ping by a pong, to a close frame by the same; all else is for the client alone.
  void answer(int fd, base::Bytes bytes) {
    const bool asks = bytes[0] == 0x89 || bytes[0] == 0x88;
    if (!asks) return;
    client_of(fd).says = bytes[0] == 0x89 ? Says::pong : Says::close;
    report(static_cast<std::size_t>(fd - first_client));
  }

  std::vector<Client> clients_;
  std::string (*const target_)(std::size_t number);
  std::vector<std::uint32_t> ready_;
  std::size_t connected_ = 0;
  std::size_t accepted_ = 0;
  std::uint64_t listener_token_ = 0;
  bool listener_told_ = false;
  std::size_t mapped_bytes_ = 0;
};

}  // namespace micro
