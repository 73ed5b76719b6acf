// What the engine tells its embedder. Produced by shards, consumed in batches elsewhere.
// Owner: values. Thread: `EventSink::post` is called by any shard.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "native/codec/protocol.h"
#include "native/conn/slow_policy.h"

namespace shard {

enum class EventKind : std::uint8_t {
  connection,
  disconnect,
  slow,
  warning,
  drained,
  session_open,       // upgraded: the control plane decides
  session_message,    // a text that the control plane decides on
  session_published,  // a client's own publication, delivered
  session_end,        // the session's last event
  http_connection,    // a plain HTTP request: the socket is the receiver's
  heard,              // an ear has something to be taken
};

struct Event {
  EventKind kind = EventKind::warning;
  std::uint64_t id = 0;  // the connection; heard: the ear
  codec::ProtocolId protocol{};
  std::string peer;
  std::vector<std::string> topics;  // connection: all of them; slow: the one
  std::uint16_t code = 0;           // disconnect
  std::string text;                 // disconnect, session_end: reason; warning: message; session_*: target, text or data; http: bytes read
  std::string detail;               // session_open: Origin; session_published: the event's name
  bool over_rate = false;           // session_message
  int fd = -1;                      // http_connection
  std::uint16_t listener = 0;       // http_connection: its index in EngineOptions::listeners
  const char* name = "";            // warning: its stable name
  conn::SlowPolicyId policy{};
  std::uint64_t bytes_behind = 0;
  std::uint64_t skipped = 0;
  std::uint32_t age_ms = 0;
  std::uint64_t cut = 0;  // drained: connections that were cut at the end of the time
};

class EventSink {
 public:
  virtual ~EventSink() = default;
  /// Returns false when the queue is full and the event was dropped. Must not block and must not call the engine. There is always
  /// room for the opening and the end of sessions (connections are bounded), for what was read before `congested`, and for `heard`.
  virtual bool post(Event&& event) = 0;
  /// True while so much waits that sessions are not to be read, and none begins.
  virtual bool congested() const = 0;
  /// Grows each time what waits is taken away. 0: this is not told, and no session has a share of its own.
  virtual std::uint64_t batch() const { return 0; }
};

}  // namespace shard
