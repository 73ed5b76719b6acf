// Audience: who is subscribed to what on one shard. Each topic and encoding in use has a slice with its subscribers and ears.
// Owner: a shard's FanOut. Thread: that shard.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "native/conn/asides.h"
#include "native/metrics/metrics.h"
#include "native/shard/fan_out_owner.h"
#include "native/shard/lanes.h"

namespace shard {

class Audience {
 public:
  Audience(unsigned shard, topic::LogMemory& memory, conn::ConnectionTable& connections, metrics::Block& metrics,
           const std::vector<conn::SlowRule>& slow_rules, Lanes& lanes, FanOutOwner& owner)
      : shard_(shard), memory_(memory), connections_(connections), metrics_(metrics), slow_rules_(slow_rules), lanes_(lanes), owner_(owner) {}

  /// What time it is, for everything until the next call.
  void set_now(std::uint32_t now_ms) { now_ms_ = now_ms; }

  /// Adds the connection to the topic's subscribers from the present head on: call it before acknowledging.
  void subscribe(conn::Connection& connection, const topic::TopicRef& topic, codec::EncodingId encoding);
  /// The same, but from where the wish says, as far as the topic's history reaches. There is room in the logs (LogMemory::over_limit).
  topic::ReplayStart subscribe(conn::Connection& connection, const topic::TopicRef& topic, codec::EncodingId encoding, const codec::ReplayWish& wish);
  /// The same for one stream of a connection that has streams. Returns the topic's last publication before it; null when the topic
  /// retains none.
  topic::LastValueRef subscribe_stream(conn::Connection& connection, codec::StreamKey stream, const topic::TopicRef& topic,
                                       codec::EncodingId encoding);
  /// Brings in the connections that joined the topic from other threads, up to the join of that number (Topic::join).
  void bring_in_joins(const topic::TopicRef& topic, codec::EncodingId encoding, std::uint64_t number);
  /// Ends an ear's part in a topic; passed over when it has none.
  void unlisten(const topic::TopicRef& topic, codec::EncodingId encoding, std::uint64_t ear);
  /// Ends one subscription; false when there is none. A frame that is partly on the wire is completed.
  bool unsubscribe(conn::Connection& connection, std::string_view topic);
  /// Ends a stream's; passed over when it has none. A frame that is partly on the wire is completed.
  void unsubscribe_stream(conn::Connection& connection, codec::StreamKey stream);
  /// Ends all subscriptions. A frame that is partly on the wire is completed through the connection's private bytes.
  void unsubscribe_all(conn::Connection& connection);

  // What connections of shared framing are told between publications (conn/asides.h).
  /// To be added to; `say_asides` must follow, now or with the connection's next write.
  conn::Asides& asides_of(conn::Connection& connection);
  /// Null when the connection has none.
  const conn::Asides* find_asides(const conn::Connection& connection) const;
  /// Makes private bytes of what is to be said where the connection stands.
  void say_asides(conn::Connection& connection);

  /// Null when nobody here is subscribed.
  conn::TopicSlice* find(const topic::TopicRef& topic, codec::EncodingId encoding);

 private:
  using SliceKey = std::pair<const topic::Topic*, codec::EncodingId>;
  struct SliceKeyHash {
    std::size_t operator()(const SliceKey& key) const {
      return std::hash<const void*>{}(key.first) ^ static_cast<std::size_t>(key.second);
    }
  };

  conn::TopicSlice& slice_for(const topic::TopicRef& topic, codec::EncodingId encoding);
  topic::ReplayStart begin(conn::TopicSlice& slice, const codec::ReplayWish& wish);
  conn::Subscriber& add_subscriber(conn::TopicSlice& slice, conn::Connection& connection, const topic::Head& begin);
  void add_ear(conn::TopicSlice& slice, topic::Join& join);
  void add_joined(conn::TopicSlice& slice, topic::Join& join);
  void leave(const conn::Subscription& subscription);
  void remove_subscriber(conn::TopicSlice& slice, std::uint32_t index);
  conn::Subscription& subscription_at(conn::TopicSlice& slice, std::uint32_t index);
  void count_subscribers(conn::TopicSlice& slice, int change);
  void forget(conn::TopicSlice& slice);
  void forget_asides(conn::Connection& connection);

  const unsigned shard_;
  topic::LogMemory& memory_;
  conn::ConnectionTable& connections_;
  metrics::Block& metrics_;
  const std::vector<conn::SlowRule>& slow_rules_;
  Lanes& lanes_;
  FanOutOwner& owner_;

  std::unordered_map<SliceKey, std::unique_ptr<conn::TopicSlice>, SliceKeyHash> slices_;
  std::unordered_map<std::uint32_t, conn::Asides> asides_;  // by slot, where Connection::has_asides
  std::vector<topic::SegmentRef> garbage_;
  std::vector<topic::Join> joins_;
  std::uint32_t now_ms_ = 0;
};

}  // namespace shard
