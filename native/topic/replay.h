// Replay: what a history keeps, as bytes of the same log in front of the place where live delivery begins. An encoding always says the same
// of a publication, so the bytes stand where they would have stood if somebody had been subscribed all the time; a subscriber's cursor
// just begins earlier. So passes, lanes and slow-consumer rules know nothing of it, and there is no seam that could be missed.
// Owner: values; a chain is its topic's. Thread: a shard's; of chains under the topic's lock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "native/codec/text/replay_wish.h"
#include "native/topic/kept.h"
#include "native/topic/log_window.h"

namespace topic {

class LogMemory;
class Topic;

/// Where logs of topics with a history begin: what was published before anybody was subscribed has its place below.
inline constexpr std::uint64_t replay_room = std::uint64_t{1} << 62;

/// What was encoded for one replay serves those that come so soon behind it. (It says that it was published when it was encoded: so far off is
/// then the age by which a subscriber is judged.)
inline constexpr std::uint32_t replay_reuse_ms = 2000;

/// What a subscriber is told of its beginning.
struct Recovery {
  std::string epoch;
  std::uint64_t first_offset = 0;  // of the first publication that it gets
  std::uint64_t live_offset = 0;   // of the first that was not there yet
  bool asked = false;              // from a position, or from the beginning
  bool whole = true;               // it gets all that it asked for
  std::optional<std::uint64_t> skipped = 0;  // of that, what it does not get; nothing: nobody knows

  /// What it has missed; nothing when it has missed nothing.
  std::optional<codec::Gap> gap(std::string_view topic) const;
  /// It begins later than was thought.
  void skip_to(std::uint64_t offset);
};

struct ReplayBounds {
  std::uint64_t bytes_max = 0;  // from the first byte to the head; older publications are skipped
  std::uint32_t now_ms = 0;
};

/// One after another, the last of which ends where the publication behind it would begin.
struct ReplayChain {
  /// Each extension begins a segment of its own: with more of them all is encoded anew.
  static constexpr std::size_t segments_max = 64;

  std::vector<SegmentRef> segments;
  std::uint32_t made_ms = 0;

  std::uint64_t first_offset() const { return segments.front()->first_offset(); }
  std::uint64_t next_offset() const { return segments.back()->first_offset() + segments.back()->frames(); }
  std::uint64_t bytes() const { return segments.empty() ? 0 : segments.back()->end() - segments.front()->base(); }
  bool is_usable(std::uint32_t now_ms) const;
  void move_to(std::vector<SegmentRef>& garbage);
  /// Puts `older`, whose segments end where or before this begins, in front as far as they are adjacent.
  void adopt(const ReplayChain& older);
};

/// Publications of consecutive offsets.
struct KeptRun {
  std::uint64_t first_offset = 0;
  std::vector<KeptRef> kept;
};

/// What is to be encoded for a start, and before what it is to stand.
struct ReplayPlan {
  Recovery recovery;
  Head live;                      // where live begins
  bool replays = false;           // false: the start is `live`
  Head low;                       // where the window begins
  KeptRun front;                  // before `chain`
  ReplayChain chain;              // encoded already; may be empty
  KeptRun tail;                   // behind it, up to `low`
};

/// Where a subscriber's cursor is to stand.
struct ReplayStart {
  std::uint64_t cursor = 0;
  std::uint64_t live = 0;  // the position where live delivery begins
  Recovery recovery;
  std::uint64_t encodes = 0;
};

/// Records the shard's interest, and brings what the wish asks for into its window. Encodes, and calls the system for memory: without a lock.
ReplayStart start_replay(Topic& topic, codec::EncodingId encoding, unsigned shard, const codec::ReplayWish& wish, const ReplayBounds& bounds,
                         LogMemory& memory, LogWindow& window);

/// Publications as they are kept, for who reads a history as such.
struct HistoryPage {
  Recovery recovery;
  bool keeps = false;               // the topic has a history
  std::uint64_t oldest_offset = 0;  // of what it keeps; the topic's next when that is nothing
  std::vector<KeptRef> kept;  // from recovery.first_offset on, without a hole
};

}  // namespace topic
