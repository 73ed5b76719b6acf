// What all shards share. Everything here is either immutable after start or safe to use from any thread.
// Owner: the engine. Thread: any.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "native/codec/stream_codec.h"
#include "native/shard/address_limit.h"
#include "native/shard/clients.h"
#include "native/shard/engine_options.h"
#include "native/shard/events.h"
#include "native/topic/log_memory.h"
#include "native/topic/registry.h"

namespace shard {

/// What clients of other protocols are told of a reserved topic.
inline constexpr std::string_view reserved_reason = "the topics of a Pusher app are its own, unless it is configured with shared: true";

class Shard;

/// Names in small letters.
struct AskedFields {
  codec::FieldNames wanted;  // by the control plane, to be handed on
  codec::FieldNames all;     // and those that are always looked at
};

struct EngineContext {
  EngineContext(EngineOptions engine_options, os::Kernel& engine_kernel, EventSink& engine_events);
  ~EngineContext();

  const EngineOptions options;
  os::Kernel& kernel;
  EventSink& events;
  AddressLimit addresses;
  Clients clients;
  topic::LogMemory memory;
  topic::Histories histories;  // before the topics, which refer to it
  topic::Registry topics;
  topic::Retained retained;
  topic::Idempotency idempotency;
  std::vector<std::unique_ptr<Shard>> shards;

  /// Sockets accepted and not yet closed, over all shards. Relaxed: a limit, not a synchronisation.
  std::atomic<std::size_t> connections{0};
  /// Streams open, and bytes kept for them, over all connections that have streams. Relaxed: limits, not synchronisation.
  std::atomic<std::size_t> streams{0};
  std::atomic<std::size_t> stream_bytes{0};
  /// Bytes kept of messages and request heads that came in part, over all connections without streams. Relaxed, as these.
  std::atomic<std::size_t> received_bytes{0};
  /// Whether connection and disconnect events are wanted. Relaxed: it may take a turn to be noticed.
  std::atomic<bool> connection_events{false};
  /// Shards that, while draining, have no publisher any more. Relaxed: subscribers wait for it only as long as it is worth.
  std::atomic<unsigned> shards_without_publishers{0};
  /// The same of everybody but sessions that come back here. Relaxed: sessions wait for it only as long as it is worth.
  std::atomic<unsigned> shards_without_subscribers{0};
  /// Connections cut at the end of a drain, over all shards.
  std::atomic<std::size_t> drain_cut{0};
  /// Shards that have closed all whom the drain found there. Relaxed: who comes later is dealt with whenever this is seen.
  std::atomic<unsigned> shards_drained{0};
  /// Shards that have closed their last connection, and take no other. Only counted; the event carries the news.
  std::atomic<unsigned> shards_ended{0};
  static constexpr std::uint32_t relief_interval_ms = 20;
  /// When relief was last asked for, perhaps longer ago than the clock can tell. Relaxed: one of those who ask at the same time does it.
  std::atomic<std::uint32_t> relief_asked_ms;

  /// Tells every shard in `notify` of a topic's new head, except `self` (none: shards_max), whose bit is returned.
  bool notify(const topic::TopicRef& topic, codec::EncodingId encoding, topic::ShardMask shards, unsigned self);
  /// The logs are full: every shard lets go of its slowest. Now and then, not at every call: what one relief lets go of is free only
  /// after the next passes.
  void ask_for_relief(std::uint32_t now_ms);
  /// Which header fields questions carry. Never null.
  std::shared_ptr<const AskedFields> asked_fields();
  void set_asked_fields(codec::FieldNames wanted);
  /// Whether only a session protocol's own clients may use the topic.
  bool is_reserved(std::string_view topic) const;
  /// False when the event was dropped; the caller's metric block counts it.
  bool warn(const char* name, std::string message);

 private:
  std::mutex asked_fields_lock_;
  std::shared_ptr<const AskedFields> asked_fields_;
};

}  // namespace shard
