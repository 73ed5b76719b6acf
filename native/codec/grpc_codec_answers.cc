// See grpc_codec.h: what goes back. Answers that the codec writes itself obey the peer's windows too; what has no room yet is
// held, bounded, and goes on when there is.
// Owner: the connection. Thread: its shard.
#include <algorithm>
#include <array>

#include "native/base/check.h"
#include "native/codec/grpc_codec.h"
#include "native/codec/grpc_headers.h"
#include "native/codec/grpc_message.h"
#include "native/codec/protobuf.h"

namespace codec {

void GrpcCodec::send_headers(StreamKey stream) {
  Call* const call = find(stream);
  CHECK(call != nullptr);
  if (call->has_headers) return;
  call->has_headers = true;
  http2_.respond(stream, response_headers(), EndStream::no);
}

void GrpcCodec::send_message(StreamKey stream, base::Bytes message, AfterAnswer after) {
  std::vector<std::uint8_t> prefixed(grpc_prefix_bytes + message.size());
  write_grpc_prefix(message.size(), prefixed);
  std::copy(message.begin(), message.end(), prefixed.begin() + grpc_prefix_bytes);
  send_answer(stream, prefixed, after);
}

void GrpcCodec::send_answer(StreamKey stream, base::Bytes prefixed, AfterAnswer after) {
  if (held_bytes_ + http2_.replies().size() + prefixed.size() > limits_.answer_bytes_max) {
    return end(stream, GrpcStatus::resource_exhausted, "too many answers are not read");
  }
  send_headers(stream);
  Call& call = *find(stream);
  std::size_t sent = 0;
  if (!call.extras || !call.extras->held) sent = http2_.send(stream, prefixed);
  if (sent == prefixed.size()) {
    if (after == AfterAnswer::ends) end(stream, GrpcStatus::ok, {});
    return;
  }
  CallExtras& extras = call.extras_for_writing();
  if (!extras.held) {
    extras.held = std::make_unique<std::vector<std::uint8_t>>();
    held_.push_back(stream);
    if (!answer_since_ms_) answer_since_ms_ = now_ms_;
  }
  extras.held->insert(extras.held->end(), prefixed.begin() + static_cast<std::ptrdiff_t>(sent), prefixed.end());
  extras.ends_after_held = after == AfterAnswer::ends;
  held_bytes_ += prefixed.size() - sent;
}

/// Oldest first, as far as the windows reach.
void GrpcCodec::send_held() {
  if (held_.empty()) return;
  std::vector<StreamKey> held;
  held.swap(held_);
  bool moved = false;
  for (const StreamKey stream : held) {
    const Call* const call = find(stream);
    if (call == nullptr || !call->extras || !call->extras->held) {
      moved = true;  // ended meanwhile
      continue;
    }
    const std::size_t before = held_bytes_;
    if (!send_held(stream)) held_.push_back(stream);
    moved = moved || held_bytes_ < before;
  }
  if (held_.empty()) answer_since_ms_.reset();
  else if (moved) answer_since_ms_ = now_ms_;
}

/// True when nothing of it is held any more.
bool GrpcCodec::send_held(StreamKey stream) {
  CallExtras& extras = *find(stream)->extras;
  std::vector<std::uint8_t>& held = *extras.held;
  const std::size_t sent = http2_.send(stream, held);
  held.erase(held.begin(), held.begin() + static_cast<std::ptrdiff_t>(sent));
  held_bytes_ -= sent;
  if (!held.empty()) return false;
  extras.held.reset();
  if (extras.ends_after_held) end(stream, GrpcStatus::ok, {});
  return true;
}

void GrpcCodec::answer(StreamKey stream, base::Bytes message, std::uint64_t offset) {
  Call* const call = find(stream);
  if (call == nullptr) return;
  CHECK(call->state == CallState::asked && message.size() >= grpc_prefix_bytes);
  call->state = CallState::receiving;
  call->told = Told::no;
  // A field behind a message's last one is one more of its fields: broker.v1.Message { uint64 offset = 3; }.
  std::array<std::uint8_t, 11> field;
  ProtobufWriter writer(field);
  writer.number(3, offset);
  const std::size_t field_bytes = field.size() - writer.left().size();
  std::vector<std::uint8_t> prefixed(message.begin(), message.end());
  prefixed.insert(prefixed.end(), field.begin(), field.begin() + static_cast<std::ptrdiff_t>(field_bytes));
  write_grpc_prefix(prefixed.size() - grpc_prefix_bytes, prefixed);
  send_answer(stream, prefixed, AfterAnswer::ends);
}

void GrpcCodec::finish(StreamKey stream, GrpcStatus status, std::string_view text) {
  Call* const call = find(stream);
  if (call == nullptr) return;
  call->told = Told::no;  // it knows
  end(stream, status, text);
}

void GrpcCodec::end(StreamKey stream, GrpcStatus status, std::string_view text) {
  const Call* const call = find(stream);
  if (call == nullptr) return;
  const auto after = call->has_headers ? TrailersAfter::headers : TrailersAfter::nothing;
  const Told told = call->told;
  forget(stream);
  http2_.respond(stream, trailers(after, status, text), EndStream::yes);
  if (told == Told::yes) sink_->on_stream_gone(stream);
}

void GrpcCodec::drain() {
  if (draining_) return;
  draining_ = true;
  http2_.drain();
  tell_watchers();
}

std::uint32_t GrpcCodec::finish_some(std::uint32_t count, GrpcStatus status, std::string_view text) {
  for (const StreamKey stream : http2_.streams().oldest(count)) {
    finish(stream, status, text);
    http2_.abandon(stream);
  }
  if (http2_.streams().size() == 0 && sink_ == nullptr) free_memory();
  return http2_.streams().size();
}

}  // namespace codec
