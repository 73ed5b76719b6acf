// Between JavaScript values and the engine's types. The values were validated by src/config: here only their types are
// checked, with a TypeError that names the option.
// Owner: nobody, pure functions. Thread: the Node thread.
#pragma once

#include <napi.h>

#include "native/shard/engine.h"

namespace addon {

shard::EngineOptions to_engine_options(const Napi::Object& value);
Napi::Value to_value(Napi::Env env, const shard::BoundListener& listener);
Napi::Value to_value(Napi::Env env, const shard::TopicCounts& counts);
/// The system's name of an errno, such as EADDRINUSE.
const char* error_name(int error);

}  // namespace addon
