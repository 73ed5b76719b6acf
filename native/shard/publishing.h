// The one door for publications, whoever brings them: check, retain, give it its place in the topic, count, notify.
// Owner: a shard, or the engine for those who publish from outside the shards. Thread: its owner's.
#pragma once

#include <cstdint>
#include <string_view>

#include "native/metrics/metrics.h"
#include "native/shard/engine_context.h"
#include "native/shard/fan_out.h"

namespace shard {

enum class PublishStatus : std::uint8_t { ok, invalid_topic, too_big, logs_full, topics_full };

struct PublishOutcome {
  PublishStatus status = PublishStatus::ok;
  std::uint64_t offset = 0;
};

class Publishing {
 public:
  /// From outside the shards. All of them are told of new heads.
  Publishing(EngineContext& engine, metrics::Block& metrics) : Publishing(engine, metrics, topic::shards_max, nullptr) {}
  /// From shard `shard`, whose fan out is told of new heads at once.
  Publishing(EngineContext& engine, metrics::Block& metrics, unsigned shard, FanOut* fan_out)
      : engine_(engine), metrics_(metrics), shard_(shard), fan_out_(fan_out) {}

  /// For who names the topic with each publication and can only be refused: checks everything, then `publish`.
  PublishOutcome publish_checked(std::string_view topic, const codec::Publication& publication, std::uint32_t now_ms);
  /// Whether the logs have room for a publication of so many bytes; who has none for it asks for relief.
  bool has_room(const topic::Topic& topic, std::size_t payload_bytes, std::uint32_t now_ms) const;
  /// Of connections: the name was checked when they came to have the topic, the size as it was decoded, and who finds no room in the logs
  /// is not read (Shard::must_wait) or is refused before it gets here (StreamSink::on_stream_message).
  std::uint64_t publish(const topic::TopicRef& topic, const codec::Publication& publication, std::uint32_t now_ms);

 private:
  PublishStatus check(std::string_view name, const codec::Publication& publication, topic::TopicRef& topic) const;
  void count(const topic::Published& published);
  void notify(const topic::TopicRef& topic, const topic::Published& published);

  EngineContext& engine_;
  metrics::Block& metrics_;
  const unsigned shard_;   // shards_max: none
  FanOut* const fan_out_;  // null: none
};

}  // namespace shard
