// See publishing.h.
// Owner: a shard, or the engine. Thread: its owner's.
#include "native/shard/publishing.h"

#include "native/base/check.h"
#include "native/codec/text/topic_path.h"

namespace shard {

using metrics::Metric;

PublishOutcome Publishing::publish_checked(std::string_view name, const codec::Publication& publication, std::uint32_t now_ms) {
  topic::TopicRef topic;
  const PublishStatus status = check(name, publication, topic);
  if (status == PublishStatus::logs_full) engine_.ask_for_relief(now_ms);
  if (status != PublishStatus::ok) return {status, 0};
  return {status, publish(topic, publication, now_ms)};
}

/// `topic` is set when nothing stands against it.
PublishStatus Publishing::check(std::string_view name, const codec::Publication& publication, topic::TopicRef& topic) const {
  const EngineOptions& options = engine_.options;
  if (!codec::is_valid_topic(name, options.topics.topic_bytes_max)) return PublishStatus::invalid_topic;
  if (publication.payload.size() > options.codecs.websocket.message_bytes_max) return PublishStatus::too_big;
  if (engine_.memory.over_limit(topic::Demand::little)) return PublishStatus::logs_full;
  topic = engine_.topics.open(name);
  if (!topic) return PublishStatus::topics_full;
  const bool much = publication.payload.size() > topic::little_bytes_max || topic->is_held();
  return much && engine_.memory.over_limit(topic::Demand::much) ? PublishStatus::logs_full : PublishStatus::ok;
}

bool Publishing::has_room(const topic::Topic& topic, std::size_t payload_bytes, std::uint32_t now_ms) const {
  const bool much = payload_bytes > topic::little_bytes_max || topic.is_held();
  const bool has = !engine_.memory.over_limit(much ? topic::Demand::much : topic::Demand::little);
  if (!has) engine_.ask_for_relief(now_ms);
  return has;
}

std::uint64_t Publishing::publish(const topic::TopicRef& topic, const codec::Publication& publication, std::uint32_t now_ms) {
  CHECK(topic != nullptr);
  const bool retains = engine_.retained.wants(topic->name());
  const bool keeps = topic->history() != nullptr;
  const topic::Published published =
      topic->publish(publication, now_ms, engine_.memory, retains ? engine_.retained.copy_of(publication) : nullptr,
                     keeps ? engine_.histories.keep(publication, now_ms) : topic::KeptRef());
  if (retains) engine_.retained.follow(topic);
  if (keeps) engine_.histories.list(topic);
  // Whatever else is to see every publication of every publisher with its offset (other nodes) is told here.
  count(published);
  notify(topic, published);
  return published.offset;
}

void Publishing::count(const topic::Published& published) {
  metrics_.add(Metric::publications);
  metrics_.add(Metric::encodes, published.encodes);
  metrics_.add(Metric::publications_not_encodable, published.passed_over);
  if (published.encodes == 0) metrics_.add(Metric::publications_unheard);
}

void Publishing::notify(const topic::TopicRef& topic, const topic::Published& published) {
  for (std::size_t i = 0; i < published.notify.size(); ++i) {
    if (published.notify[i] == 0) continue;
    const auto encoding = static_cast<codec::EncodingId>(i);
    if (!engine_.notify(topic, encoding, published.notify[i], shard_)) continue;
    CHECK(fan_out_ != nullptr);  // only a shard is told of itself
    fan_out_->log_ready(topic, encoding);
  }
}

}  // namespace shard
