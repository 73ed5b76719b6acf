// Takes connections from the listeners, bounded a turn, counts them, and deals them out to the shards.
// Owner: shard 0. Thread: that shard.
#pragma once

#include <cstdint>
#include <vector>

#include "native/metrics/metrics.h"
#include "native/shard/engine_options.h"
#include "native/shard/flight_recorder.h"

namespace shard {

struct EngineContext;
struct Message;

/// A bound socket.
struct Listener {
  os::Endpoint address;
  int fd = -1;  // -1: closed before the others
  std::uint16_t index = 0;  // in EngineOptions::listeners: what else is known of it stands there
};

class Acceptor {
 public:
  Acceptor(EngineContext& engine, metrics::Block& metrics, FlightRecorder& recorder);

  /// Takes the listeners over and registers them with the poller; a listener's token is `first_token` + its index. False when
  /// the system has no room for that.
  bool start(int poller, std::vector<Listener> listeners, std::uint64_t first_token);
  bool owns(std::uint64_t token) const { return token >= first_token_ && token < first_token_ + listeners_.size(); }
  /// Accepts at most a burst; level-triggered, so the rest is reported again.
  void on_ready(std::uint64_t token, std::uint32_t now_ms);
  /// Listens again after a pause for want of descriptors, when its time has come.
  void tick(std::uint32_t now_ms);
  /// Milliseconds until `tick` has something to do; -1 when it has not.
  int next_ms(std::uint32_t now_ms) const;
  /// Counts a connection, or aborts it when there are far too many, and deals it to the shard that has the fewest (ADR 0003). `message` says what
  /// `adopt` needs to know of it.
  void deal(Message&& message);
  /// Closes every listener. Idempotent.
  void stop();
  /// Closes the listeners of protocols without a handshake in which a client could be told to come back.
  void stop_without_handshake();

 private:
  void back_off(std::uint32_t now_ms, int error);
  void on_accepted(const Listener& listener, const os::Accepted& accepted);
  void refuse_silently(const Message& message, const char* reason);
  bool watch_all();
  void close(Listener& listener);

  EngineContext& engine_;
  metrics::Block& metrics_;
  FlightRecorder& recorder_;
  int poller_ = -1;
  std::uint64_t first_token_ = 0;
  std::vector<Listener> listeners_;
  bool paused_ = false;
  std::uint32_t resume_ms_ = 0;
  std::uint32_t back_off_ms_ = 0;
};

}  // namespace shard
