// What one connection with streams has to send, as one write: the rest of a frame, the codec's replies, then DATA frames, one a
// stream and round: a head of its own, and bytes that all subscribers share. Short payloads are copied behind their heads, so that
// thousands of small frames are one piece; long ones stay where they are.
// Owner: a shard's FanOut, which uses it again for every write. Thread: that shard.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
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
    base::Bytes payload;       // in the log
    std::uint32_t head = 0;    // where its head is in the buffer

    std::size_t bytes() const { return codec::StreamCodec::data_head_bytes + payload.size(); }
  };

  StreamWrite();

  /// Takes the frames' bytes from the peer's windows and moves their subscribers' cursors on; `consume` must follow, before
  /// anything else is done with the connection.
  void collect(Connection& connection);
  bool empty() const { return bytes_ == 0; }
  std::span<const os::Piece> pieces() const { return std::span(pieces_).subspan(first_piece_); }
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
  /// Nearly all subscribers of a topic stand at the same cursor: what was looked up for one holds for the next.
  struct Prepared {
    const TopicSlice* slice = nullptr;
    std::uint64_t cursor = 0;
    base::Bytes bytes;  // from there on
  };

  void collect_frames();
  /// False when the stream has nothing to send, or no window for it.
  bool collect_frame(std::uint32_t slot, std::size_t length_max);
  void add_frame(const Frame& frame);
  void add_before_frames();
  base::Bytes bytes_at(const TopicSlice& slice, std::uint64_t cursor);
  std::size_t consume_rest(std::size_t written, std::uint64_t& publications);
  std::size_t consume_replies(std::size_t written);
  void pin(const Frame& frame, std::size_t written);
  void give_back(const Frame& frame);
  std::uint64_t publications_in(const Frame& frame);
  Subscriber& subscriber_of(std::size_t subscription) const;

  Connection* connection_ = nullptr;
  std::unique_ptr<std::uint8_t[]> buffer_;  // heads, and payloads that are copied
  std::size_t buffered_ = 0;
  std::vector<os::Piece> pieces_;
  std::size_t first_piece_ = 0;
  std::vector<Frame> frames_;
  std::size_t bytes_ = 0;
  std::size_t rest_bytes_ = 0;
  std::size_t replies_bytes_ = 0;
  bool stalled_one_ = false;
  Prepared prepared_;
  Frame counted_;
  std::uint64_t counted_publications_ = 0;
};

}  // namespace conn
