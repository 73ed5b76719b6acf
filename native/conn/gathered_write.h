// Everything one connection has to send, as pieces for one vectored write: private bytes and the pending ranges of its
// topics, in an order that never splits a frame.
// Owner: the caller's stack. Thread: the connection's shard.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "native/conn/asides.h"
#include "native/conn/connection.h"
#include "native/conn/topic_slice.h"
#include "native/os/kernel.h"

namespace conn {

/// A path's MSS-sized burst on loopback; one byte more costs 20–35 % of a burst's rate (docs/benchmarking.md).
inline constexpr std::uint32_t send_quantum_bytes = 65'483;

/// True when the connection's cursor in that subscription stands within a frame, part of which is on the wire.
bool is_within_frame(Connection& connection, std::size_t subscription);
/// Where the connection stands within a frame, moves it behind: the rest goes out before its private bytes. (Of streams a rest is pinned
/// as it is written: StreamWrite.)
void complete_frame(Connection& connection);

class GatheredWrite {
 public:
  /// Collects at most `send_quantum_bytes` of topic bytes behind all private bytes; up to the next seam of `asides`, where there is one (null: none),
  /// and of no topic behind that.
  explicit GatheredWrite(Connection& connection, const Asides* asides = nullptr);

  bool empty() const { return count_ == 0; }
  /// True when the pieces are all there is: writing them completely leaves nothing pending.
  bool complete() const { return complete_; }
  std::span<const os::Piece> pieces() const { return {pieces_.data(), count_}; }
  std::size_t bytes() const { return bytes_; }

  /// Moves cursors and private bytes on by what the kernel took; returns the publications completed by it.
  std::uint64_t consume(std::size_t written);

 private:
  static constexpr std::size_t pieces_max = 16;
  static constexpr std::uint16_t private_bytes = UINT16_MAX;
  static constexpr std::uint16_t pinned_bytes = UINT16_MAX - 1;

  bool add(const void* bytes, std::size_t length, std::uint16_t owner);
  void add_subscription(std::size_t subscription, std::uint64_t until);

  Connection& connection_;
  std::array<os::Piece, pieces_max> pieces_;
  std::array<std::uint16_t, pieces_max> owners_;  // a subscription, private_bytes or pinned_bytes
  std::size_t count_ = 0;
  std::size_t bytes_ = 0;
  std::uint32_t quantum_left_ = send_quantum_bytes;
  bool complete_ = true;
};

}  // namespace conn
