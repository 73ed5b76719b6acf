// What JavaScript may ask of histories.
#include <string>
#include <utility>

#include "native/addon/arguments.h"
#include "native/addon/engine_object.h"
#include "native/addon/errors.h"
#include "native/addon/values.h"

namespace addon {

namespace {

constexpr std::int64_t page_messages_max = 100'000;
constexpr std::int64_t page_bytes_max = 1024 * 1024 * 1024;
constexpr std::size_t position_bytes_max = 128;

/// `since` and `last` are one of them null, or both.
codec::ReplayWish wish_of(const Napi::Value& since, const Napi::Value& last) {
  if (!last.IsNull()) {
    codec::ReplayWish wish;
    wish.from = codec::ReplayWish::From::last;
    wish.last = static_cast<std::uint32_t>(integer_from(last, "last", {1, UINT32_MAX}));
    return wish;
  }
  if (since.IsNull()) return {};
  const auto wish = codec::parse_since(text_from(since, "since", position_bytes_max));
  if (!wish) throw_range(since, "since", "<epoch>-<offset>, beginning, or live");
  return *wish;
}

Napi::Value to_value(Napi::Env env, const topic::Kept& kept, std::uint64_t offset) {
  Napi::Object object = Napi::Object::New(env);
  const std::string_view text = base::text_of(kept.payload());
  const bool is_text = kept.kind() == codec::PayloadKind::text;
  object.Set("payload", is_text ? Napi::Value(Napi::String::New(env, text.data(), text.size()))
                                : Napi::Value(Napi::Buffer<std::uint8_t>::Copy(env, kept.payload().data(), text.size())));
  object.Set("offset", static_cast<double>(offset));
  object.Set("event", kept.event().empty() ? env.Null() : Napi::Value(Napi::String::New(env, std::string(kept.event()))));
  return object;
}

}  // namespace

Napi::Value EngineObject::history(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::string topic = text_from(info[0], "topic");
  const Napi::Object ask = object_from(info[1], "ask");
  const codec::ReplayWish wish = wish_of(ask.Get("since"), ask.Get("last"));
  const auto messages_max = static_cast<std::size_t>(integer_from(ask.Get("messagesMax"), "messagesMax", {0, page_messages_max}));
  const auto bytes_max = static_cast<std::size_t>(integer_from(ask.Get("bytesMax"), "bytesMax", {1, page_bytes_max}));
  shard::Engine& engine = running(env);
  topic::HistoryPage page;
  switch (engine.read_history(topic, wish, messages_max, bytes_max, page)) {
    case shard::ListenStatus::ok: break;
    case shard::ListenStatus::invalid_topic: throw invalid_topic(env, info[0]);
    case shard::ListenStatus::topics_full: throw topics_full(env, engine);
  }
  Napi::Object object = Napi::Object::New(env);
  const topic::Recovery& recovery = page.recovery;
  object.Set("epoch", recovery.epoch);
  object.Set("keeps", page.keeps);
  object.Set("firstOffset", static_cast<double>(recovery.first_offset));
  object.Set("nextOffset", static_cast<double>(recovery.live_offset));
  object.Set("oldestOffset", static_cast<double>(page.oldest_offset));
  object.Set("whole", recovery.whole);
  object.Set("skipped", recovery.skipped ? Napi::Value(Napi::Number::New(env, static_cast<double>(*recovery.skipped))) : env.Null());
  Napi::Array messages = Napi::Array::New(env, page.kept.size());
  for (std::size_t i = 0; i < page.kept.size(); ++i) {
    messages.Set(static_cast<std::uint32_t>(i), to_value(env, *page.kept[i].get(), recovery.first_offset + i));
  }
  object.Set("messages", messages);
  return object;
}

}  // namespace addon
