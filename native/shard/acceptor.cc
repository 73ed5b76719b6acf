#include "native/shard/acceptor.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "native/base/wrapping_time.h"
#include "native/shard/engine_context.h"
#include "native/shard/shard.h"

namespace shard {

using metrics::Metric;

namespace {
/// Accepted in one turn from one listener, so that a storm does not hold up those who are connected.
constexpr int accept_burst = 64;
constexpr std::uint32_t back_off_ms_min = 10;
constexpr std::uint32_t back_off_ms_max = 1000;
}  // namespace

Acceptor::Acceptor(EngineContext& engine, metrics::Block& metrics, FlightRecorder& recorder)
    : engine_(engine), metrics_(metrics), recorder_(recorder) {}

bool Acceptor::start(int poller, std::vector<Listener> listeners, std::uint64_t first_token) {
  CHECK(poller >= 0 && listeners_.empty());
  poller_ = poller;
  listeners_ = std::move(listeners);
  first_token_ = first_token;
  return watch_all();
}

bool Acceptor::watch_all() {
  bool watched = true;
  for (std::size_t i = 0; i < listeners_.size(); ++i) {
    if (listeners_[i].fd < 0) continue;
    watched = engine_.kernel.watch(poller_, listeners_[i].fd, first_token_ + i, os::Watch::level_in) && watched;
  }
  return watched;
}

void Acceptor::on_ready(std::uint64_t token, std::uint32_t now_ms) {
  CHECK(owns(token));
  if (paused_) return;  // reported together with the one that made us pause
  const Listener& listener = listeners_[token - first_token_];
  if (listener.fd < 0) return;
  for (int i = 0; i < accept_burst; ++i) {
    const os::Accepted accepted = engine_.kernel.accept(listener.fd);
    switch (accepted.outcome) {
      case os::AcceptOutcome::ok:
        back_off_ms_ = 0;
        on_accepted(listener, accepted);
        break;
      case os::AcceptOutcome::aborted:
        break;
      case os::AcceptOutcome::would_block:
        return;
      case os::AcceptOutcome::exhausted:
        back_off(now_ms, accepted.error);
        return;
    }
  }
}

/// A level-triggered listener that cannot be served would spin: it is taken out of the poller for a while instead.
void Acceptor::back_off(std::uint32_t now_ms, int error) {
  CHECK(!paused_ && error != 0);
  metrics_.add(Metric::accept_failures);
  back_off_ms_ = std::clamp(back_off_ms_ * 2, back_off_ms_min, back_off_ms_max);
  recorder_.note(TracePoint::accept_failed, 0, static_cast<std::uint64_t>(error), back_off_ms_);
  resume_ms_ = now_ms + back_off_ms_;
  paused_ = true;
  for (const Listener& listener : listeners_) {
    if (listener.fd >= 0) engine_.kernel.unwatch(poller_, listener.fd);
  }
  const bool told = engine_.warn("accept-failed", std::string("cannot accept connections (") + std::strerror(error) +
                                                      "), trying again in " + std::to_string(back_off_ms_) + " ms");
  if (!told) metrics_.add(Metric::events_dropped);
}

void Acceptor::tick(std::uint32_t now_ms) {
  if (!paused_ || !base::is_due(resume_ms_, now_ms)) return;
  paused_ = false;
  if (!watch_all()) back_off(now_ms, ENOMEM);
}

int Acceptor::next_ms(std::uint32_t now_ms) const {
  if (!paused_) return -1;
  return static_cast<int>(base::time_left_ms(resume_ms_, now_ms));
}

void Acceptor::on_accepted(const Listener& listener, const os::Accepted& accepted) {
  CHECK(accepted.fd >= 0);
  metrics_.add(Metric::connections_accepted);
  Message message;
  message.listener = listener.index;
  message.fd = accepted.fd;
  message.address = accepted.peer;
  deal(std::move(message));
}

void Acceptor::refuse_silently(const Message& message, const char* reason) {
  metrics_.add(Metric::connections_closed);
  engine_.kernel.abort(message.fd);
  if (!engine_.warn("connection-refused", "refused " + message.address.text() + " without a word: " + reason)) {
    metrics_.add(Metric::events_dropped);
  }
}

void Acceptor::deal(Message&& message) {
  CHECK(message.fd >= 0 && message.listener < engine_.options.listeners.size());
  const std::size_t open = engine_.connections.load(std::memory_order_relaxed);
  const std::size_t open_max = engine_.options.connections_max;
  const os::Address& peer = message.address;
  // A trusted proxy's address stands for many clients, and a local peer has none: `connections_max` alone bounds them.
  message.from_proxy = engine_.options.proxies.trusted.contains(peer);
  message.counted = !peer.local && !message.from_proxy;
  Admission admission = open >= open_max + refusals_at_once_max ? Admission::beyond : Admission::within;
  if (message.counted && admission != Admission::beyond) admission = engine_.addresses.take(peer, engine_.kernel.now_ns());
  if (open >= open_max && has_place(admission)) admission = Admission::over;
  if (admission != Admission::within) metrics_.add(comes_too_often(admission) ? Metric::handshakes_over_rate : Metric::connections_refused);
  if (!has_place(admission)) return refuse_silently(message, comes_too_often(admission) ? "too many connections a second" : "too many connections at once");
  message.kind = MessageKind::adopt;
  message.over_limit = admission == Admission::over;
  message.over_rate = admission == Admission::over_rate;
  engine_.connections.fetch_add(1, std::memory_order_relaxed);

  Shard* least = engine_.shards.front().get();
  for (const auto& shard : engine_.shards) {
    if (shard->load() < least->load()) least = shard.get();
  }
  least->add_load();
  if (least == engine_.shards.front().get()) {
    least->adopt(message);
  } else {
    least->post(std::move(message));
  }
}

void Acceptor::stop() {
  for (Listener& listener : listeners_) close(listener);
  listeners_.clear();
  paused_ = false;
}

void Acceptor::stop_without_handshake() {
  for (Listener& listener : listeners_) {
    const ListenerOptions& options = engine_.options.listeners[listener.index];
    if (!has_handshake(codec::protocol(options.protocol).role)) close(listener);
  }
}

void Acceptor::close(Listener& listener) {
  if (listener.fd < 0) return;
  if (!paused_) engine_.kernel.unwatch(poller_, listener.fd);
  engine_.kernel.close_listener(listener.fd, listener.address);
  listener.fd = -1;
}

}  // namespace shard
