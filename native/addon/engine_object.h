// The JavaScript object `NativeEngine` of src/native/binding.ts.
// Owner: JavaScript (garbage collected); the engine inside ends with stop(), with its environment, or with the object.
// Thread: the Node thread.
#pragma once

#include <napi.h>

#include <memory>
#include <string>
#include <unordered_map>

#include "native/addon/event_queue.h"
#include "native/os/uring_kernel.h"
#include "native/shard/engine.h"

namespace addon {

class EngineObject final : public Napi::ObjectWrap<EngineObject> {
 public:
  static Napi::Function define(Napi::Env env);
  /// new EngineObject(options, onEvents): binds and starts, or throws.
  explicit EngineObject(const Napi::CallbackInfo& info);
  ~EngineObject() override;

 private:
  static void on_environment_end(void* self);
  Napi::Value publish(const Napi::CallbackInfo& info);
  Napi::Value stats(const Napi::CallbackInfo& info);
  Napi::Value explain_stats(const Napi::CallbackInfo& info);
  Napi::Value topic_stats(const Napi::CallbackInfo& info);
  Napi::Value topic_stat(const Napi::CallbackInfo& info);
  void set_connection_events(const Napi::CallbackInfo& info);
  Napi::Value status(const Napi::CallbackInfo& info);
  void find_connections(const Napi::CallbackInfo& info);
  Napi::Value remove_connection(const Napi::CallbackInfo& info);
  Napi::Value flight_records(const Napi::CallbackInfo& info);
  void give_back(const Napi::CallbackInfo& info);
  Napi::Value is_trusted_proxy(const Napi::CallbackInfo& info);
  Napi::Value forwarded_client(const Napi::CallbackInfo& info);
  Napi::Value read_proxy_header(const Napi::CallbackInfo& info);
  void accept_session(const Napi::CallbackInfo& info);
  void send_to_session(const Napi::CallbackInfo& info);
  void join_topic(const Napi::CallbackInfo& info);
  void leave_topic(const Napi::CallbackInfo& info);
  void close_session(const Napi::CallbackInfo& info);
  void take_back(const Napi::CallbackInfo& info);
  void set_tls(const Napi::CallbackInfo& info);
  Napi::Value listen(const Napi::CallbackInfo& info);
  Napi::Value hear(const Napi::CallbackInfo& info);
  void unlisten(const Napi::CallbackInfo& info);
  Napi::Value dropped(const Napi::CallbackInfo& info);
  Napi::Value compile_grants(const Napi::CallbackInfo& info);
  void answer_questions(const Napi::CallbackInfo& info);
  void set_asked_headers(const Napi::CallbackInfo& info);
  void revoke(const Napi::CallbackInfo& info);
  void shift_ends(const Napi::CallbackInfo& info);
  Napi::Value history(const Napi::CallbackInfo& info);
  void drain(const Napi::CallbackInfo& info);
  void stop(const Napi::CallbackInfo& info);

  shard::Engine& running(Napi::Env env);
  void end();

  /// A subscriber within this process. What it has heard can be taken after the end, too.
  struct Listening {
    topic::EarRef ear;
    std::string topic;
  };
  Listening* find_ear(const Napi::Value& id);

  napi_env env_;
  std::unique_ptr<os::Kernel> kernel_;
  std::shared_ptr<EventQueue> events_;
  std::shared_ptr<transport::TlsContexts> tls_;  // null: no listener has it
  std::unique_ptr<shard::Engine> engine_;  // null once ended
  std::unordered_map<std::uint64_t, Listening> ears_;
  std::uint64_t last_ear_ = 0;
};

}  // namespace addon
