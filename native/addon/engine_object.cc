#include "native/addon/engine_object.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "native/addon/values.h"
#include "native/codec/websocket_text.h"

namespace addon {

namespace {

/// The table's memory is the kernel's: 8 bytes a descriptor. Beyond this it grows as connections come.
constexpr std::size_t files_reserved_max = 65'536;
constexpr std::size_t files_besides_connections = 128;

Napi::Error error_with_code(Napi::Env env, const std::string& message, const char* code) {
  Napi::Error error = Napi::Error::New(env, message);
  error.Set("code", Napi::String::New(env, code));
  return error;
}

Napi::Array to_array(Napi::Env env, const std::vector<shard::BoundListener>& listeners) {
  Napi::Array array = Napi::Array::New(env, listeners.size());
  for (std::size_t i = 0; i < listeners.size(); ++i) array.Set(static_cast<std::uint32_t>(i), to_value(env, listeners[i]));
  return array;
}

Napi::Array to_array(Napi::Env env, const std::vector<shard::Tuning>& tuning) {
  Napi::Array array = Napi::Array::New(env, tuning.size());
  for (std::size_t i = 0; i < tuning.size(); ++i) {
    Napi::Object each = Napi::Object::New(env);
    each.Set("name", tuning[i].name);
    each.Set("code", tuning[i].error == 0 ? env.Null() : Napi::Value(Napi::String::New(env, error_name(tuning[i].error))));
    array.Set(static_cast<std::uint32_t>(i), each);
  }
  return array;
}

std::unique_ptr<os::Kernel> make_kernel(Napi::Env env, const Napi::Value& io) {
  const std::string name = io.IsString() ? io.As<Napi::String>().Utf8Value() : "";
  if (name == "epoll") return std::make_unique<os::LinuxKernel>();
  if (name == "uring" && os::UringKernel::available()) return std::make_unique<os::UringKernel>();
  throw Napi::TypeError::New(env, "io must be epoll, or uring where it is available");
}

Napi::Error invalid_topic(Napi::Env env, const std::string& topic) {
  return error_with_code(env, "the topic's name is empty, too long, or has control characters, got: " + topic, "ERR_TOPIC");
}

Napi::Error topics_full(Napi::Env env, const shard::Engine& engine) {
  return error_with_code(env, "too many topics (topicsMax), got: " + std::to_string(engine.topics()), "ERR_TOPICS");
}

conn::ConnectionId id_of(const Napi::Value& value) {
  if (!value.IsNumber()) throw Napi::TypeError::New(value.Env(), "id must be a number");
  return static_cast<conn::ConnectionId>(value.As<Napi::Number>().Int64Value());
}

std::string text_of(const Napi::Value& value, const char* name) {
  if (!value.IsString()) throw Napi::TypeError::New(value.Env(), std::string(name) + " must be a string");
  return value.As<Napi::String>();
}

}  // namespace

Napi::Function EngineObject::define(Napi::Env env) {
  return DefineClass(env, "NativeEngine",
                     {InstanceMethod("publish", &EngineObject::publish), InstanceMethod("stats", &EngineObject::stats),
                      InstanceMethod("topicStats", &EngineObject::topic_stats), InstanceMethod("topicStat", &EngineObject::topic_stat),
                      InstanceMethod("setConnectionEvents", &EngineObject::set_connection_events),
                      InstanceMethod("status", &EngineObject::status),
                      InstanceMethod("acceptSession", &EngineObject::accept_session),
                      InstanceMethod("sendToSession", &EngineObject::send_to_session),
                      InstanceMethod("joinTopic", &EngineObject::join_topic), InstanceMethod("leaveTopic", &EngineObject::leave_topic),
                      InstanceMethod("closeSession", &EngineObject::close_session),
                      InstanceMethod("drain", &EngineObject::drain), InstanceMethod("stop", &EngineObject::stop)});
}

EngineObject::EngineObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<EngineObject>(info), env_(info.Env()) {
  const Napi::Env env = info.Env();
  if (!info[0].IsObject()) throw Napi::TypeError::New(env, "options must be an object");
  if (!info[1].IsFunction()) throw Napi::TypeError::New(env, "onEvents must be a function");
  shard::EngineOptions options = to_engine_options(info[0].As<Napi::Object>());
  kernel_ = make_kernel(env, info[0].As<Napi::Object>().Get("io"));
  events_ = EventQueue::create(env, info[1].As<Napi::Function>());
  os::reserve_files(std::min<std::size_t>(options.connections_max + files_besides_connections, files_reserved_max));
  shard::StartError start_error;
  engine_ = shard::Engine::start(std::move(options), *kernel_, *events_, start_error);
  if (!engine_) {
    events_->close();
    Napi::Error error = error_with_code(env, std::string("listen ") + error_name(start_error.error) + ": " + std::strerror(start_error.error),
                                        error_name(start_error.error));
    error.Set("address", Napi::String::New(env, start_error.address.host()));
    error.Set("port", Napi::Number::New(env, start_error.address.port));
    throw error;
  }
  Napi::Object self = info.This().As<Napi::Object>();
  self.Set("listeners", to_array(env, engine_->listeners()));
  self.Set("skipped", to_array(env, engine_->skipped()));
  if (!engine_->run()) {
    engine_.reset();
    events_->close();
    throw error_with_code(env, "the system refuses another thread", "EAGAIN");
  }
  self.Set("tuning", to_array(env, engine_->tuning()));
  // Registered after the event queue's function, so it runs before that is torn down: hooks run in reverse order.
  napi_add_env_cleanup_hook(env, &EngineObject::on_environment_end, this);
}

EngineObject::~EngineObject() { end(); }

void EngineObject::on_environment_end(void* self) { static_cast<EngineObject*>(self)->end(); }

void EngineObject::end() {
  if (!engine_) return;
  engine_->stop();  // joined: nobody posts any more
  engine_.reset();
  events_->close();
  napi_remove_env_cleanup_hook(env_, &EngineObject::on_environment_end, this);
}

shard::Engine& EngineObject::running(Napi::Env env) {
  if (!engine_) throw error_with_code(env, "the broker is closed", "ERR_CLOSED");
  return *engine_;
}

Napi::Value EngineObject::publish(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  shard::Engine& engine = running(env);
  if (!info[0].IsString()) throw Napi::TypeError::New(env, "topic must be a string");
  const std::string topic = info[0].As<Napi::String>();
  std::string text;  // holds the payload's UTF-8 while it is published
  codec::Publication publication;
  if (info[1].IsString()) {
    text = info[1].As<Napi::String>();
    publication.kind = codec::PayloadKind::text;
    publication.payload = base::bytes_of(text);
  } else if (info[1].IsTypedArray() && info[1].As<Napi::TypedArray>().TypedArrayType() == napi_uint8_array) {
    const auto bytes = info[1].As<Napi::Uint8Array>();
    publication.kind = codec::PayloadKind::binary;
    publication.payload = {bytes.Data(), bytes.ByteLength()};
  } else {
    throw Napi::TypeError::New(env, "payload must be a string or a Uint8Array");
  }
  PublishDetails details;  // holds what the publication's views point to
  if (info[2].IsObject()) {
    details = to_publish_details(info[2].As<Napi::Object>());
    publication.event = details.event;
    publication.user_id = details.user_id;
    publication.excluded = details.excluded;
  }
  const shard::PublishOutcome outcome = engine.publish(topic, publication);
  switch (outcome.status) {
    case shard::PublishStatus::ok:
      break;
    case shard::PublishStatus::invalid_topic:
      throw invalid_topic(env, topic);
    case shard::PublishStatus::too_big:
      throw error_with_code(env, "the payload is over messageBytesMax, got: " + std::to_string(publication.payload.size()) + " bytes",
                            "ERR_MESSAGE_BYTES");
    case shard::PublishStatus::logs_full:
      throw error_with_code(env, "the topic logs are full (logBytesMax), got: " + std::to_string(engine.memory().bytes_now()) + " bytes",
                            "ERR_LOG_BYTES");
    case shard::PublishStatus::topics_full:
      throw topics_full(env, engine);
  }
  return Napi::Number::New(env, static_cast<double>(outcome.offset));
}

Napi::Value EngineObject::stats(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const shard::Engine& engine = running(env);
  Napi::Object object = Napi::Object::New(env);
  const auto values = engine.stats();
  for (std::size_t i = 0; i < values.size(); ++i) object.Set(metrics::metric_names[i], static_cast<double>(values[i]));
  object.Set("log_bytes_now", static_cast<double>(engine.memory().bytes_now()));
  object.Set("log_segments", static_cast<double>(engine.memory().allocations()));
  object.Set("receive_buffer_bytes_now", static_cast<double>(engine.received_bytes()));
  object.Set("stream_buffer_bytes_now", static_cast<double>(engine.stream_bytes()));
  object.Set("topics_now", static_cast<double>(engine.topics()));
  object.Set("last_values_now", static_cast<double>(engine.last_values().size()));
  object.Set("last_bytes_now", static_cast<double>(engine.last_values().bytes_now()));
  return object;
}

Napi::Value EngineObject::topic_stats(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!info[0].IsNumber()) throw Napi::TypeError::New(env, "max must be a number");
  const auto counts = running(env).topic_counts(info[0].As<Napi::Number>().Uint32Value());
  Napi::Array array = Napi::Array::New(env, counts.size());
  for (std::size_t i = 0; i < counts.size(); ++i) array.Set(static_cast<std::uint32_t>(i), to_value(env, counts[i]));
  return array;
}

Napi::Value EngineObject::topic_stat(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto counts = running(env).topic_count(text_of(info[0], "topic"));
  return counts ? to_value(env, *counts) : env.Null();
}

void EngineObject::set_connection_events(const Napi::CallbackInfo& info) {
  if (!info[0].IsBoolean()) throw Napi::TypeError::New(info.Env(), "on must be a boolean");
  running(info.Env()).set_connection_events(info[0].As<Napi::Boolean>());
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

void EngineObject::accept_session(const Napi::CallbackInfo& info) {
  if (!info[1].IsObject()) throw Napi::TypeError::New(info.Env(), "options must be an object");
  running(info.Env()).accept_session(id_of(info[0]), to_session_terms(info[1].As<Napi::Object>()));
}

void EngineObject::send_to_session(const Napi::CallbackInfo& info) {
  running(info.Env()).send_to_session(id_of(info[0]), codec::write_text_frame(text_of(info[1], "text")));
}

void EngineObject::join_topic(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  shard::Engine& engine = running(env);
  if (!info[2].IsObject()) throw Napi::TypeError::New(env, "options must be an object");
  const std::string topic = text_of(info[1], "topic");
  topic::Join join = to_join(info[2].As<Napi::Object>());
  join.connection = id_of(info[0]);
  switch (engine.join_topic(topic, std::move(join))) {
    case shard::JoinStatus::ok:
      return;
    case shard::JoinStatus::invalid_topic:
      throw invalid_topic(env, topic);
    case shard::JoinStatus::topics_full:
      throw topics_full(env, engine);
  }
}

void EngineObject::leave_topic(const Napi::CallbackInfo& info) {
  running(info.Env()).leave_topic(id_of(info[0]), text_of(info[1], "topic"));
}

void EngineObject::close_session(const Napi::CallbackInfo& info) {
  if (!info[1].IsNumber()) throw Napi::TypeError::New(info.Env(), "code must be a number");
  running(info.Env())
      .close_session(id_of(info[0]), static_cast<std::uint16_t>(info[1].As<Napi::Number>().Uint32Value()), text_of(info[2], "reason"));
}

void EngineObject::drain(const Napi::CallbackInfo& info) {
  if (!info[0].IsNumber()) throw Napi::TypeError::New(info.Env(), "drainMs must be a number");
  running(info.Env()).drain(info[0].As<Napi::Number>().Uint32Value());
}

void EngineObject::stop(const Napi::CallbackInfo&) { end(); }

}  // namespace addon
