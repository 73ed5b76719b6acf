// What JavaScript may ask of an engine about itself: counters, topics, how its shards are, what they did last.
#include <string>
#include <utility>
#include <vector>

#include "native/addon/arguments.h"
#include "native/addon/engine_object.h"
#include "native/addon/values.h"

namespace addon {

using metrics::SharedMetric;

namespace {

std::size_t shared_metric(const shard::Engine& engine, SharedMetric metric) {
  switch (metric) {
    case SharedMetric::topics_now: return engine.topics();
    case SharedMetric::log_bytes_now: return engine.memory().bytes_now();
    case SharedMetric::log_idle_bytes_now: return engine.memory().idle_bytes();
    case SharedMetric::log_segments_taken: return engine.memory().allocations();
    case SharedMetric::last_values_now: return engine.retained().size();
    case SharedMetric::last_bytes_now: return engine.retained().bytes_now();
    case SharedMetric::history_topics_now: return engine.histories().topics_now();
    case SharedMetric::history_messages_now: return engine.histories().messages_now();
    case SharedMetric::history_bytes_now: return engine.histories().bytes_now();
    case SharedMetric::history_evicted: return engine.histories().evicted();
    case SharedMetric::receive_buffer_bytes_now: return engine.received_bytes();
    case SharedMetric::stream_buffer_bytes_now: return engine.stream_bytes();
  }
  return 0;
}

}  // namespace

Napi::Value EngineObject::stats(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const shard::Engine& engine = running(env);
  Napi::Object object = Napi::Object::New(env);
  const auto values = engine.stats();
  for (std::size_t i = 0; i < values.size(); ++i) object.Set(metrics::metric_rows[i].name, static_cast<double>(values[i]));
  for (std::size_t i = 0; i < metrics::shared_metric_count; ++i) {
    object.Set(metrics::shared_metric_rows[i].name, static_cast<double>(shared_metric(engine, static_cast<SharedMetric>(i))));
  }
  return object;
}

Napi::Value EngineObject::explain_stats(const Napi::CallbackInfo& info) {
  Napi::Object texts = Napi::Object::New(info.Env());
  for (const metrics::Explained& row : metrics::metric_rows) texts.Set(row.name, row.help);
  for (const metrics::Explained& row : metrics::shared_metric_rows) texts.Set(row.name, row.help);
  return texts;
}

Napi::Value EngineObject::topic_stats(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto max = static_cast<std::size_t>(integer_from(info[0], "max", {0, UINT32_MAX}));
  const auto counts = running(env).topic_counts(max);
  Napi::Array array = Napi::Array::New(env, counts.size());
  for (std::size_t i = 0; i < counts.size(); ++i) array.Set(static_cast<std::uint32_t>(i), to_value(env, counts[i]));
  return array;
}

Napi::Value EngineObject::topic_stat(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto counts = running(env).topic_count(text_from(info[0], "topic"));
  return counts ? to_value(env, *counts) : env.Null();
}

void EngineObject::find_connections(const Napi::CallbackInfo& info) {
  const auto ask = static_cast<std::uint64_t>(integer_from(info[0], "ask", {1, (std::int64_t{1} << 53) - 1}));
  shard::ConnectionQuery query = to_connection_query(object_from(info[1], "query"));
  running(info.Env()).find_connections(ask, std::move(query));
}

Napi::Value EngineObject::remove_connection(const Napi::CallbackInfo& info) {
  const auto ask = static_cast<std::uint64_t>(integer_from(info[0], "ask", {1, (std::int64_t{1} << 53) - 1}));
  const conn::ConnectionId id = to_connection_id(info[1], "id");
  return Napi::Boolean::New(info.Env(), running(info.Env()).remove_connection(ask, id));
}

Napi::Value EngineObject::status(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::vector<std::uint32_t> silent = running(env).silent_ms();
  Napi::Array ages = Napi::Array::New(env, silent.size());
  for (std::size_t i = 0; i < silent.size(); ++i) ages.Set(static_cast<std::uint32_t>(i), static_cast<double>(silent[i]));
  Napi::Object object = Napi::Object::New(env);
  object.Set("turnAgesMs", ages);
  return object;
}

Napi::Value EngineObject::flight_records(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::vector<std::vector<std::string>> records = running(env).flight_records();
  Napi::Array shards = Napi::Array::New(env, records.size());
  for (std::size_t i = 0; i < records.size(); ++i) {
    Napi::Array lines = Napi::Array::New(env, records[i].size());
    for (std::size_t j = 0; j < records[i].size(); ++j) lines.Set(static_cast<std::uint32_t>(j), records[i][j]);
    shards.Set(static_cast<std::uint32_t>(i), lines);
  }
  return shards;
}

}  // namespace addon
