#include "native/shard/engine_context.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "native/base/base62.h"
#include "native/base/wrapping_time.h"
#include "native/shard/shard.h"

namespace shard {

namespace {
constexpr std::size_t epoch_seed_chars_min = 7;

/// Seconds since 1970 and what the monotonic clock has beside them: no two starts have both in common.
std::string epoch_seed_of(os::Kernel& kernel) {
  const auto seconds = static_cast<std::uint64_t>(kernel.unix_seconds());
  const auto ns = static_cast<std::uint64_t>(kernel.now_ns());
  std::string seed = base::base62_of(seconds) + base::base62_of(ns % 1'000'000'000);
  while (seed.size() < epoch_seed_chars_min) seed.push_back('0');
  return seed;
}
}  // namespace

EngineContext::EngineContext(EngineOptions engine_options, os::Kernel& engine_kernel, EventSink& engine_events)
    : options(std::move(engine_options)),
      kernel(engine_kernel),
      events(engine_events),
      addresses(options.connections_per_address_max, options.clients.handshakes_per_second_max),
      clients(options.clients),
      memory(engine_kernel, options.log_bytes_max),
      histories(options.history),
      topics(options.topics_max, options.epoch_seed.empty() ? epoch_seed_of(engine_kernel) : options.epoch_seed, &histories),
      retained(options.retain),
      idempotency(options.idempotency),
      relief_asked_ms(base::moment_of_ns(engine_kernel.now_ns()) - relief_interval_ms) {
  set_asked_fields({});
}

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
    CHECK(target < shards.size());
    shards[target]->post(std::move(message));
  }
  return own;
}

void EngineContext::ask_for_relief(std::uint32_t now_ms) {
  std::uint32_t asked_ms = relief_asked_ms.load(std::memory_order_relaxed);
  if (base::distance_ms(asked_ms, now_ms) < relief_interval_ms) return;
  if (!relief_asked_ms.compare_exchange_strong(asked_ms, now_ms, std::memory_order_relaxed)) return;
  for (const auto& shard : shards) {
    Message message;
    message.kind = MessageKind::relieve;
    shard->post(std::move(message));
  }
}

std::shared_ptr<const AskedFields> EngineContext::asked_fields() {
  std::lock_guard guard(asked_fields_lock_);
  return asked_fields_;
}

void EngineContext::set_asked_fields(codec::FieldNames wanted) {
  auto made = std::make_shared<AskedFields>();
  made->all = {"authorization", "origin"};
  made->all.insert(made->all.end(), codec::forwarding_headers.begin(), codec::forwarding_headers.end());
  made->all.insert(made->all.end(), wanted.begin(), wanted.end());
  made->wanted = std::move(wanted);
  std::shared_ptr<const AskedFields> fields = std::move(made);
  std::lock_guard guard(asked_fields_lock_);
  asked_fields_.swap(fields);
}

bool EngineContext::is_reserved(std::string_view topic) const {
  return std::any_of(options.reserved_topics.begin(), options.reserved_topics.end(), [&](const std::string& each) { return topic.starts_with(each); });
}

bool EngineContext::warn(const char* name, std::string message) {
  return events.post(Warning{name, std::move(message)});
}

}  // namespace shard
