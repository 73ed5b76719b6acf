// Between JavaScript values and the engine's types. The values were validated by src/config: here only their types are
// checked, with a TypeError that names the option.
// Owner: nobody, pure functions. Thread: the Node thread.
#pragma once

#include <napi.h>

#include <string>

#include "native/shard/engine.h"

namespace addon {

/// `PublishDetails` of the binding; null texts are empty.
struct PublishDetails {
  std::string event;
  std::string user_id;
  conn::ConnectionId excluded = 0;
};
PublishDetails to_publish_details(const Napi::Object& value);
conn::SessionTerms to_session_terms(const Napi::Object& value);
/// Without its connection.
topic::Join to_join(const Napi::Object& value);
shard::EngineOptions to_engine_options(const Napi::Object& value);
Napi::Value to_value(Napi::Env env, const shard::BoundListener& listener);
Napi::Value to_value(Napi::Env env, const shard::TopicCounts& counts);
/// The system's name of an errno, such as EADDRINUSE.
const char* error_name(int error);

}  // namespace addon
