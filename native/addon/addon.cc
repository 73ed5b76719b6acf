// The module: NativeAddon of src/native/binding.ts. State is per environment, so it loads in workers and more than once.
#include <napi.h>

#include "native/addon/engine_object.h"
#include "native/addon/tls_values.h"
#include "native/os/uring_kernel.h"

namespace {

struct EnvironmentState {
  Napi::FunctionReference engine_class;
};

Napi::Value create_engine(const Napi::CallbackInfo& info) {
  return info.Env().GetInstanceData<EnvironmentState>()->engine_class.New({info[0], info[1]});
}

Napi::Value raise_file_limit(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(os::raise_file_limit()));
}

Napi::Value uring_available(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), os::UringKernel::available());
}

Napi::Object init(Napi::Env env, Napi::Object exports) {
  auto* const state = new EnvironmentState();
  state->engine_class = Napi::Persistent(addon::EngineObject::define(env));
  env.SetInstanceData(state);
  exports.Set("createEngine", Napi::Function::New(env, create_engine));
  exports.Set("checkTls", Napi::Function::New(env, addon::check_tls));
  exports.Set("raiseFileLimit", Napi::Function::New(env, raise_file_limit));
  exports.Set("uringAvailable", Napi::Function::New(env, uring_available));
  return exports;
}

}  // namespace

NODE_API_MODULE(broker, init)
