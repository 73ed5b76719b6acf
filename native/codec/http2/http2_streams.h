// The open streams of one connection in a flat table: a place each, found by key in one step, by id in a binary search.
// Owner: the connection's codec. Thread: its shard.
#pragma once

#include <cstdint>
#include <vector>

#include "native/codec/http2/http2_frame.h"
#include "native/codec/stream_codec.h"

namespace codec {

struct Http2Stream {
  std::uint32_t id = 0;  // 0: the place is free
  std::uint32_t receive_left = 0;  // what the peer may still send
  std::int64_t send_delta = 0;     // its send window, less the peer's initial one: SETTINGS change all windows at once (§6.9.2)
  std::int64_t content_left = -1;  // of an announced content-length; -1: none was
  bool peer_ended = false;         // half-closed by the peer
  bool sends_data = false;         // our headers are queued, our end is not
  bool answered = false;           // half-closed by us
};

/// Not a hash table: ids ascend, so that a peer would choose its collisions.
class Http2Streams {
 public:
  std::uint32_t size() const { return open_; }
  /// Null when there is none; valid until a stream is opened or closed.
  Http2Stream* find(StreamKey key);
  const Http2Stream* find(StreamKey key) const { return const_cast<Http2Streams*>(this)->find(key); }
  /// A key that finds nothing when there is no such stream.
  StreamKey key_of(std::uint32_t id) const;

  /// `id` is higher than every one before.
  StreamKey open(std::uint32_t id);
  void close(StreamKey key);
  /// The open streams, oldest first, at most `count` of them.
  std::vector<StreamKey> oldest(std::uint32_t count) const;
  /// 0 when all are smaller.
  std::int64_t largest_send_delta() const;
  /// What the walks over open streams (`oldest`, `largest_send_delta`) have looked at so far. They are work that a peer asks for
  /// with one frame: at most twice the open streams and a few each time, however many there once were.
  std::uint64_t walked() const { return walked_; }

 private:
  void compact();

  std::vector<Http2Stream> places_;
  std::vector<std::uint32_t> free_;
  std::vector<StreamKey> by_id_;  // ascending; of closed streams too, until they are as many as the open ones
  std::uint32_t open_ = 0;
  mutable std::uint64_t walked_ = 0;
};

}  // namespace codec
