// The open streams of one connection in a flat table: a place each, found by key in one step, by id in a binary search.
// Owner: the connection's codec. Thread: its shard.
#pragma once

#include <cstdint>
#include <vector>

#include "native/codec/http2_frame.h"
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
  /// Places are 0 to one less than this; some are free.
  std::size_t places() const { return places_.size(); }
  const Http2Stream& at(std::size_t place) const { return places_[place]; }
  /// 0 when all are smaller.
  std::int64_t largest_send_delta() const;

 private:
  void compact();

  std::vector<Http2Stream> places_;
  std::vector<std::uint32_t> free_;
  std::vector<StreamKey> by_id_;  // ascending; of closed streams too, until they are as many as the open ones
  std::uint32_t open_ = 0;
};

}  // namespace codec
