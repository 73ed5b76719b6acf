// What one connection with streams has to send, as one vectored write: the rest of a frame, the codec's replies, then DATA
// frames, one a stream and round: a head of its own, and bytes that all subscribers share.
// Owner: a shard's FanOut, which uses it again for every write. Thread: that shard.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "native/conn/connection.h"
#include "native/os/kernel.h"

namespace conn {

class StreamWrite {
 public:
  /// One DATA frame on its way: bytes of one subscriber's log.
  struct Frame {
    codec::StreamKey stream;
    TopicSlice* slice = nullptr;
    std::uint64_t cursor = 0;  // where its payload begins
    base::Bytes payload;
  };

  /// Takes the frames' bytes from the peer's windows and moves their subscribers' cursors on; `consume` must follow, before
  /// anything else is done with the connection.
  void collect(Connection& connection);
  bool empty() const { return pieces_.empty(); }
  std::span<const os::Piece> pieces() const { return pieces_; }
  std::size_t bytes() const { return bytes_; }
  /// `written` bytes have left. Of a frame that is partly among them the rest is pinned; the others go back to windows and
  /// logs. Returns the publications that are complete by it.
  std::uint64_t consume(std::size_t written);

  // Once consumed:
  /// The frames that are gone, or pinned.
  std::span<const Frame> sent() const { return frames_; }
  /// Whether a stream was met that has more to send and no window.
  bool has_stalled_one() const { return stalled_one_; }

 private:
  using Head = std::array<std::uint8_t, codec::StreamCodec::data_head_bytes>;

  void collect_frames();
  /// False when the stream has nothing to send, or no window for it.
  bool collect_frame(std::uint32_t slot, std::size_t length_max);
  void add(base::Bytes bytes);
  std::size_t consume_rest(std::size_t written, std::uint64_t& publications);
  std::size_t consume_replies(std::size_t written);
  void pin(std::size_t frame, std::size_t written);
  void give_back(const Frame& frame);
  std::uint64_t publications_in(std::size_t frame);
  Subscriber& subscriber_of(std::size_t subscription) const;

  Connection* connection_ = nullptr;
  std::vector<os::Piece> pieces_;
  std::vector<Frame> frames_;
  std::vector<Head> heads_;  // by frame
  std::size_t bytes_ = 0;
  std::size_t rest_bytes_ = 0;
  std::size_t replies_bytes_ = 0;
  bool stalled_one_ = false;
  // Nearly all subscribers of a topic stand at the same cursor: what was counted for one frame holds for the next.
  const Frame* counted_ = nullptr;
  std::uint64_t counted_publications_ = 0;
};

}  // namespace conn
