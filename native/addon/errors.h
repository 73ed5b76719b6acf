// What the contract (src/native/binding.ts) throws: errors with a `code` that stays the same, and a message for people.
// Owner: nobody, pure functions. Thread: the Node thread.
#pragma once

#include <napi.h>

#include <string>

#include "native/addon/arguments.h"
#include "native/shard/engine.h"

namespace addon {

inline Napi::Error error_with_code(Napi::Env env, const std::string& message, const char* code) {
  Napi::Error error = Napi::Error::New(env, message);
  error.Set("code", Napi::String::New(env, code));
  return error;
}

inline Napi::Error invalid_topic(Napi::Env env, const Napi::Value& topic) {
  return error_with_code(env, "the topic's name is empty, too long, or has control characters, got: " + shown(topic), "ERR_TOPIC");
}

inline Napi::Error topics_full(Napi::Env env, const shard::Engine& engine) {
  return error_with_code(env, "too many topics (topicsMax), got: " + std::to_string(engine.topics()), "ERR_TOPICS");
}

}  // namespace addon
