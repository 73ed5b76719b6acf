// What JavaScript decides about who may do what, checked as arguments.h says. Compiled grants are objects of their own in JavaScript, which nothing
// but the engine looks into; they live as long as anybody refers to them, there or here.
// Owner: nobody, pure functions. Thread: the Node thread.
#pragma once

#include <napi.h>

#include <cstdint>
#include <vector>

#include "native/codec/stream_codec.h"
#include "native/conn/connection_id.h"
#include "native/shard/auth_question.h"

namespace addon {

/// Of `{ publish, subscribe }`, lists of patterns.
Napi::Value to_grants_object(const Napi::Value& publish, const Napi::Value& subscribe);

struct Answer {
  conn::ConnectionId id = 0;
  shard::AuthVerdict verdict;
};

std::vector<Answer> to_answers(const Napi::Value& value);
std::vector<std::uint32_t> to_standings(const Napi::Value& value);
codec::FieldNames to_field_names(const Napi::Value& value);

}  // namespace addon
