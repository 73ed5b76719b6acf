// What the engine tells its embedder: a struct a kind. Produced by shards, consumed in batches elsewhere (src/native/binding.ts has the
// same kinds for JavaScript).
// Owner: values. Thread: `EventSink::post` is called by any shard.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "native/codec/protocol.h"
#include "native/conn/connection_id.h"
#include "native/conn/slow_policy.h"
#include "native/shard/auth_question.h"
#include "native/transport/identity.h"
#include "native/shard/connection_list.h"

namespace shard {

struct Connected {
  conn::ConnectionId id = 0;
  codec::ProtocolId protocol{};
  std::string peer = {};
  std::vector<std::string> topics = {};  // none where the connection's streams name theirs
};

struct Disconnected {
  conn::ConnectionId id = 0;
  codec::ProtocolId protocol{};
  std::string peer = {};
  std::uint16_t code = 0;
  std::string reason = {};
};

/// A subscriber met a slow-consumer rule.
struct Slow {
  conn::ConnectionId id = 0;
  std::string peer = {};
  std::string topic = {};
  conn::SlowPolicyId policy{};
  std::uint64_t bytes_behind = 0;
  std::uint32_t age_ms = 0;
  std::uint64_t skipped = 0;
};

struct Warning {
  const char* name = "";  // stable
  std::string message = {};
};

struct Drained {
  std::uint64_t cut = 0;  // connections that were cut at the end of the time
};

/// Upgraded: the control plane decides.
struct SessionOpened {
  conn::ConnectionId id = 0;
  codec::ProtocolId protocol{};
  std::string peer = {};
  std::string target = {};
  std::string origin = {};  // empty: none was told
};

/// A text that the control plane decides on.
struct SessionMessage {
  conn::ConnectionId id = 0;
  std::string text = {};
  bool over_rate = false;
};

/// A client's own publication, delivered.
struct SessionPublished {
  conn::ConnectionId id = 0;
  std::string topic = {};
  std::string name = {};
  std::string data = {};
};

/// The session's last event.
struct SessionEnded {
  conn::ConnectionId id = 0;
  std::uint16_t code = 0;
  std::string reason = {};
};

/// A plain HTTP request: the socket is the receiver's.
struct HttpConnection {
  codec::ProtocolId protocol{};
  int fd = -1;
  std::uint16_t listener = 0;  // its index in EngineOptions::listeners
  std::string peer = {};
  std::string head = {};  // what was read already
  bool secure = false;    // it came over TLS: `fd` is one end of a pair, whose other end the engine serves
  std::optional<transport::Identity> certificate = std::nullopt;  // of its client, verified
};

/// An ear has something to be taken.
struct Heard {
  std::uint64_t ear = 0;
};

/// Somebody waits to be let in.
struct AuthAsked {
  conn::ConnectionId id = 0;
  std::shared_ptr<const AuthQuestion> question;
};

/// One shard's answer to a question about its connections.
struct ConnectionsListed {
  std::uint64_t ask = 0;
  std::uint64_t matches = 0;
  std::vector<ConnectionRow> rows = {};
};

/// Whether the connection that was to be ended was there.
struct ConnectionRemoved {
  std::uint64_t ask = 0;
  bool found = false;
};

using Event = std::variant<Connected, Disconnected, Slow, Warning, Drained, SessionOpened, SessionMessage, SessionPublished, SessionEnded, HttpConnection,
                           Heard, AuthAsked, ConnectionsListed, ConnectionRemoved>;

class EventSink {
 public:
  virtual ~EventSink() = default;
  /// Returns false when the queue is full and the event was dropped. Must not block and must not call the engine. There is always
  /// room for the opening and the end of sessions (connections are bounded), for what was read before `congested`, and for `Heard`.
  virtual bool post(Event&& event) = 0;
  /// True while so much waits that sessions are not to be read, and none begins, nor any other question is asked.
  virtual bool congested() const = 0;
  /// Grows each time what waits is taken away. 0: this is not told, and no session has a share of its own.
  virtual std::uint64_t batch() const { return 0; }
};

}  // namespace shard
