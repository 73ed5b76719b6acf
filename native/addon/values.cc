#include "native/addon/values.h"

#include "native/codec/websocket_text.h"

#include <uv.h>

#include <algorithm>
#include <string>

namespace addon {

namespace {

[[noreturn]] void fail(Napi::Env env, const char* name, const char* what) {
  throw Napi::TypeError::New(env, std::string(name) + " must be " + what);
}

Napi::Object object_of(const Napi::Object& from, const char* name) {
  const Napi::Value value = from.Get(name);
  if (!value.IsObject()) fail(from.Env(), name, "an object");
  return value.As<Napi::Object>();
}

Napi::Array array_of(const Napi::Object& from, const char* name) {
  const Napi::Value value = from.Get(name);
  if (!value.IsArray()) fail(from.Env(), name, "an array");
  return value.As<Napi::Array>();
}

std::string string_of(const Napi::Object& from, const char* name) {
  const Napi::Value value = from.Get(name);
  if (!value.IsString()) fail(from.Env(), name, "a string");
  return value.As<Napi::String>();
}

bool bool_of(const Napi::Object& from, const char* name) {
  const Napi::Value value = from.Get(name);
  if (!value.IsBoolean()) fail(from.Env(), name, "a boolean");
  return value.As<Napi::Boolean>();
}

template <typename Integer>
Integer integer_of(const Napi::Object& from, const char* name) {
  const Napi::Value value = from.Get(name);
  if (!value.IsNumber()) fail(from.Env(), name, "a number");
  return static_cast<Integer>(value.As<Napi::Number>().Int64Value());
}

/// Empty for null.
std::string optional_string_of(const Napi::Object& from, const char* name) {
  return from.Get(name).IsNull() ? std::string() : string_of(from, name);
}

std::vector<shard::ListenerOptions> listeners_of(const Napi::Array& from) {
  std::vector<shard::ListenerOptions> listeners;
  for (std::uint32_t i = 0; i < from.Length(); ++i) {
    const auto each = from.Get(i).As<Napi::Object>();
    shard::ListenerOptions listener;
    if (codec::find_protocol(string_of(each, "protocol"), listener.protocol) == nullptr) fail(from.Env(), "protocol", "a known protocol");
    const auto address = os::Endpoint::parse(string_of(each, "address"), integer_of<std::uint16_t>(each, "port"));
    if (!address) fail(from.Env(), "address", "an IP address, or unix: and a path");
    listener.address = *address;
    listener.optional = bool_of(each, "optional");
    listeners.push_back(listener);
  }
  return listeners;
}

std::vector<conn::SlowRule> slow_rules_of(const Napi::Array& from) {
  std::vector<conn::SlowRule> rules;
  for (std::uint32_t i = 0; i < from.Length(); ++i) {
    const auto each = from.Get(i).As<Napi::Object>();
    conn::SlowRule rule;
    rule.topics = string_of(each, "topics");
    if (!conn::find_slow_policy(string_of(each, "policy"), rule.policy)) fail(from.Env(), "policy", "a known policy");
    rule.limits = {integer_of<std::uint64_t>(each, "bytesBehindMax"), integer_of<std::uint32_t>(each, "ageMaxMs")};
    rules.push_back(std::move(rule));
  }
  if (rules.empty() || rules.back().topics != "*") fail(from.Env(), "slowConsumers", "rules that end with one for *");
  return rules;
}

/// After read_limits: what bounds every protocol bounds streams too.
void read_grpc(const Napi::Object& from, shard::EngineOptions& options) {
  codec::GrpcLimits& limits = options.codecs.grpc;
  limits.message_bytes_max = static_cast<std::uint32_t>(options.codecs.websocket.message_bytes_max);
  limits.topic_bytes_max = options.topics.topic_bytes_max;
  limits.http2.streams_max = integer_of<std::uint32_t>(from, "streamsPerConnectionMax");
  const auto buffer_bytes_max = integer_of<std::size_t>(from, "bufferBytesPerConnectionMax");
  limits.assembly_bytes_max = std::max(buffer_bytes_max, codec::assembly_bytes_min(limits));
  limits.http2.replies_bytes_max = buffer_bytes_max;
  limits.answer_bytes_max = buffer_bytes_max / 2;
  options.streams_max = integer_of<std::size_t>(from, "streamsMax");
  options.stream_bytes_max = integer_of<std::size_t>(from, "bufferBytesMax");
}

shard::Patience patience_of(const Napi::Object& from) {
  return {integer_of<std::uint32_t>(from, "pingIntervalMs"), integer_of<std::uint32_t>(from, "pongMs")};
}

shard::ResponderOptions responder_of(const Napi::Object& from) {
  shard::ResponderOptions responder;
  const std::string reply = string_of(from, "reply");
  if (reply == "fixed") responder.reply = shard::Reply::fixed;
  else if (reply == "echo") responder.reply = shard::Reply::echo;
  else if (reply == "last") responder.reply = shard::Reply::last;
  else fail(from.Env(), "reply", "fixed, echo or last");
  responder.text = string_of(from, "text");
  responder.missing = string_of(from, "missing");
  responder.idle_ms = integer_of<std::uint32_t>(from, "idleMs");
  return responder;
}

topic::LastLimits last_limits_of(const Napi::Object& from) {
  topic::LastLimits limits;
  const Napi::Array topics = array_of(from, "topics");
  for (std::uint32_t i = 0; i < topics.Length(); ++i) {
    if (!topics.Get(i).IsString()) fail(from.Env(), "topics", "strings");
    limits.topics.push_back(topics.Get(i).As<Napi::String>());
  }
  limits.topics_max = integer_of<std::size_t>(from, "topicsMax");
  limits.bytes_max = integer_of<std::size_t>(from, "bytesMax");
  return limits;
}

void read_limits(const Napi::Object& from, shard::EngineOptions& options) {
  options.connections_max = integer_of<std::size_t>(from, "connectionsMax");
  options.connections_per_address_max = integer_of<std::size_t>(from, "connectionsPerAddressMax");
  options.codecs.websocket.message_bytes_max = integer_of<std::uint64_t>(from, "messageBytesMax");
  options.codecs.websocket.fragments_per_message_max = integer_of<std::uint32_t>(from, "fragmentsPerMessageMax");
  options.control_frames_per_second_max = integer_of<std::uint32_t>(from, "controlFramesPerSecondMax");
  options.http.head_bytes_max = integer_of<std::size_t>(from, "handshakeBytesMax");
  options.http.headers_max = integer_of<std::size_t>(from, "handshakeHeadersMax");
  options.topics.topic_bytes_max = integer_of<std::size_t>(from, "topicBytesMax");
  options.topics.topics_max = integer_of<std::size_t>(from, "topicsPerConnectionMax");
  options.topics_max = integer_of<std::size_t>(from, "topicsMax");
  options.log_bytes_max = integer_of<std::size_t>(from, "logBytesMax");
  options.received_bytes_max = integer_of<std::size_t>(from, "receiveBufferBytesMax");
  options.send_buffer_bytes = integer_of<int>(from, "sendBufferBytes");
}

/// Frames have a bound, and with it what they carry beside their payload.
std::string name_of(const Napi::Object& from, const char* name) {
  std::string text = optional_string_of(from, name);
  if (text.size() <= codec::name_bytes_limit) return text;
  const std::string most = std::to_string(codec::name_bytes_limit);
  throw Napi::RangeError::New(from.Env(), std::string(name) + " must be at most " + most + " bytes, got: " + std::to_string(text.size()));
}

}  // namespace

PublishDetails to_publish_details(const Napi::Object& value) {
  return {name_of(value, "event"), name_of(value, "userId"), integer_of<conn::ConnectionId>(value, "excluded")};
}

conn::SessionTerms to_session_terms(const Napi::Object& value) {
  return {string_of(value, "namespace"), integer_of<std::uint32_t>(value, "publicationsPerSecondMax"),
          bool_of(value, "reportPublications"), integer_of<std::uint32_t>(value, "publicationBytesMax")};
}

topic::Join to_join(const Napi::Object& value) {
  topic::Join join;
  const Napi::Array greeting = array_of(value, "greeting");
  for (std::uint32_t i = 0; i < greeting.Length(); ++i) {
    if (!greeting.Get(i).IsString()) fail(value.Env(), "greeting", "strings");
    join.greeting += codec::write_text_frame(std::string(greeting.Get(i).As<Napi::String>()));
  }
  join.publishes = bool_of(value, "publishes");
  join.user_id = optional_string_of(value, "userId");
  return join;
}

shard::EngineOptions to_engine_options(const Napi::Object& value) {
  shard::EngineOptions options;
  options.listeners = listeners_of(array_of(value, "listeners"));
  options.shards = integer_of<unsigned>(value, "shards");
  if (options.shards < 1 || options.shards > topic::shards_max) fail(value.Env(), "shards", "1..64");
  options.reuse_port = bool_of(value, "reusePort");
  read_limits(object_of(value, "limits"), options);
  read_grpc(object_of(value, "grpc"), options);
  const Napi::Object timeouts = object_of(value, "timeouts");
  options.handshake_ms = integer_of<std::uint32_t>(timeouts, "handshakeMs");
  options.idle = patience_of(timeouts);
  options.sessions = patience_of(object_of(value, "sessions"));
  options.message_ms = integer_of<std::uint32_t>(timeouts, "messageMs");
  options.close_ms = integer_of<std::uint32_t>(timeouts, "closeMs");
  const Napi::Object responder = object_of(value, "responder");
  options.responder = responder_of(responder);
  for (shard::ListenerOptions& listener : options.listeners) listener.address.mode = integer_of<std::uint32_t>(responder, "mode");
  options.last = last_limits_of(object_of(value, "retain"));
  const Napi::Object latency = object_of(value, "latency");
  options.latency = {integer_of<std::uint32_t>(latency, "spinUs"), bool_of(latency, "realTime"), bool_of(latency, "lockMemory")};
  options.slow_rules = slow_rules_of(array_of(value, "slowConsumers"));
  if (!value.Get("cpus").IsNull()) {
    const Napi::Array cpus = array_of(value, "cpus");
    for (std::uint32_t i = 0; i < cpus.Length(); ++i) options.cpus.push_back(cpus.Get(i).As<Napi::Number>().Int32Value());
  }
  return options;
}

Napi::Value to_value(Napi::Env env, const shard::BoundListener& listener) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("protocol", codec::protocol(listener.protocol).name);
  object.Set("address", listener.address.host());
  object.Set("port", listener.address.port);
  if (listener.error != 0) object.Set("code", error_name(listener.error));
  return object;
}

Napi::Value to_value(Napi::Env env, const shard::TopicCounts& counts) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("topic", counts.name);
  object.Set("subscribers", static_cast<double>(counts.subscribers));
  object.Set("published", static_cast<double>(counts.published));
  Napi::Object skipped = Napi::Object::New(env);
  for (std::size_t i = 0; i < counts.skipped.size(); ++i) {
    skipped.Set(conn::slow_policy_name(static_cast<conn::SlowPolicyId>(i)), static_cast<double>(counts.skipped[i]));
  }
  object.Set("skipped", skipped);
  return object;
}

const char* error_name(int error) { return uv_err_name(-error); }

}  // namespace addon
