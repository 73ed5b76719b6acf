#include "native/addon/engine_object.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "native/addon/arguments.h"
#include "native/addon/errors.h"
#include "native/addon/event_values.h"
#include "native/addon/tls_values.h"
#include "native/addon/values.h"
#include "native/codec/http1/proxy_header.h"
#ifdef BROKER_FAULTS
#include <cstdlib>

#include "native/os/faulty_kernel.h"
#endif

namespace addon {

namespace {

/// The table's memory is the kernel's: 8 bytes a descriptor. Beyond this it grows as connections come.
constexpr std::size_t files_reserved_max = 65'536;
constexpr std::size_t files_besides_connections = 128;
constexpr std::int64_t drain_ms_max = 3'600'000;
constexpr std::size_t peer_bytes_max = 128;
constexpr std::size_t ears_max = 100'000;
constexpr std::int64_t ear_messages_max = 1'000'000;
constexpr std::int64_t ear_bytes_max = std::int64_t{1} << 30;

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

#ifdef BROKER_FAULTS
template <typename Below>
std::unique_ptr<os::Kernel> kernel_like(Napi::Env env) {
  const char* const wanted = std::getenv("BROKER_FAULTS");
  const std::optional<os::FaultPlan> plan = os::parse_faults(wanted == nullptr ? "" : wanted);
  if (!plan) throw Napi::Error::New(env, std::string("BROKER_FAULTS must be like short_write=10,emfile=3 (native/os/faults.def), got: ") + wanted);
  return std::make_unique<os::FaultyKernel<Below>>(*plan);
}
#else
template <typename Below>
std::unique_ptr<os::Kernel> kernel_like(Napi::Env) {
  return std::make_unique<Below>();
}
#endif

std::unique_ptr<os::Kernel> make_kernel(const Napi::Value& io) {
  const std::string name = text_from(io, "io");
  if (name == "epoll") return kernel_like<os::LinuxKernel>(io.Env());
  if (name == "uring" && os::UringKernel::available()) return kernel_like<os::UringKernel>(io.Env());
  throw_range(io, "io", "epoll, or uring where it is available");
}

/// What is published. The bytes of a Uint8Array stay JavaScript's, so none of it may run before they are in the logs; memory that
/// another thread may write to meanwhile is copied.
struct Payload {
  codec::PayloadKind kind = codec::PayloadKind::text;
  std::string own;
  base::Bytes view;  // of JavaScript's memory; empty: `own` it is

  base::Bytes bytes() const { return view.empty() ? base::bytes_of(own) : view; }
};

Payload to_payload(const Napi::Value& value, const char* name) {
  Payload payload;
  if (value.IsString()) {
    payload.own = value.As<Napi::String>();
    return payload;
  }
  if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != napi_uint8_array) {
    throw_type(value, name, "a string or a Uint8Array");
  }
  const auto array = value.As<Napi::Uint8Array>();
  payload.kind = codec::PayloadKind::binary;
  payload.view = {array.Data(), array.ByteLength()};
  const bool is_shared = !array.ArrayBuffer().IsArrayBuffer();
  if (is_shared) payload.own = base::text_of(std::exchange(payload.view, {}));
  return payload;
}

}  // namespace

Napi::Function EngineObject::define(Napi::Env env) {
  return DefineClass(env, "NativeEngine",
                     {InstanceMethod("publish", &EngineObject::publish), InstanceMethod("stats", &EngineObject::stats),
                      InstanceMethod("explainStats", &EngineObject::explain_stats),
                      InstanceMethod("topicStats", &EngineObject::topic_stats), InstanceMethod("topicStat", &EngineObject::topic_stat),
                      InstanceMethod("setConnectionEvents", &EngineObject::set_connection_events),
                      InstanceMethod("status", &EngineObject::status), InstanceMethod("flightRecords", &EngineObject::flight_records),
                      InstanceMethod("giveBack", &EngineObject::give_back),
                      InstanceMethod("isTrustedProxy", &EngineObject::is_trusted_proxy),
                      InstanceMethod("forwardedClient", &EngineObject::forwarded_client),
                      InstanceMethod("readProxyHeader", &EngineObject::read_proxy_header),
                      InstanceMethod("acceptSession", &EngineObject::accept_session),
                      InstanceMethod("sendToSession", &EngineObject::send_to_session),
                      InstanceMethod("joinTopic", &EngineObject::join_topic), InstanceMethod("leaveTopic", &EngineObject::leave_topic),
                      InstanceMethod("closeSession", &EngineObject::close_session), InstanceMethod("takeBack", &EngineObject::take_back),
                      InstanceMethod("setTls", &EngineObject::set_tls),
                      InstanceMethod("listen", &EngineObject::listen), InstanceMethod("hear", &EngineObject::hear),
                      InstanceMethod("unlisten", &EngineObject::unlisten), InstanceMethod("dropped", &EngineObject::dropped),
                      InstanceMethod("compileGrants", &EngineObject::compile_grants),
                      InstanceMethod("answerQuestions", &EngineObject::answer_questions),
                      InstanceMethod("setAskedHeaders", &EngineObject::set_asked_headers),
                      InstanceMethod("revoke", &EngineObject::revoke), InstanceMethod("shiftEnds", &EngineObject::shift_ends),
                      InstanceMethod("history", &EngineObject::history),
                      InstanceMethod("findConnections", &EngineObject::find_connections),
                      InstanceMethod("removeConnection", &EngineObject::remove_connection),
                      InstanceMethod("drain", &EngineObject::drain), InstanceMethod("stop", &EngineObject::stop)});
}

EngineObject::EngineObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<EngineObject>(info), env_(info.Env()) {
  const Napi::Env env = info.Env();
  const Napi::Object given = object_from(info[0], "options");
  if (!info[1].IsFunction()) throw_type(info[1], "onEvents", "a function");
  shard::EngineOptions options = to_engine_options(given);
  tls_ = options.tls;
  kernel_ = make_kernel(given.Get("io"));
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
  const std::string topic = text_from(info[0], "topic");
  PublishDetails details;  // holds what the publication's views point to
  if (!info[2].IsNull()) details = to_publish_details(object_from(info[2], "details"));
  const Payload payload = to_payload(info[1], "payload");  // last: the details' getters may have changed or detached it
  shard::Engine& engine = running(env);
  codec::Publication publication;
  publication.kind = payload.kind;
  publication.payload = payload.bytes();
  publication.event = details.event;
  publication.user_id = details.user_id;
  publication.excluded = details.excluded;
  const shard::PublishOutcome outcome = engine.publish(topic, publication);
  switch (outcome.status) {
    case shard::PublishStatus::ok:
      break;
    case shard::PublishStatus::invalid_topic:
      throw invalid_topic(env, info[0]);
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

void EngineObject::set_connection_events(const Napi::CallbackInfo& info) {
  running(info.Env()).set_connection_events(boolean_from(info[0], "on"));
}

void EngineObject::give_back(const Napi::CallbackInfo& info) { running(info.Env()).give_back(); }

// What comes through proxies to the control plane's own HTTP server.

Napi::Value EngineObject::is_trusted_proxy(const Napi::CallbackInfo& info) {
  const std::optional<os::Address> address = os::Address::parse_text(text_from(info[0], "address"));
  return Napi::Boolean::New(info.Env(), address && running(info.Env()).proxies().trusted.contains(*address));
}

Napi::Value EngineObject::forwarded_client(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::string value = text_from(info[0], "value");
  const shard::ProxyOptions& proxies = running(env).proxies();
  const std::optional<os::Address> client = codec::forwarded_client(proxies.header, value, proxies.trusted);
  return client ? Napi::Value(Napi::String::New(env, client->host())) : env.Null();
}

Napi::Value EngineObject::read_proxy_header(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Payload given = to_payload(info[0], "bytes");
  const codec::ProxyParsed parsed = codec::parse_proxy_header(given.bytes());
  if (parsed.status == codec::ProxyStatus::incomplete) return env.Null();
  Napi::Object object = Napi::Object::New(env);
  const bool malformed = parsed.status == codec::ProxyStatus::malformed;
  object.Set("problem", malformed ? Napi::Value(Napi::String::New(env, std::string(parsed.problem))) : env.Null());
  object.Set("bytes", static_cast<double>(parsed.consumed));
  object.Set("client", parsed.client ? Napi::Value(Napi::String::New(env, parsed.client->host())) : env.Null());
  return object;
}

// Arguments first: reading them may run getters, and those may stop the engine.

void EngineObject::accept_session(const Napi::CallbackInfo& info) {
  const conn::ConnectionId id = to_connection_id(info[0], "id");
  conn::SessionTerms terms = to_session_terms(object_from(info[1], "options"));
  running(info.Env()).accept_session(id, std::move(terms));
}

void EngineObject::send_to_session(const Napi::CallbackInfo& info) {
  const conn::ConnectionId id = to_connection_id(info[0], "id");
  running(info.Env()).send_to_session(id, shard::session_manners().write_text(text_from(info[1], "text")));
}

void EngineObject::join_topic(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const conn::ConnectionId id = to_connection_id(info[0], "id");
  const std::string topic = text_from(info[1], "topic");
  topic::Join join = to_join(object_from(info[2], "options"));
  join.connection = id;
  shard::Engine& engine = running(env);
  switch (engine.join_topic(topic, std::move(join))) {
    case shard::JoinStatus::ok:
      return;
    case shard::JoinStatus::invalid_topic:
      throw invalid_topic(env, info[1]);
    case shard::JoinStatus::topics_full:
      throw topics_full(env, engine);
  }
}

void EngineObject::leave_topic(const Napi::CallbackInfo& info) {
  const conn::ConnectionId id = to_connection_id(info[0], "id");
  running(info.Env()).leave_topic(id, text_from(info[1], "topic"));
}

void EngineObject::close_session(const Napi::CallbackInfo& info) {
  const conn::ConnectionId id = to_connection_id(info[0], "id");
  const std::uint16_t code = to_close_code(info[1]);
  running(info.Env()).close_session(id, code, text_from(info[2], "reason"));
}

/// The descriptor is duplicated: Node has no way to give up its own but to close it, which leaves the connection alone while there is another.
void EngineObject::take_back(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto fd = static_cast<int>(integer_from(info[0], "fd", {0, INT32_MAX}));
  const auto listener = static_cast<std::size_t>(integer_from(info[1], "listener", {0, UINT16_MAX}));
  const auto peer = os::Address::parse_text(text_from(info[2], "peer", peer_bytes_max));
  if (!peer) throw_range(info[2], "peer", "an address and a port, or unix");
  const Payload head = to_payload(info[3], "head");
  shard::Engine& engine = running(env);
  const int duplicate = os::duplicate_file(fd);
  if (duplicate < 0) {
    const int error = errno;
    throw error_with_code(env, std::string("cannot take the connection back: ") + std::strerror(error), error_name(error));
  }
  if (engine.take_back(duplicate, listener, *peer, std::string(base::text_of(head.bytes())))) return;
  os::close_file(duplicate);
  throw_range(info[1], "listener", "one that shares its port with HTTP");
}

/// The keys of tickets stay: clients of the old certificates come back by what they have.
void EngineObject::set_tls(const Napi::CallbackInfo& info) {
  const auto last = tls_ ? static_cast<std::int64_t>(tls_->size()) - 1 : -1;
  const auto index = static_cast<std::size_t>(integer_from(info[0], "index", {0, last}));
  tls_->set(index, make_tls_context(object_from(info[1], "options"), tls_->tickets(), -1));
}

Napi::Value EngineObject::listen(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::string topic = text_from(info[0], "topic");
  const Napi::Object limits = object_from(info[1], "limits");
  const topic::EarLimits bounds{static_cast<std::size_t>(integer_from(limits.Get("messagesMax"), "messagesMax", {1, ear_messages_max})),
                                static_cast<std::size_t>(integer_from(limits.Get("bytesMax"), "bytesMax", {1, ear_bytes_max}))};
  shard::Engine& engine = running(env);
  if (ears_.size() >= ears_max) {
    throw error_with_code(env, "there must be at most " + std::to_string(ears_max) + " subscriptions, got: one more", "ERR_SUBSCRIPTIONS");
  }
  const auto ear = std::make_shared<topic::Ear>(++last_ear_, bounds);
  switch (engine.listen(topic, ear)) {
    case shard::ListenStatus::ok:
      break;
    case shard::ListenStatus::invalid_topic:
      throw invalid_topic(env, info[0]);
    case shard::ListenStatus::topics_full:
      throw topics_full(env, engine);
  }
  ears_.emplace(ear->id(), Listening{ear, topic});
  return Napi::Number::New(env, static_cast<double>(ear->id()));
}

EngineObject::Listening* EngineObject::find_ear(const Napi::Value& id) {
  const auto found = ears_.find(static_cast<std::uint64_t>(integer_from(id, "id", {1, (std::int64_t{1} << 53) - 1})));
  return found == ears_.end() ? nullptr : &found->second;
}

Napi::Value EngineObject::hear(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto max = static_cast<std::size_t>(integer_from(info[1], "max", {1, ear_messages_max}));
  const Listening* const listening = find_ear(info[0]);
  std::vector<topic::Hearing> heard;
  if (listening != nullptr) listening->ear->take(max, heard);
  return Napi::Value(env, to_array(env, heard));
}

void EngineObject::unlisten(const Napi::CallbackInfo& info) {
  Listening* const listening = find_ear(info[0]);
  if (listening == nullptr) return;
  listening->ear->close();
  if (engine_) engine_->unlisten(listening->topic, *listening->ear);
  ears_.erase(listening->ear->id());
}

Napi::Value EngineObject::dropped(const Napi::CallbackInfo& info) {
  const Listening* const listening = find_ear(info[0]);
  return Napi::Number::New(info.Env(), listening == nullptr ? 0 : static_cast<double>(listening->ear->dropped()));
}

void EngineObject::drain(const Napi::CallbackInfo& info) {
  const auto drain_ms = static_cast<std::uint32_t>(integer_from(info[0], "drainMs", {0, drain_ms_max}));
  running(info.Env()).drain(drain_ms);
}

void EngineObject::stop(const Napi::CallbackInfo&) { end(); }

}  // namespace addon
