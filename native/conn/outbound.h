// A connection's private bytes: handshake answers, pongs, close frames, the rest of a frame that a policy cut off. It exists
// only while something waits; what subscribers share never passes through it.
// Owner: its connection. Thread: that connection's shard.
#pragma once

#include <cstdint>
#include <vector>

#include "native/base/bytes.h"
#include "native/base/check.h"

namespace conn {

class Outbound {
 public:
  base::Bytes unsent() const { return base::Bytes(bytes_).subspan(sent_); }
  bool empty() const { return sent_ == bytes_.size(); }
  /// True when bytes have left that belong to what is still unsent.
  bool started() const { return sent_ > 0; }

  void append(base::Bytes bytes) {
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
    pong_at_ = no_pong;
  }
  /// At most one pong waits: a peer that pings without reading replaces its own answer.
  void append_pong(base::Bytes frame) {
    if (pong_at_ != no_pong && pong_at_ >= sent_) bytes_.resize(pong_at_);
    const std::size_t at = bytes_.size();
    append(frame);
    pong_at_ = at;
  }
  /// The rest of a frame whose beginning is on the wire already: it goes before everything else.
  void prepend(base::Bytes bytes) {
    CHECK(!started());
    bytes_.insert(bytes_.begin(), bytes.begin(), bytes.end());
    if (pong_at_ != no_pong) pong_at_ += bytes.size();
  }
  void consume(std::size_t count) {
    CHECK(count <= bytes_.size() - sent_);
    sent_ += count;
  }
  std::size_t size() const { return bytes_.size() - sent_; }

 private:
  static constexpr std::size_t no_pong = SIZE_MAX;
  std::vector<std::uint8_t> bytes_;
  std::size_t sent_ = 0;
  std::size_t pong_at_ = no_pong;
};

}  // namespace conn
