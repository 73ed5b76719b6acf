// Between JavaScript values and the engine's types. Each value is held to the contract of src/native/binding.ts (arguments.h): what
// the engine takes for granted must not depend on src/config having been asked.
// Owner: nobody, pure functions. Thread: the Node thread.
#pragma once

#include <napi.h>

#include <string>

#include "native/shard/engine.h"

namespace addon {

conn::ConnectionId to_connection_id(const Napi::Value& value, const char* name);
/// A code that may stand in a close frame (RFC 6455 §7.4).
std::uint16_t to_close_code(const Napi::Value& value);
/// `PublishDetails` of the binding; null texts are empty.
struct PublishDetails {
  std::string event;
  std::string user_id;
  conn::ConnectionId excluded = 0;
};
PublishDetails to_publish_details(const Napi::Object& value);
conn::SessionTerms to_session_terms(const Napi::Object& value);
shard::ConnectionQuery to_connection_query(const Napi::Object& value);
/// Without its connection.
topic::Join to_join(const Napi::Object& value);
shard::EngineOptions to_engine_options(const Napi::Object& value);
Napi::Value to_value(Napi::Env env, const shard::BoundListener& listener);
Napi::Value to_value(Napi::Env env, const shard::TopicCounts& counts);
/// The system's name of an errno, such as EADDRINUSE.
const char* error_name(int error);

}  // namespace addon
