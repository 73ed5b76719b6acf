// See grpc_codec.h: what goes back. Answers that the codec writes itself obey the peer's windows too; what has no room yet is
// held, bounded, and goes on when there is.
// Owner: the connection. Thread: its shard.
#include <algorithm>
#include <array>
#include <utility>

#include "native/base/check.h"
#include "native/base/wrapping_time.h"
#include "native/codec/grpc/grpc_codec.h"
#include "native/codec/grpc/grpc_headers.h"
#include "native/codec/grpc/grpc_message.h"
#include "native/codec/grpc/protobuf.h"

namespace codec {
namespace {

constexpr std::size_t kept_held_max = 16;

base::Bytes headers_of(const Call& call) { return response_headers(call.names_encoding ? AcceptEncoding::said : AcceptEncoding::unsaid); }

}  // namespace

void GrpcCodec::send_headers(StreamKey stream) {
  Call* const call = find(stream);
  CHECK(call != nullptr);
  if (call->has_headers) return;
  call->has_headers = true;
  http2_.respond(stream, headers_of(*call), EndStream::no);
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
  hold(stream, call, prefixed.subspan(sent));
  call.extras->ends_after_held = after == AfterAnswer::ends;
}

/// What one stream's window holds up waits for that window only; in `held_` is what the connection's does.
void GrpcCodec::hold(StreamKey stream, Call& call, base::Bytes rest) {
  CallExtras& extras = call.extras_for_writing();
  if (!extras.held) {
    extras.held = std::make_unique<std::vector<std::uint8_t>>();
    extras.held_since_ms = now_ms_;
    ++held_calls_;
    if (call.state == CallState::subscribed) greetings_.push_back(stream);
    else ++held_answers_;
    if (!held_since_ms(call)) held_since_ms(call) = now_ms_;
  }
  extras.held->insert(extras.held->end(), rest.begin(), rest.end());
  held_bytes_ += rest.size();
  if (!http2_.connection_blocked() || extras.waits_for_connection) return;
  extras.waits_for_connection = true;
  held_.push_back(stream);
}

/// In turn, and no further than the connection's window reaches: not all of them are looked at whenever it opens a little.
void GrpcCodec::send_all_held() {
  while (held_first_ < held_.size() && !http2_.connection_blocked()) {
    const StreamKey stream = held_[held_first_++];
    Call* const call = find(stream);
    if (call == nullptr || !call->extras) continue;  // ended meanwhile
    call->extras->waits_for_connection = false;
    send_held(stream);
  }
  trim_held();
}

/// Of those that ended, or were served, there are never many more in the list than of the others.
void GrpcCodec::trim_held() {
  if (held_.size() < 2 * std::size_t{held_calls_} + kept_held_max) return;
  held_.erase(held_.begin(), held_.begin() + static_cast<std::ptrdiff_t>(held_first_));
  held_first_ = 0;
  std::erase_if(held_, [&](StreamKey stream) { return find(stream) == nullptr; });
  if (held_.empty()) std::vector<StreamKey>().swap(held_);
}

/// What has been sent is let go of by halves: a window that opens a little at a time must not move the rest each time.
void GrpcCodec::send_held(StreamKey stream) {
  Call& call = *find(stream);
  if (!call.extras || !call.extras->held) return;
  CallExtras& extras = *call.extras;
  std::vector<std::uint8_t>& held = *extras.held;
  const std::size_t sent = http2_.send(stream, base::Bytes(held).subspan(extras.held_sent));
  extras.held_sent += sent;
  held_bytes_ -= sent;
  if (sent > 0 && call.state != CallState::subscribed) answer_since_ms_ = now_ms_;
  if (extras.held_sent < held.size()) {
    if (extras.held_sent >= held.size() / 2) {
      held.erase(held.begin(), held.begin() + static_cast<std::ptrdiff_t>(std::exchange(extras.held_sent, 0)));
    }
    return hold(stream, call, {});
  }
  forget_held(call);
  if (call.state == CallState::subscribed) return sink_->on_stream_window(stream);
  if (call.extras->ends_after_held) end(stream, GrpcStatus::ok, {});
}

void GrpcCodec::forget_held(Call& call) {
  held_bytes_ -= call.extras->held->size() - std::exchange(call.extras->held_sent, 0);
  --held_calls_;
  if (call.state != CallState::subscribed) --held_answers_;
  const std::uint32_t left = call.state == CallState::subscribed ? held_calls_ - held_answers_ : held_answers_;
  if (left == 0) held_since_ms(call).reset();
  call.extras->held.reset();
  if (call.state == CallState::subscribed) trim_greetings();
}

bool GrpcCodec::is_greeting(StreamKey stream) {
  const Call* const call = find(stream);
  return call != nullptr && call->state == CallState::subscribed && call->extras && call->extras->held;
}

/// As `trim_held`.
void GrpcCodec::trim_greetings() {
  const std::size_t waiting = held_calls_ - held_answers_;
  if (waiting > 0 && greetings_.size() < 2 * waiting + kept_held_max) return;
  greetings_walked_ += greetings_.size() - greetings_first_;
  greetings_.erase(greetings_.begin(), greetings_.begin() + static_cast<std::ptrdiff_t>(greetings_first_));
  greetings_first_ = 0;
  std::erase_if(greetings_, [&](StreamKey stream) { return !is_greeting(stream); });
  if (greetings_.empty() && greetings_.capacity() > kept_held_max) std::vector<StreamKey>().swap(greetings_);
}

void GrpcCodec::greet(StreamKey stream, base::Bytes message, std::uint64_t offset) {
  const Call* const call = find(stream);
  if (call == nullptr) return;
  CHECK(call->state == CallState::subscribed);
  send_with_offset(stream, message, offset, AfterAnswer::goes_on);
}

/// They wait in the order in which they were made, so that nobody behind the first one who is not overdue need be looked at.
std::vector<StreamKey> GrpcCodec::overdue_greetings(std::uint32_t most_ms) {
  std::vector<StreamKey> overdue;
  std::uint32_t since_ms = now_ms_;
  for (std::size_t i = greetings_first_; i < greetings_.size(); ++i) {
    const StreamKey stream = greetings_[i];
    ++greetings_walked_;
    if (!is_greeting(stream)) {
      greetings_first_ += i == greetings_first_ ? 1 : 0;
      continue;
    }
    const std::uint32_t held_since_ms = calls_[stream.slot].extras->held_since_ms;
    if (base::age_ms(held_since_ms, now_ms_) < most_ms) {
      since_ms = held_since_ms;
      break;
    }
    overdue.push_back(stream);
  }
  if (greeting_since_ms_) greeting_since_ms_ = since_ms;
  return overdue;
}

void GrpcCodec::answer(StreamKey stream, base::Bytes message, std::uint64_t offset) {
  Call* const call = find(stream);
  if (call == nullptr) return;
  CHECK(call->state == CallState::asked);
  call->state = CallState::receiving;
  call->told = Told::no;
  send_with_offset(stream, message, offset, AfterAnswer::ends);
}

/// A field behind a message's last one is one more of its fields: broker.v1.Message { uint64 offset = 3; }.
void GrpcCodec::send_with_offset(StreamKey stream, base::Bytes message, std::uint64_t offset, AfterAnswer after) {
  CHECK(message.size() >= grpc_prefix_bytes);
  std::array<std::uint8_t, 11> field;
  ProtobufWriter writer(field);
  writer.number(3, offset);
  const std::size_t field_bytes = field.size() - writer.left().size();
  std::vector<std::uint8_t> prefixed(message.begin(), message.end());
  prefixed.insert(prefixed.end(), field.begin(), field.begin() + static_cast<std::ptrdiff_t>(field_bytes));
  write_grpc_prefix(prefixed.size() - grpc_prefix_bytes, prefixed);
  send_answer(stream, prefixed, after);
}

void GrpcCodec::finish(StreamKey stream, Ending ending, std::string_view text) {
  Call* const call = find(stream);
  if (call == nullptr) return;
  call->told = Told::no;  // it knows
  end(stream, grpc_status_of(ending), text);
}

void GrpcCodec::end(StreamKey stream, GrpcStatus status, std::string_view text) {
  const Call* const call = find(stream);
  if (call == nullptr) return;
  const base::Bytes headers = call->has_headers ? base::Bytes() : headers_of(*call);
  const Told told = call->told;
  forget(stream);
  http2_.respond(stream, trailers(headers, status, text), EndStream::yes);
  if (told == Told::yes) sink_->on_stream_gone(stream);
}

void GrpcCodec::drain() {
  http2_.drain();
  if (!std::exchange(draining_, true)) tell_watchers();
}

void GrpcCodec::refuse_streams() {
  http2_.refuse_streams();
  if (!std::exchange(draining_, true)) tell_watchers();
}

std::uint32_t GrpcCodec::finish_some(std::uint32_t count, Ending ending, std::string_view text) {
  for (const StreamKey stream : http2_.streams().oldest(count)) {
    finish(stream, ending, text);
    http2_.abandon(stream);
  }
  if (http2_.streams().size() == 0 && sink_ == nullptr) free_memory();
  return http2_.streams().size();
}

}  // namespace codec
