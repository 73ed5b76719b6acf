// A connection's private bytes: handshake answers, pongs, close frames; and, before them, the rest of a shared frame whose
// beginning is on the wire when the connection leaves its place in the log. It exists only while something waits.
// Owner: its connection. Thread: that connection's shard.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "native/base/bytes.h"
#include "native/base/check.h"
#include "native/topic/segment.h"

namespace topic {
class Topic;
}  // namespace topic

namespace conn {

class Outbound {
 public:
  /// The rest of a shared frame; it leaves before `unsent`.
  base::Bytes pinned() const { return pinned_; }
  /// The topic that the pinned frame is of.
  const std::shared_ptr<topic::Topic>& pinned_topic() const { return pinned_topic_; }
  base::Bytes unsent() const { return base::Bytes(bytes_).subspan(sent_); }
  bool empty() const { return pinned_.empty() && sent_ == bytes_.size(); }
  /// True when bytes have left that belong to what is still unsent: nothing else may come between.
  bool started() const { return started_ || !pinned_.empty(); }
  /// What it takes in memory for its own bytes.
  std::size_t held_bytes() const { return bytes_.capacity(); }

  void append(base::Bytes bytes) {
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
    latest_at_ = no_latest;
  }
  /// At most one of them waits, as the last thing: a peer that pings without reading replaces its own answer.
  void append_latest(base::Bytes frame) {
    if (latest_waits()) bytes_.resize(latest_at_);
    const std::size_t at = bytes_.size();
    append(frame);
    latest_at_ = at;
  }
  /// Of what was last appended so nothing has left, and nothing stands behind it: the next one takes its place.
  bool latest_waits() const { return latest_at_ != no_latest && latest_at_ >= sent_; }
  /// The rest of a frame whose beginning is on the wire already: it goes before everything else. Not a copy: the segment is held
  /// until the rest has left, and counted by its LogMemory.
  void pin(topic::SegmentRef segment, base::Bytes rest, std::shared_ptr<topic::Topic> topic) {
    CHECK(!started() && !rest.empty());
    pinned_topic_ = std::move(topic);
    segment_ = std::move(segment);
    pinned_ = rest;
  }
  /// Returns true when the pinned frame is complete by it.
  bool consume_pinned(std::size_t count) {
    CHECK(count <= pinned_.size());
    pinned_ = pinned_.subspan(count);
    if (!pinned_.empty()) return false;
    segment_ = topic::SegmentRef();
    pinned_topic_.reset();
    return true;
  }
  void consume(std::size_t count) {
    CHECK(pinned_.empty() && count <= bytes_.size() - sent_);
    sent_ += count;
    started_ = true;
    if (sent_ >= sent_bytes_max && sent_ >= bytes_.size() / 2) let_go_of_sent();
  }

 private:
  static constexpr std::size_t no_latest = SIZE_MAX;
  /// What has left is let go of from here on: a peer that reads, but never quite everything, must not make us grow for ever.
  static constexpr std::size_t sent_bytes_max = 64 * 1024;

  void let_go_of_sent() {
    bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(sent_));
    if (latest_at_ != no_latest) latest_at_ = latest_at_ >= sent_ ? latest_at_ - sent_ : no_latest;
    sent_ = 0;
  }

  topic::SegmentRef segment_;  // keeps pinned_ alive
  base::Bytes pinned_;
  std::shared_ptr<topic::Topic> pinned_topic_;
  std::vector<std::uint8_t> bytes_;
  std::size_t sent_ = 0;
  std::size_t latest_at_ = no_latest;
  bool started_ = false;  // of bytes_
};

}  // namespace conn
