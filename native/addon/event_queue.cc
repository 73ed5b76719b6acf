#include "native/addon/event_queue.h"

#include <cstdint>
#include <variant>

#include "native/addon/event_values.h"
#include "native/os/linux_kernel.h"

namespace addon {

namespace {

/// A flood of warnings must not crowd out what happens to connections, nor anything the one event that ends a drain.
std::size_t room_of(const shard::Warning&) { return EventQueue::events_max / 2; }
std::size_t room_of(const shard::Connected&) { return EventQueue::events_max; }
std::size_t room_of(const shard::Disconnected&) { return EventQueue::events_max; }
std::size_t room_of(const shard::Slow&) { return EventQueue::events_max; }
// Bounded by the connections there may be, and by `congested`.
std::size_t room_of(const shard::Drained&) { return SIZE_MAX; }
std::size_t room_of(const shard::SessionOpened&) { return SIZE_MAX; }
std::size_t room_of(const shard::SessionMessage&) { return SIZE_MAX; }
std::size_t room_of(const shard::SessionPublished&) { return SIZE_MAX; }
std::size_t room_of(const shard::SessionEnded&) { return SIZE_MAX; }
std::size_t room_of(const shard::HttpConnection&) { return SIZE_MAX; }
std::size_t room_of(const shard::AuthAsked&) { return SIZE_MAX; }
// As many as were asked for.
std::size_t room_of(const shard::ConnectionsListed&) { return SIZE_MAX; }
std::size_t room_of(const shard::ConnectionRemoved&) { return SIZE_MAX; }
std::size_t room_of(const shard::Heard&) { return SIZE_MAX; }  // one for each ear at most

/// How many events may wait before this one is dropped.
std::size_t room_for(const shard::Event& event) {
  return std::visit([](const auto& each) { return room_of(each); }, event);
}

}  // namespace

std::shared_ptr<EventQueue> EventQueue::create(Napi::Env env, const Napi::Function& callback) {
  auto queue = std::make_shared<EventQueue>();
  // The function holds a reference of its own until Node has finalized it: calls may still be queued after close().
  auto* const held = new std::shared_ptr<EventQueue>(queue);
  const napi_status status = napi_create_threadsafe_function(env, callback, nullptr, Napi::String::New(env, "broker-events"), 0, 1, held,
                                                             &EventQueue::finalize, held, &EventQueue::call_js, &queue->function_);
  if (status != napi_ok) {
    delete held;
    throw Napi::Error::New(env, "cannot create the event queue");
  }
  return queue;
}

bool EventQueue::post(shard::Event&& event) {
  std::lock_guard guard(lock_);
  if (function_ == nullptr || events_.size() >= room_for(event)) return false;
  backlog_.add(event);
  events_.push_back(std::move(event));
  if (woken_) return true;
  // Under our own lock, because Node-API has no way to ask whether the function is still there; at most once a batch.
  woken_ = napi_call_threadsafe_function(function_, nullptr, napi_tsfn_nonblocking) == napi_ok;
  return true;
}

void EventQueue::close() {
  std::lock_guard guard(lock_);
  if (function_ == nullptr) return;
  napi_release_threadsafe_function(function_, napi_tsfn_abort);
  function_ = nullptr;
  drop(events_);
}

/// Sockets on their way to JavaScript are nobody's when it does not get them.
void EventQueue::drop(std::vector<shard::Event>& events) {
  for (const shard::Event& event : events) {
    const auto* const request = std::get_if<shard::HttpConnection>(&event);
    if (request != nullptr && request->fd >= 0) os::close_file(request->fd);
  }
  events.clear();
}

void EventQueue::call_js(napi_env env, napi_value callback, void* context, void*) {
  if (env == nullptr) return;  // the environment is going down
  (*static_cast<std::shared_ptr<EventQueue>*>(context))->deliver(env, callback);
}

void EventQueue::finalize(napi_env, void* data, void*) {
  auto* const held = static_cast<std::shared_ptr<EventQueue>*>(data);
  {
    // Node may end the function by itself when its environment goes down: no shard may call it from here on.
    std::lock_guard guard((*held)->lock_);
    (*held)->function_ = nullptr;
  }
  delete held;
}

void EventQueue::deliver(napi_env env, napi_value callback) {
  std::vector<shard::Event> events;
  {
    std::lock_guard guard(lock_);
    woken_ = false;
    events.swap(events_);
    backlog_.clear();
  }
  if (events.empty()) return;
  napi_handle_scope scope = nullptr;
  if (napi_open_handle_scope(env, &scope) != napi_ok) return drop(events);
  napi_value undefined = nullptr;
  napi_get_undefined(env, &undefined);
  const napi_value batch = to_array(env, events);
  // A failure is the end of the environment within the callback (process.exit in a worker, terminate()): nobody is left to be
  // told. What a listener throws is handled in JavaScript (src/broker.ts).
  if (batch != nullptr) {
    napi_call_function(env, undefined, callback, 1, &batch, nullptr);
  } else {
    drop(events);
  }
  napi_close_handle_scope(env, scope);
}

}  // namespace addon
