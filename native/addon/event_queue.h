// Events on their way from shards to JavaScript: a bounded queue and one wake-up for each batch.
// Owner: the JavaScript engine object and the thread-safe function's finalizer, shared. Thread: `post` from shards; the rest on
// the Node thread.
#pragma once

#include <napi.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "native/shard/events.h"

namespace addon {

class EventQueue final : public shard::EventSink, public std::enable_shared_from_this<EventQueue> {
 public:
  static constexpr std::size_t events_max = 65'536;  // half of it for warnings
  /// Messages of sessions that wait, and their bytes; from here on sessions are not read, so that at most one read of each shard
  /// comes on top. JavaScript acts on all of them in one go, so this is also how long others wait for their turn.
  static constexpr std::size_t session_events_max = 16'384;
  static constexpr std::size_t session_bytes_max = 16 * 1024 * 1024;

  /// Begins delivery to `callback(events[])` and keeps the Node loop alive until `close`.
  static std::shared_ptr<EventQueue> create(Napi::Env env, const Napi::Function& callback);

  bool post(shard::Event&& event) override;
  bool congested() const override {
    return session_events_.load(std::memory_order_relaxed) >= session_events_max ||
           session_bytes_.load(std::memory_order_relaxed) >= session_bytes_max;
  }
  std::uint64_t batch() const override { return batch_.load(std::memory_order_relaxed); }
  /// Nothing is delivered afterwards. Call it after the shards have ended. Idempotent.
  void close();

 private:
  static std::size_t room_for(shard::EventKind kind);
  static bool counts_for_congestion(shard::EventKind kind);
  static void drop(std::vector<shard::Event>& events);
  static void call_js(napi_env env, napi_value callback, void* context, void* data);
  static void finalize(napi_env env, void* data, void* hint);
  void deliver(napi_env env, napi_value callback);

  std::mutex lock_;  // guards everything below
  std::vector<shard::Event> events_;
  /// Of those in events_. Relaxed: a hint for reading; it is changed under the lock.
  std::atomic<std::size_t> session_events_{0};
  std::atomic<std::size_t> session_bytes_{0};  // as session_events_
  std::atomic<std::uint64_t> batch_{1};        // as session_events_: a shard that reads an old one is only more patient
  bool woken_ = false;                            // a call is on its way that will take the whole batch
  napi_threadsafe_function function_ = nullptr;  // null: closed
};

}  // namespace addon
