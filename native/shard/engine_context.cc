#include "native/shard/engine_context.h"

#include <bit>

#include "native/shard/shard.h"

namespace shard {

EngineContext::~EngineContext() = default;

bool EngineContext::notify(const topic::TopicRef& topic, codec::EncodingId encoding, topic::ShardMask mask, unsigned self) {
  bool own = false;
  for (topic::ShardMask left = mask; left != 0; left &= left - 1) {
    const auto target = static_cast<unsigned>(std::countr_zero(left));
    if (target == self) {
      own = true;
      continue;
    }
    Message message;
    message.kind = MessageKind::log_ready;
    message.encoding = encoding;
    message.topic = topic;
    shards[target]->post(std::move(message));
  }
  return own;
}

bool EngineContext::warn(const char* name, std::string message) {
  Event event;
  event.kind = EventKind::warning;
  event.name = name;
  event.text = std::move(message);
  return events.post(std::move(event));
}

}  // namespace shard
