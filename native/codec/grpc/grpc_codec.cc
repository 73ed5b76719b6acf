// See grpc_codec.h: calls as they begin and end, and the cutting of content into messages. A message that is whole in the
// input is handed on as a view; one in pieces is assembled as its bytes come, never by the length that was announced.
// Owner: the connection. Thread: its shard.
#include "native/codec/grpc/grpc_codec.h"

#include <algorithm>
#include <utility>

#include "native/base/check.h"
#include "native/codec/grpc/grpc_headers.h"
#include "native/codec/grpc/grpc_message.h"
#include "native/codec/text/topic_path.h"

namespace codec {
namespace {

constexpr std::size_t kept_calls_max = 16;

std::uint64_t prefixed_bytes(base::Bytes prefix) { return grpc_prefix_bytes + std::uint64_t{read_u32(prefix.subspan(1))}; }

bool publishes(GrpcMethod method) {
  return method == GrpcMethod::publish || method == GrpcMethod::v1_publish || method == GrpcMethod::v1_publish_one;
}

}  // namespace

std::size_t assembly_bytes_min(const GrpcLimits& limits) {
  return grpc_prefix_bytes + std::size_t{std::max(limits.message_bytes_max, limits.request_bytes_max)};
}

GrpcCodec::GrpcCodec(const GrpcLimits& limits) : limits_(limits), http2_(limits.http2) {
  CHECK(limits.assembly_bytes_max >= assembly_bytes_min(limits));
}

GrpcCodec::~GrpcCodec() { CHECK(sink_ == nullptr); }

Decoded GrpcCodec::decode(base::MutableBytes in, StreamSink& sink) {
  sink_ = &sink;
  CHECK(sink_ != nullptr);
  std::optional<GrpcRequest> request;
  request_ = &request;
  const Decoded decoded = http2_.decode(in, *this);
  sink_ = nullptr;
  request_ = nullptr;
  ended_.clear();
  if (http2_.streams().size() == 0) free_memory();
  return decoded;
}

void GrpcCodec::set_now(std::uint32_t now_ms) {
  now_ms_ = now_ms;
  http2_.set_now(now_ms);
}

void GrpcCodec::give_up(std::string_view reason) {
  http2_.give_up(reason);
  if (sink_ == nullptr) free_memory();
}

/// When no stream is open, or the connection has failed.
void GrpcCodec::free_memory() {
  for (Call& call : calls_) call.extras.reset();
  calls_.clear();
  if (calls_.capacity() > kept_calls_max) std::vector<Call>().swap(calls_);
  std::vector<StreamKey>().swap(held_);
  std::vector<StreamKey>().swap(greetings_);
  std::vector<Deadline>().swap(deadlines_);
  deadline_calls_ = 0;
  assembly_bytes_ = held_bytes_ = waiting_bytes_ = 0;
  held_calls_ = held_answers_ = 0;
  held_first_ = greetings_first_ = 0;
  answer_since_ms_.reset();
  greeting_since_ms_.reset();
}

Call* GrpcCodec::find(StreamKey stream) {
  if (!http2_.is_answerable(stream)) return nullptr;
  CHECK(stream.slot < calls_.size());
  Call& call = calls_[stream.slot];
  return call.state == CallState::over ? nullptr : &call;
}

void GrpcCodec::on_request(StreamKey stream, HeaderList list) {
  CHECK(request_ != nullptr && *request_);
  const GrpcRequest& request = **request_;
  if (stream.slot >= calls_.size()) calls_.resize(stream.slot + 1);
  Call& call = calls_[stream.slot];
  CHECK(!call.extras);
  call = Call();
  if (!sink_->admits_stream()) {
    call.state = CallState::receiving;
    end(stream, GrpcStatus::unavailable, "too many streams");
    return http2_.abandon(stream);
  }
  const HttpStatus http_status = list == HeaderList::whole ? request.http_status() : HttpStatus::header_fields_too_large;
  if (http_status != HttpStatus::ok) return http2_.respond(stream, http_error_headers(http_status), EndStream::yes);
  call.state = CallState::receiving;
  call.names_encoding = request.names_encoding();
  if (request.status() != GrpcStatus::ok) return end(stream, request.status(), request.status_text());
  call.method = request.method();
  if (request.topic()) {
    if (!is_valid(base::bytes_of(*request.topic()))) return end(stream, GrpcStatus::invalid_argument, "the topic is not valid");
    call.extras_for_writing().topic = *request.topic();
  }
  if (request.timeout_ms()) set_deadline(stream, call, now_ms_ + *request.timeout_ms());
  if (asks_about(call.method)) {
    call.state = CallState::waiting;
    if (sink_->on_stream_request(stream, {publishes(call.method), request.fields()}) != Entrance::open) return;
    call.state = CallState::receiving;
  }
  // Who sends a stream may want to see that it is welcome before it begins.
  if (row_of(call.method).requests == Messages::many) send_headers(stream);
}

std::size_t GrpcCodec::on_content(StreamKey stream, base::Bytes piece) {
  while (!piece.empty() && !http2_.is_stopped()) piece = take_some(stream, piece);
  return piece.size();
}

/// Returns what is left to be taken.
base::Bytes GrpcCodec::take_some(StreamKey stream, base::Bytes piece) {
  Call* const call = find(stream);
  if (call == nullptr) return {};
  if (call->state == CallState::waiting) {
    keep_waiting(stream, *call, piece);
    return {};
  }
  const bool is_whole = !call->extras || call->extras->assembly.empty();
  return is_whole ? take_message(stream, *call, piece) : assemble(stream, *call, piece);
}

base::Bytes GrpcCodec::take_message(StreamKey stream, Call& call, base::Bytes piece) {
  if (piece.size() < grpc_prefix_bytes) return assemble(stream, call, piece);
  if (!check_prefix(stream, call, piece)) return {};
  const std::uint64_t bytes = prefixed_bytes(piece);
  if (piece.size() < bytes) return assemble(stream, call, piece);
  const base::Bytes message = piece.first(static_cast<std::size_t>(bytes));
  on_message(stream, message.subspan(grpc_prefix_bytes));
  return piece.subspan(message.size());
}

/// Takes what belongs to the message, the prefix first. What it grows by is bounded for all streams together: their windows
/// are given back as bytes come, or a few half messages could stop everybody.
base::Bytes GrpcCodec::assemble(StreamKey stream, Call& call, base::Bytes piece) {
  Assembly& assembly = call.extras_for_writing().assembly;
  const bool has_prefix = assembly.size() >= grpc_prefix_bytes;
  const std::uint64_t wanted = has_prefix ? prefixed_bytes(assembly) : grpc_prefix_bytes;
  const auto taken = static_cast<std::size_t>(std::min<std::uint64_t>(piece.size(), wanted - assembly.size()));
  if (assembly_bytes_ + taken > limits_.assembly_bytes_max) {
    end(stream, GrpcStatus::resource_exhausted, "too many messages are half sent");
    return {};
  }
  if (assembly.size() + taken > assembly.capacity()) {
    assembly.reserve(static_cast<std::size_t>(std::min<std::uint64_t>(std::max(wanted, std::uint64_t{64}), 2 * (assembly.size() + taken))));
  }
  assembly.insert(assembly.end(), piece.begin(), piece.begin() + static_cast<std::ptrdiff_t>(taken));
  assembly_bytes_ += taken;
  piece = piece.subspan(taken);
  if (assembly.size() < grpc_prefix_bytes) return piece;
  if (!has_prefix && !check_prefix(stream, call, assembly)) return {};
  if (assembly.size() < prefixed_bytes(assembly)) return piece;
  Assembly message;
  message.swap(assembly);
  assembly_bytes_ -= message.size();
  on_message(stream, base::Bytes(message).subspan(grpc_prefix_bytes));
  return piece;
}

/// False when the call was ended by it: before a byte of the message is kept.
/// gRPC over HTTP/2, "Compressed-Flag" and docs/compression.md: what no encoding was named for cannot be compressed.
bool GrpcCodec::check_prefix(StreamKey stream, const Call& call, base::Bytes prefix) {
  const auto refuse = [&](GrpcStatus status, std::string_view text) {
    end(stream, status, text);
    return false;
  };
  if (prefix[0] == 1 && call.names_encoding) return refuse(GrpcStatus::unimplemented, "compressed messages are not accepted");
  if (prefix[0] == 1) return refuse(GrpcStatus::internal, "the message is compressed, and no grpc-encoding says how");
  if (prefix[0] != 0) return refuse(GrpcStatus::internal, "the message's first byte is neither 0 nor 1");
  const std::uint32_t most = publishes(call.method) ? limits_.message_bytes_max : limits_.request_bytes_max;
  if (read_u32(prefix.subspan(1)) > most) return refuse(GrpcStatus::resource_exhausted, "the message is too big");
  if (call.has_request) return refuse(GrpcStatus::internal, "a second message where one is expected");
  return true;
}

void GrpcCodec::release(Assembly& assembly) {
  CHECK(assembly_bytes_ >= assembly.size());
  assembly_bytes_ -= assembly.size();
  Assembly().swap(assembly);
}

/// What a call does when its client has nothing more to say.
void GrpcCodec::on_end(StreamKey stream) {
  Call* const call = find(stream);
  if (call == nullptr) return;
  if (call->state == CallState::waiting) {
    call->extras_for_writing().peer_ended = true;
    return;
  }
  if (call->extras && !call->extras->assembly.empty()) return end(stream, GrpcStatus::internal, "the last message is cut short");
  const bool takes_one = row_of(call->method).requests == Messages::one;
  if (takes_one && !call->has_request) return end(stream, GrpcStatus::internal, "the request has no message");
  if (publishes(call->method)) return answer_publish(stream);
  if (takes_one) return;  // it was acted upon when its message came
  if (!call->extras || !call->extras->held) return end(stream, GrpcStatus::ok, {});
  call->extras->ends_after_held = true;
}

void GrpcCodec::on_gone(StreamKey stream) {
  const Told told = calls_[stream.slot].told;
  forget(stream);
  if (told == Told::yes) sink_->on_stream_gone(stream);
}

/// Frees what the call has; its place is free, or will be when the peer has ended its half.
void GrpcCodec::forget(StreamKey stream) {
  Call& call = calls_[stream.slot];
  const bool has_held = call.extras && call.extras->held;
  if (has_held) forget_held(call);
  if (call.state == CallState::waiting && call.extras) waiting_bytes_ -= call.extras->assembly.size();
  call.state = CallState::over;
  call.told = Told::no;
  if (std::exchange(call.has_deadline, false)) forget_deadline();
  if (!call.extras) return;
  release(call.extras->assembly);
  if (has_held) trim_held();
  if (sink_ != nullptr) ended_.push_back(std::move(call.extras));
  call.extras.reset();
}

void GrpcCodec::on_window(StreamKey stream) {
  if (stream.id == 0) {
    send_all_held();
    return sink_->on_stream_window(stream);
  }
  const Call* const call = find(stream);
  if (call == nullptr) return;
  if (call->extras && call->extras->held) return send_held(stream);
  if (call->state == CallState::subscribed) sink_->on_stream_window(stream);
}

std::uint32_t GrpcCodec::sendable(StreamKey stream) const {
  if (stream.slot >= calls_.size() || calls_[stream.slot].state != CallState::subscribed) return 0;
  const Call& call = calls_[stream.slot];
  if (call.extras && call.extras->held) return 0;
  return http2_.sendable(stream);
}

std::unique_ptr<StreamCodec> make_grpc_codec(const GrpcLimits& limits) { return std::make_unique<GrpcCodec>(limits); }

}  // namespace codec
