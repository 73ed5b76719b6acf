// Server-to-client WebSocket frames (RFC 6455 §5.2), parsed where they were received: of a message only the head is
// looked at, and one message in `verify_every` is compared byte for byte.
// Owner: the client. Thread: the load thread.
#pragma once

#include <cstdint>
#include <span>

#include "bench/load/client_frame.h"
#include "bench/load/ledger.h"

namespace load {

/// What a connection must remember between two reads.
struct StreamState {
  static constexpr std::uint32_t carry_bytes_max = 136;  // over a frame's head and ours, and over any control frame
  std::uint32_t subscriber = 0;
  std::uint32_t payload_bytes = 0;
  std::uint32_t payload_left = 0;  // of the message under way; 0: between frames
  std::uint32_t carry_bytes = 0;
  PayloadHead head{};
  bool counted = false;
  bool verifying = false;
  bool corrupted = false;
  std::uint8_t carry[carry_bytes_max];  // the start of a frame whose head was cut by the end of a read
};

/// Called in the middle of a read: an implementation must not read from or close the connection at once.
class ControlFrames {
 public:
  virtual ~ControlFrames() = default;
  virtual void on_ping(std::span<const std::uint8_t> payload) = 0;
  virtual void on_close() = 0;
};

class FrameReader {
 public:
  /// `ledger` null: messages are skipped and only counted.
  FrameReader(Ledger* ledger, std::uint32_t verify_every) : ledger_(ledger), verify_every_(verify_every) {}

  /// Parses [at, end) as received at `now`; returns where the unconsumed rest begins, which is shorter than
  /// carry_bytes_max and must be put in front of the next read. Null: the stream is broken and was counted so.
  const std::uint8_t* read(StreamState& state, const std::uint8_t* at, const std::uint8_t* end, std::uint64_t now,
                           ControlFrames& control);

  std::uint64_t skipped() const { return skipped_; }

 private:
  const std::uint8_t* take_payload(StreamState& state, const std::uint8_t* at, const std::uint8_t* end, std::uint64_t now);
  void start_message(StreamState& state, const std::uint8_t* payload, std::uint32_t payload_bytes);

  Ledger* ledger_;
  std::uint32_t verify_every_;
  std::uint32_t until_verify_ = 0;
  std::uint64_t skipped_ = 0;
};

}  // namespace load
