// See grpc_codec.h: calls that wait for whether they may go on. What they say meanwhile is kept as it came, and looked at when they may.
// Owner: the connection. Thread: its shard.
#include <utility>

#include "native/base/check.h"
#include "native/codec/grpc/grpc_codec.h"

namespace codec {

void GrpcCodec::ask_first(std::shared_ptr<const FieldNames> fields, std::size_t bytes_max) {
  CHECK(asked_ == nullptr && fields != nullptr);
  asked_ = std::move(fields);
  waiting_bytes_max_ = bytes_max;
}

/// Health and the description of the services are everybody's, as they say nothing of topics.
bool GrpcCodec::asks_about(GrpcMethod method) const {
  if (asked_ == nullptr) return false;
  switch (method) {
    case GrpcMethod::publish:
    case GrpcMethod::subscribe:
    case GrpcMethod::v1_publish:
    case GrpcMethod::v1_publish_one:
    case GrpcMethod::v1_subscribe:
    case GrpcMethod::v1_last: return true;
    case GrpcMethod::health_check:
    case GrpcMethod::health_watch:
    case GrpcMethod::reflection:
    case GrpcMethod::reflection_alpha: break;
  }
  return false;
}

void GrpcCodec::keep_waiting(StreamKey stream, Call& call, base::Bytes piece) {
  if (assembly_bytes_ + piece.size() > limits_.assembly_bytes_max) {
    return end(stream, GrpcStatus::resource_exhausted, "too many messages are half sent");
  }
  Assembly& said = call.extras_for_writing().assembly;
  said.insert(said.end(), piece.begin(), piece.end());
  assembly_bytes_ += piece.size();
  waiting_bytes_ += piece.size();
  if (is_held_back()) http2_.stop();
}

void GrpcCodec::let_in(StreamKey stream, StreamSink& sink) {
  Call* const call = find(stream);
  if (call == nullptr || call->state != CallState::waiting) return;
  CHECK(sink_ == nullptr);
  sink_ = &sink;
  call->state = CallState::receiving;
  Assembly said;
  bool has_ended = false;
  if (call->extras) {
    said.swap(call->extras->assembly);
    has_ended = std::exchange(call->extras->peer_ended, false);
  }
  assembly_bytes_ -= said.size();
  waiting_bytes_ -= said.size();
  if (row_of(call->method).requests == Messages::many) send_headers(stream);
  for (base::Bytes rest = said; !rest.empty();) rest = take_some(stream, rest);  // all of it, whatever stops a decode
  if (has_ended) on_end(stream);
  sink_ = nullptr;
  ended_.clear();
  if (http2_.streams().size() == 0) free_memory();
}

}  // namespace codec
