// What the streams of a connection ask: codec::StreamSink.
#include "native/shard/roles/stream_role.h"

namespace shard {

using codec::Ending;
using codec::StreamKey;
using conn::Connection;
using metrics::Metric;

void StreamRole::on_stream_subscribe(StreamKey stream, const codec::StreamSubscription& subscription) {
  CHECK(decoding_ != nullptr);
  Connection& connection = *decoding_;
  if (refuses_client(stream) || refuses(stream, topic::Use::subscribe, subscription.topic)) return;
  const std::uint32_t subscriptions_max = options().clients.subscriptions_max;
  if (subscriptions_max > 0 && connection.subscriptions.size() >= subscriptions_max) {
    metrics().add(Metric::subscriptions_refused);
    return connection.stream_codec().finish(stream, Ending::overloaded, "too many subscriptions of this connection");
  }
  const topic::TopicRef topic = host_.engine().topics.open(subscription.topic);
  if (!topic) return connection.stream_codec().finish(stream, Ending::overloaded, "too many topics");
  const topic::LastValueRef last = fan_out().audience().subscribe_stream(connection, stream, topic, connection.encoding);
  const bool wants_last = subscription.last > 0 || (last && subscription.since && last->offset >= *subscription.since);
  if (!last || !wants_last) return;
  const base::Bytes message = encode_last(connection, *last);
  if (!message.empty()) connection.stream_codec().greet(stream, message, last->offset);
}

/// Valid until the next call.
base::MutableBytes StreamRole::scratch(std::size_t bytes) {
  if (scratch_.size() < bytes) scratch_.resize(bytes);
  return base::MutableBytes(scratch_).first(bytes);
}

/// Empty when the protocol has no way to say it. Valid until the next call.
base::Bytes StreamRole::encode_last(const Connection& connection, const topic::LastValue& last) {
  codec::Publication publication;
  publication.kind = last.kind;
  publication.payload = last.payload;
  const codec::Encoding& encoding = codec::encoding(connection.encoding);
  const base::MutableBytes message = scratch(encoding.encoded_bytes(publication));
  if (!message.empty()) encoding.encode(publication, message);
  return message;
}

/// Protocols whose payload is opaque get it as JSON of the shared schema (ADR 0013).
codec::Flow StreamRole::on_stream_message(StreamKey stream, const codec::StreamMessage& given) {
  CHECK(decoding_ != nullptr);
  Connection& connection = *decoding_;
  const auto refuse = [&](Ending ending, std::string_view reason) {
    connection.stream_codec().finish(stream, ending, reason);
    return codec::Flow::go_on;
  };
  if (refuses_client(stream) || refuses(stream, topic::Use::publish, given.topic)) return codec::Flow::go_on;
  if (!host_.may_publish(connection)) {
    metrics().add(Metric::clients_closed_publications);
    return refuse(Ending::over_rate, too_many_publications);
  }
  const topic::TopicRef topic = topic_of(connection, given.topic);
  if (!topic) return refuse(Ending::overloaded, "too many topics");
  const topic::LogMemory& memory = host_.engine().memory;
  if (memory.is_exhausted()) return refuse(Ending::unavailable, "the logs are full");
  const codec::Message message{given.author, given.data};
  const base::MutableBytes json = scratch(codec::json_message_bytes(message));
  codec::write_json_message(message, json);
  codec::Publication publication;
  publication.kind = codec::PayloadKind::text;
  publication.payload = json;
  publication.message = &message;
  const codec::Flow flow = host_.publish(connection, topic, publication).flow;
  if (memory.over_limit(demand_of(connection))) withhold_credit(connection);
  return flow;
}

void StreamRole::on_stream_last(StreamKey stream, std::string_view topic) {
  CHECK(decoding_ != nullptr);
  Connection& connection = *decoding_;
  if (refuses_client(stream) || refuses(stream, topic::Use::subscribe, topic)) return;
  const topic::LastValueRef last = host_.engine().retained.find(topic);
  const base::Bytes message = last ? encode_last(connection, *last) : base::Bytes();
  if (message.empty()) return connection.stream_codec().finish(stream, Ending::not_found, "nothing is retained");
  connection.stream_codec().answer(stream, message, last->offset);
}

void StreamRole::on_stream_gone(StreamKey stream) {
  CHECK(decoding_ != nullptr);
  metrics().add(Metric::streams_cancelled);
  fan_out().audience().unsubscribe_stream(*decoding_, stream);
}

void StreamRole::on_stream_window(StreamKey stream) {
  CHECK(decoding_ != nullptr);
  fan_out().on_stream_window(*decoding_, stream);
}

/// Its client has too many connections, or begins them too fast. The first call is told so, and the connection ends with it: of one without
/// calls nothing could be said that clients would not take for an outage.
bool StreamRole::refuses_client(StreamKey stream) {
  if (!decoding_->over_rate) return false;
  decoding_->stream_codec().finish(stream, Ending::over_rate, too_many_connections);
  decoding_->stream_codec().refuse_streams();
  return true;
}

/// A publisher usually stays with its topic. Null when there are too many.
topic::TopicRef StreamRole::topic_of(Connection& connection, std::string_view name) {
  if (!connection.publishes_to || connection.publishes_to->name() != name) connection.publishes_to = host_.engine().topics.open(name);
  return connection.publishes_to;
}

}  // namespace shard
