// Events on their way from shards to JavaScript: a bounded queue and one wake-up for each batch.
// Owner: the JavaScript engine object and the thread-safe function's finalizer, shared. Thread: `post` from shards; the rest on
// the Node thread.
#pragma once

#include <napi.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "native/shard/event_backlog.h"

namespace addon {

class EventQueue final : public shard::EventSink, public std::enable_shared_from_this<EventQueue> {
 public:
  static constexpr std::size_t events_max = 65'536;  // half of it for warnings

  /// Begins delivery to `callback(events[])` and keeps the Node loop alive until `close`.
  static std::shared_ptr<EventQueue> create(Napi::Env env, const Napi::Function& callback);

  bool post(shard::Event&& event) override;
  bool congested() const override { return backlog_.full(); }
  std::uint64_t batch() const override { return backlog_.batch(); }
  /// Nothing is delivered afterwards. Call it after the shards have ended. Idempotent.
  void close();

 private:
  static void drop(std::vector<shard::Event>& events);
  static void call_js(napi_env env, napi_value callback, void* context, void* data);
  static void finalize(napi_env env, void* data, void* hint);
  void deliver(napi_env env, napi_value callback);

  std::mutex lock_;  // guards everything below
  std::vector<shard::Event> events_;
  shard::EventBacklog backlog_;  // of events_
  bool woken_ = false;                            // a call is on its way that will take the whole batch
  napi_threadsafe_function function_ = nullptr;  // null: closed
};

}  // namespace addon
