// See grpc_codec.h: what each method does with its messages.
// Owner: the connection. Thread: its shard.
#include <algorithm>
#include <array>

#include "native/base/check.h"
#include "native/codec/grpc/grpc_codec.h"
#include "native/codec/grpc/grpc_message.h"
#include "native/codec/grpc/grpc_reflection.h"
#include "native/codec/grpc/protobuf.h"
#include "native/codec/text/topic_path.h"

namespace codec {
namespace {

constexpr std::string_view default_topic = "default";

/// grpc.health.v1.HealthCheckResponse.ServingStatus.
enum class Health : std::uint8_t { serving = 1, not_serving = 2, service_unknown = 3 };

/// HealthCheckResponse { ServingStatus status = 1; }
std::array<std::uint8_t, 2> health_answer(Health health) { return {1 << 3, static_cast<std::uint8_t>(health)}; }

/// The empty name asks for the server as a whole.
bool is_service(std::string_view name) {
  if (name.empty()) return true;
  return std::any_of(grpc_methods.begin(), grpc_methods.end(), [&](const GrpcMethodRow& row) {
    return row.path.substr(1, row.path.rfind('/') - 1) == name;
  });
}

/// The message's own topic, or the metadata's, or the default.
std::string_view topic_of(const Call& call, base::Bytes in_message) {
  if (!in_message.empty()) return base::text_of(in_message);
  return call.extras && !call.extras->topic.empty() ? std::string_view(call.extras->topic) : default_topic;
}

}  // namespace

void GrpcCodec::on_message(StreamKey stream, base::Bytes message) {
  Call* const call = find(stream);
  CHECK(call != nullptr);
  call->has_request = row_of(call->method).requests == Messages::one;
  switch (call->method) {
    case GrpcMethod::publish:
    case GrpcMethod::v1_publish:
    case GrpcMethod::v1_publish_one: return take_publication(stream, message);
    case GrpcMethod::subscribe:
    case GrpcMethod::v1_subscribe: return take_subscription(stream, message);
    case GrpcMethod::v1_last: return take_last(stream, message);
    case GrpcMethod::health_check:
    case GrpcMethod::health_watch: return take_health(stream, message);
    case GrpcMethod::reflection:
    case GrpcMethod::reflection_alpha: return take_reflection(stream, message);
  }
}

bool GrpcCodec::is_valid(base::Bytes topic) const { return is_valid_topic(base::text_of(topic), limits_.topic_bytes_max); }

void GrpcCodec::take_publication(StreamKey stream, base::Bytes message) {
  auto request = read_publish_request(message);
  if (!request) return end(stream, GrpcStatus::invalid_argument, "the message is no valid protobuf");
  Call& call = *find(stream);
  if (call.method == GrpcMethod::publish) request->topic = {};  // a field that its Message does not have
  if (!request->topic.empty() && !is_valid(request->topic)) return end(stream, GrpcStatus::invalid_argument, "the topic is not valid");
  call.told = Told::yes;
  ++call.extras_for_writing().messages;
  const Flow flow = sink_->on_stream_message(stream, {topic_of(call, request->topic), request->message.author, request->message.data});
  if (flow == Flow::wait) http2_.stop();
}

/// PublishResponse { string status = 1; }, and of broker.v1 { uint64 messages = 2; }.
void GrpcCodec::answer_publish(StreamKey stream) {
  Call& call = *find(stream);
  const std::uint64_t messages = call.extras ? call.extras->messages : 0;
  const bool counts = call.method != GrpcMethod::publish;
  if (call.told == Told::yes) sink_->on_stream_publish_end(stream);
  if (find(stream) == nullptr) return;
  calls_[stream.slot].told = Told::no;
  std::array<std::uint8_t, 16> room;
  ProtobufWriter writer(room);
  writer.text(1, "ok");
  if (counts) writer.number(2, messages);
  send_message(stream, base::Bytes(room).first(room.size() - writer.left().size()), AfterAnswer::ends);
}

void GrpcCodec::take_subscription(StreamKey stream, base::Bytes message) {
  auto request = read_subscribe_request(message);
  if (!request) return end(stream, GrpcStatus::invalid_argument, "the request is no valid protobuf");
  Call& call = *find(stream);
  if (call.method == GrpcMethod::subscribe) *request = {.subscriber = request->subscriber, .topic = {}, .since = {}, .last = 0};
  if (!request->topic.empty() && !is_valid(request->topic)) return end(stream, GrpcStatus::invalid_argument, "the topic is not valid");
  call.state = CallState::subscribed;
  call.told = Told::yes;
  sink_->on_stream_subscribe(stream, {topic_of(call, request->topic), request->subscriber, request->since, request->last});
  if (find(stream) == nullptr) return;
  send_headers(stream);
  auto& extras = calls_[stream.slot].extras;
  if (extras && !extras->held) extras.reset();  // of its topic the sink knows now
}

void GrpcCodec::take_last(StreamKey stream, base::Bytes message) {
  const auto topic = read_text_request(message, 1);
  if (!topic) return end(stream, GrpcStatus::invalid_argument, "the request is no valid protobuf");
  if (!topic->empty() && !is_valid(base::bytes_of(*topic))) return end(stream, GrpcStatus::invalid_argument, "the topic is not valid");
  Call& call = *find(stream);
  call.state = CallState::asked;
  call.told = Told::yes;
  sink_->on_stream_last(stream, topic_of(call, base::bytes_of(*topic)));
}

void GrpcCodec::take_health(StreamKey stream, base::Bytes message) {
  const auto service = read_text_request(message, 1);
  if (!service) return end(stream, GrpcStatus::invalid_argument, "the request is no valid protobuf");
  const Health health = draining_ ? Health::not_serving : Health::serving;
  Call& call = *find(stream);
  if (call.method == GrpcMethod::health_check) {
    if (!is_service(*service)) return end(stream, GrpcStatus::not_found, "unknown service");
    return send_message(stream, health_answer(health), AfterAnswer::ends);
  }
  const bool known = is_service(*service);
  call.state = known ? CallState::watching : CallState::receiving;  // of an unknown service nothing will change
  send_message(stream, health_answer(known ? health : Health::service_unknown), AfterAnswer::goes_on);
}

void GrpcCodec::tell_watchers() {
  for (const StreamKey stream : http2_.streams().oldest(http2_.streams().size())) {
    const Call* const call = find(stream);
    if (call != nullptr && call->state == CallState::watching) send_message(stream, health_answer(Health::not_serving), AfterAnswer::goes_on);
  }
}

void GrpcCodec::take_reflection(StreamKey stream, base::Bytes message) {
  const auto answer = reflection_answer(message);
  if (!answer) return end(stream, GrpcStatus::invalid_argument, "the request is no valid protobuf");
  send_message(stream, *answer, AfterAnswer::goes_on);
}

}  // namespace codec
