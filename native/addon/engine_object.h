// The JavaScript object `NativeEngine` of src/native/binding.ts.
// Owner: JavaScript (garbage collected); the engine inside ends with stop(), with its environment, or with the object.
// Thread: the Node thread.
#pragma once

#include <napi.h>

#include <memory>

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
  Napi::Value topic_stats(const Napi::CallbackInfo& info);
  Napi::Value topic_stat(const Napi::CallbackInfo& info);
  void set_connection_events(const Napi::CallbackInfo& info);
  Napi::Value status(const Napi::CallbackInfo& info);
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
  void drain(const Napi::CallbackInfo& info);
  void stop(const Napi::CallbackInfo& info);

  shard::Engine& running(Napi::Env env);
  void end();

  napi_env env_;
  std::unique_ptr<os::Kernel> kernel_;
  std::shared_ptr<EventQueue> events_;
  std::unique_ptr<shard::Engine> engine_;  // null once ended
};

}  // namespace addon
