// What a connection keeps of its streams that are subscribed: which subscription is whose, whose turn it is, and the rest of a
// DATA frame whose beginning is on the wire.
// Owner: its connection. Thread: that connection's shard.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "native/base/bytes.h"
#include "native/codec/stream_codec.h"
#include "native/conn/topic_slice.h"
#include "native/topic/segment.h"

namespace conn {

/// It leaves before anything else, whatever has become of its stream. The segment is held until then.
struct FrameRest {
  std::array<std::uint8_t, codec::StreamCodec::data_head_bytes> head{};
  std::uint32_t head_sent = 0;
  topic::SegmentRef segment;  // keeps `payload` alive
  base::Bytes payload;
  topic::TopicRef topic;           // that the payload is of
  std::uint64_t publications = 0;  // that are complete with it

  base::Bytes head_left() const { return base::Bytes(head).subspan(head_sent); }
  bool empty() const { return payload.empty(); }
};

/// What a connection was last seen to have and to keep: its part of the sums over all connections.
struct StreamAccount {
  std::size_t streams = 0;
  std::size_t bytes = 0;
};

class Streams {
 public:
  // Which subscription is whose.
  /// `key` is of the connection's newest subscription.
  void add(codec::StreamKey key);
  /// Nothing when that stream is not subscribed.
  std::optional<std::size_t> find(codec::StreamKey key) const;
  /// By the stream's slot, where that may be in the queue for a stream that is gone.
  std::optional<std::size_t> find_slot(std::uint32_t slot) const;
  codec::StreamKey key_of(std::size_t subscription) const { return keys_[subscription]; }
  /// As Subscriptions::replace_by_last.
  void remove(std::size_t subscription);
  void clear();

  // Whose turn it is: each slot waits in the queue at most once.
  bool has_queued() const { return queued_ > 0; }
  void enqueue(std::uint32_t slot);
  void enqueue_first(std::uint32_t slot);
  std::uint32_t dequeue();

  // Subscribers whose stream has no window: their lane is `blocked`.
  static void stall(Subscriber& subscriber);
  static void wake(Subscriber& subscriber);

  FrameRest rest;
  StreamAccount account;
  bool waits_watched = false;  // the connection's deadline minds what its peer keeps us waiting for
  std::optional<std::uint32_t> deadline_ms;  // of a call: what the connection's deadline minds
  bool age_watched = false;    // and the age of what is not sent: at `judge_ms`
  std::uint32_t judge_ms = 0;
  std::uint64_t delivered = 0;        // publications, of all its streams
  std::uint64_t written_bytes = 0;    // since it was last judged
  std::uint32_t unread_since_ms = 0;  // the kernel takes nothing though replies wait; 0: not so

 private:
  static constexpr std::uint32_t none = UINT32_MAX;

  struct Place {
    std::uint32_t subscription = none;
    bool queued = false;
  };

  void make_room(std::uint32_t slot);

  std::vector<codec::StreamKey> keys_;  // by subscription
  std::vector<Place> places_;           // by slot
  std::vector<std::uint32_t> ring_;     // slots; as long as `places_`
  std::size_t first_ = 0;
  std::size_t queued_ = 0;
};

}  // namespace conn
