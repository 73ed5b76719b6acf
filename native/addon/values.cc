#include "native/addon/values.h"

#include <uv.h>

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "native/addon/arguments.h"
#include "native/addon/tls_values.h"
#include "native/codec/grpc/grpc_codec.h"

namespace addon {

namespace {

// Bounds of the contract (src/native/binding.ts), for engine_numbers.def too.
constexpr std::int64_t KiB = 1024;
constexpr std::int64_t MiB = 1024 * KiB;
constexpr std::int64_t GiB = 1024 * MiB;
constexpr std::int64_t count_max = 10'000'000;
constexpr std::int64_t ms_max = 3'600'000;
constexpr std::int64_t bytes_max = 64 * GiB;
constexpr std::uint32_t list_max = 10'000;
constexpr std::size_t reply_bytes_max = 1024 * 1024;
/// By the order of shard::ConnectionOrder.
constexpr std::string_view connection_orders[] = {"id", "age", "messagesIn", "messagesOut", "bytesIn", "bytesOut", "pendingBytes", "throttledMs"};

Napi::Object object_of(const Napi::Object& from, const char* name) { return object_from(from.Get(name), name); }

Napi::Array array_of(const Napi::Object& from, const char* name) { return array_from(from.Get(name), name, list_max); }

std::string string_of(const Napi::Object& from, const char* name, std::size_t size_max = SIZE_MAX) {
  return text_from(from.Get(name), name, size_max);
}

bool bool_of(const Napi::Object& from, const char* name) { return boolean_from(from.Get(name), name); }

template <typename Integer>
Integer integer_of(const Napi::Object& from, const char* name, Bounds bounds) {
  return static_cast<Integer>(integer_from(from.Get(name), name, bounds));
}

/// Empty for null. Frames have a bound, and with it what they carry beside their payload.
std::string optional_name_of(const Napi::Object& from, const char* name) {
  const Napi::Value value = from.Get(name);
  return value.IsNull() ? std::string() : text_from(value, name, codec::name_bytes_limit);
}

/// Each of a list of texts.
std::vector<std::string> strings_of(const Napi::Object& from, const char* name) {
  const Napi::Array array = array_of(from, name);
  std::vector<std::string> texts;
  for (std::uint32_t i = 0; i < array.Length(); ++i) texts.push_back(text_from(array.Get(i), std::string("each of ") + name));
  return texts;
}

shard::ListenerOptions listener_of(const Napi::Object& from, std::size_t tls_contexts) {
  shard::ListenerOptions listener;
  const Napi::Value protocol = from.Get("protocol");
  if (codec::find_protocol(text_from(protocol, "protocol"), listener.protocol) == nullptr) throw_range(protocol, "protocol", "a known protocol");
  const Napi::Value host = from.Get("address");
  const auto address = os::Endpoint::parse(text_from(host, "address"), integer_of<std::uint16_t>(from, "port", {0, 65'535}));
  if (!address) throw_range(host, "address", "an IP address, or unix: and a path");
  listener.address = *address;
  listener.optional = bool_of(from, "optional");
  if (!from.Get("origins").IsNull()) listener.web.origins = strings_of(from, "origins");
  listener.web.names = strings_of(from, "names");
  listener.web.local = address->is_loopback();
  listener.proxy_protocol = bool_of(from, "proxyProtocol");
  if (!from.Get("socketMode").IsNull()) listener.address.mode = integer_of<std::uint32_t>(from, "socketMode", {0, 0777});
  listener.asks = bool_of(from, "asks");
  const Napi::Value tls = from.Get("tls");
  if (tls.IsNull()) return listener;
  if (tls_contexts == 0) throw_range(tls, "tls", "null where there is nothing to name");
  listener.transport = transport::TransportId::tls;
  listener.tls_context = static_cast<std::size_t>(integer_from(tls, "tls", {0, static_cast<std::int64_t>(tls_contexts) - 1}));
  return listener;
}

std::vector<shard::ListenerOptions> listeners_of(const Napi::Array& from, std::size_t tls_contexts) {
  std::vector<shard::ListenerOptions> listeners;
  for (std::uint32_t i = 0; i < from.Length(); ++i) listeners.push_back(listener_of(object_from(from.Get(i), "each of listeners"), tls_contexts));
  return listeners;
}

conn::SlowRule slow_rule_of(const Napi::Object& from) {
  conn::SlowRule rule;
  rule.topics = string_of(from, "topics");
  const Napi::Value policy = from.Get("policy");
  if (!conn::find_slow_policy(text_from(policy, "policy"), rule.policy)) throw_range(policy, "policy", "a known policy");
  rule.limits = {integer_of<std::uint64_t>(from, "bytesBehindMax", {1, bytes_max}), integer_of<std::uint32_t>(from, "ageMaxMs", {1, ms_max})};
  return rule;
}

std::vector<conn::SlowRule> slow_rules_of(const Napi::Array& from) {
  std::vector<conn::SlowRule> rules;
  for (std::uint32_t i = 0; i < from.Length(); ++i) rules.push_back(slow_rule_of(object_from(from.Get(i), "each of slowConsumers")));
  if (rules.empty() || rules.back().topics != "*") throw_range(from, "slowConsumers", "rules that end with one for *");
  return rules;
}

std::vector<topic::HistoryRule> history_rules_of(const Napi::Array& from) {
  std::vector<topic::HistoryRule> rules;
  for (std::uint32_t i = 0; i < from.Length(); ++i) {
    const Napi::Object rule = object_from(from.Get(i), "each of rules");
    rules.push_back({string_of(rule, "topics"), integer_of<std::size_t>(rule, "messages", {1, count_max}),
                     integer_of<std::size_t>(rule, "bytes", {1, bytes_max}), integer_of<std::uint32_t>(rule, "seconds", {1, 1'000'000})});
  }
  return rules;
}

/// A wider value would be cut without a word.
template <typename Field, std::int64_t least, std::int64_t most>
Field number_of(const Napi::Object& options, const char* section, const char* key) {
  static_assert(std::in_range<Field>(least) && std::in_range<Field>(most));
  return integer_of<Field>(object_of(options, section), key, {least, most});
}

void read_numbers(const Napi::Object& from, shard::EngineOptions& options) {
#define ENGINE_NUMBER(section, key, field, least, most) \
  options.field = number_of<decltype(options.field), least, most>(from, #section, #key);
#include "native/addon/engine_numbers.def"
#undef ENGINE_NUMBER
}

/// After read_numbers: what bounds every protocol bounds streams too.
void derive_grpc(shard::EngineOptions& options) {
  codec::GrpcLimits& limits = options.codecs.grpc;
  limits.message_bytes_max = static_cast<std::uint32_t>(options.codecs.websocket.message_bytes_max);
  limits.topic_bytes_max = options.topics.topic_bytes_max;
  const std::size_t buffer_bytes_max = limits.http2.replies_bytes_max;
  limits.assembly_bytes_max = std::max(buffer_bytes_max, codec::assembly_bytes_min(limits));
  limits.answer_bytes_max = buffer_bytes_max / 2;
}

void read_responder(const Napi::Object& from, shard::EngineOptions& options) {
  shard::ResponderOptions& responder = options.responder;
  const Napi::Value kind = from.Get("reply");
  const std::string reply = text_from(kind, "reply");
  if (reply == "fixed") responder.reply = shard::Reply::fixed;
  else if (reply == "echo") responder.reply = shard::Reply::echo;
  else if (reply == "last") responder.reply = shard::Reply::last;
  else throw_range(kind, "reply", "fixed, echo or last");
  responder.text = string_of(from, "text", reply_bytes_max);
  responder.missing = string_of(from, "missing", reply_bytes_max);
}

shard::OverRate over_rate_of(const Napi::Object& from) {
  const Napi::Value value = from.Get("overRate");
  const std::string word = text_from(value, "overRate");
  if (word == "throttle") return shard::OverRate::throttle;
  if (word != "close") throw_range(value, "overRate", "throttle or close");
  return shard::OverRate::close;
}

shard::ProxyOptions proxies_of(const Napi::Object& from) {
  shard::ProxyOptions proxies;
  for (const std::string& network : strings_of(from, "trusted")) {
    if (!proxies.trusted.add(network)) throw_range(from.Get("trusted"), "trusted", "addresses and networks");
  }
  const Napi::Value header = from.Get("header");
  const std::string name = text_from(header, "header");
  if (name == "none") proxies.header = codec::ForwardedHeader::none;
  else if (name == "x-forwarded-for") proxies.header = codec::ForwardedHeader::x_forwarded_for;
  else if (name == "forwarded") proxies.header = codec::ForwardedHeader::forwarded;
  else throw_range(header, "header", "none, x-forwarded-for or forwarded");
  return proxies;
}

std::vector<int> cpus_of(const Napi::Value& value) {
  std::vector<int> cpus;
  if (value.IsNull()) return cpus;
  const Napi::Array array = array_from(value, "cpus", list_max);
  for (std::uint32_t i = 0; i < array.Length(); ++i) cpus.push_back(static_cast<int>(integer_from(array.Get(i), "each of cpus", {0, 1023})));
  return cpus;
}

}  // namespace

conn::ConnectionId to_connection_id(const Napi::Value& value, const char* name) {
  return static_cast<conn::ConnectionId>(integer_from(value, name, {0, (std::int64_t{1} << 53) - 1}));
}

PublishDetails to_publish_details(const Napi::Object& value) {
  return {optional_name_of(value, "event"), optional_name_of(value, "userId"), to_connection_id(value.Get("excluded"), "excluded")};
}

conn::SessionTerms to_session_terms(const Napi::Object& value) {
  return {string_of(value, "namespace", codec::name_bytes_limit), integer_of<std::uint32_t>(value, "publicationsPerSecondMax", {0, 65'535}),
          bool_of(value, "reportPublications"), integer_of<std::uint32_t>(value, "publicationBytesMax", {1, 1 * MiB})};
}

topic::Join to_join(const Napi::Object& value) {
  topic::Join join;
  for (const std::string& text : strings_of(value, "greeting")) join.greeting += shard::session_manners().write_text(text);
  join.publishes = bool_of(value, "publishes");
  join.user_id = optional_name_of(value, "userId");
  return join;
}

shard::ConnectionQuery to_connection_query(const Napi::Object& value) {
  shard::ConnectionQuery query;
  const Napi::Value protocol = value.Get("protocol");
  if (!protocol.IsNull()) {
    codec::ProtocolId id{};
    if (codec::find_protocol(text_from(protocol, "protocol"), id) == nullptr) throw_range(protocol, "protocol", "a known protocol");
    query.protocol = id;
  }
  if (!value.Get("listener").IsNull()) query.listener = integer_of<std::uint16_t>(value, "listener", {0, UINT16_MAX});
  query.peer = optional_name_of(value, "peer");
  query.topic = optional_name_of(value, "topic");
  query.subject = optional_name_of(value, "subject");
  query.limit = integer_of<std::size_t>(value, "limit", {1, 10'000});
  const Napi::Value order = value.Get("order");
  const std::string name = text_from(order, "order");
  const auto place = std::find(std::begin(connection_orders), std::end(connection_orders), name);
  if (place == std::end(connection_orders)) throw_range(order, "order", "a known one");
  query.order = static_cast<shard::ConnectionOrder>(place - std::begin(connection_orders));
  if (value.Get("after").IsNull()) return query;
  const Napi::Object after = object_of(value, "after");
  query.after = {integer_of<std::uint64_t>(after, "value", {0, (std::int64_t{1} << 53) - 1}), to_connection_id(after.Get("id"), "id")};
  return query;
}

std::uint16_t to_close_code(const Napi::Value& value) {
  const auto code = static_cast<std::uint16_t>(integer_from(value, "code", {0, 65'535}));
  if (!shard::session_manners().may_close_with(code)) throw_range(value, "code", "1000..1003, 1007..1014 or 3000..4999");
  return code;
}

shard::EngineOptions to_engine_options(const Napi::Object& value) {
  shard::EngineOptions options;
  options.tls = to_tls_contexts(array_of(value, "tls"));
  options.listeners = listeners_of(array_of(value, "listeners"), options.tls ? options.tls->size() : 0);
  options.shards = integer_of<unsigned>(value, "shards", {1, topic::shards_max});
  options.reuse_port = bool_of(value, "reusePort");
  options.reserved_topics = strings_of(value, "reservedTopics");
  options.proxies = proxies_of(object_of(value, "proxies"));
  read_numbers(value, options);
  options.clients.over_rate = over_rate_of(object_of(value, "clients"));
  derive_grpc(options);
  read_responder(object_of(value, "responder"), options);
  options.retain.topics = strings_of(object_of(value, "retain"), "topics");
  options.history.rules = history_rules_of(array_of(object_of(value, "history"), "rules"));
  const Napi::Object latency = object_of(value, "latency");
  options.latency.real_time = bool_of(latency, "realTime");
  options.latency.lock_memory = bool_of(latency, "lockMemory");
  options.slow_rules = slow_rules_of(array_of(value, "slowConsumers"));
  options.cpus = cpus_of(value.Get("cpus"));
  return options;
}

Napi::Value to_value(Napi::Env env, const shard::BoundListener& listener) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("protocol", codec::protocol(listener.protocol).name);
  object.Set("address", listener.address.host());
  object.Set("port", listener.address.port);
  if (listener.error != 0) object.Set("code", error_name(listener.error));
  object.Set("dualStack", listener.dual_stack);
  object.Set("shared", listener.shared);
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
