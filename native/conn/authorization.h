// What a connection may do, where its listener asks: what it stands on, and the questions about it that are not answered yet. A connection that
// begins with an HTTP request has one access; each stream of a gRPC connection that of the credential which its call brought.
// Owner: its connection. Thread: that connection's shard.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "native/codec/stream_codec.h"
#include "native/topic/grants.h"

namespace conn {

/// A moment of the monotonic clock in milliseconds that no connection lives to see.
inline constexpr std::int64_t never_ms = INT64_MAX;

struct Access {
  topic::GrantsRef grants;     // never null
  std::string subject;         // who it is, for limits; empty: nobody said
  std::int64_t ends_ms = never_ms;  // of the monotonic clock
  std::uint32_t standing = 0;  // what it stands on, by the control plane's number
  bool fallen = false;         // taken away: its end is no date any more that a wall clock counts
};

/// Of one connection, which may bring its end forward.
using AccessRef = std::shared_ptr<Access>;

/// Streams that wait for the answer to one question.
struct StreamsQuestion {
  std::uint32_t number = 0;
  std::uint32_t since_ms = 0;
  topic::Use use{};
  std::string fields;  // StreamRequest::fields
  std::vector<codec::StreamKey> streams;
};

class Authorization {
 public:
  /// Decisions about streams that are remembered; beyond it the oldest is asked again.
  static constexpr std::size_t known_max = 16;

  // Connections that begin with an HTTP request.
  AccessRef access;             // null: it is not decided
  std::uint32_t asked = 0;      // the number of the question that it waits for; 0: for none
  bool answers_bearer = false;  // a WebSocket's subprotocol

  // Streams.
  std::vector<StreamsQuestion> questions;

  /// From 1; one connection's questions are numbered apart.
  std::uint32_t next_number() { return ++last_number_; }
  /// What was decided about these fields; null: nothing is known.
  AccessRef find(topic::Use use, std::string_view fields) const;
  void know(topic::Use use, std::string fields, AccessRef decided);
  void hold(codec::StreamKey stream, AccessRef held);
  /// Null: it was not let in.
  const Access* access_of(codec::StreamKey stream) const;

  /// When the first access ends.
  std::int64_t ends_ms() const { return ends_ms_; }
  /// Behind every change of an end.
  void find_end();
  /// Gives those streams that have come to their end, and forgets what has.
  std::vector<codec::StreamKey> take_ended(std::int64_t now_ms);
  template <typename Visit>
  void for_each_access(Visit visit) const {
    if (access) visit(*access);
    for (const Known& each : known_) visit(*each.access);
    for (const Holder& each : holders_) {
      if (each.access) visit(*each.access);
    }
  }

 private:
  struct Known {
    topic::Use use{};
    std::string fields;
    AccessRef access;
  };
  struct Holder {
    codec::StreamKey stream;
    AccessRef access;
  };

  std::vector<Known> known_;      // the oldest first
  std::vector<Holder> holders_;   // by the stream's slot; of streams that are gone until another has it
  std::int64_t ends_ms_ = never_ms;
  std::uint32_t last_number_ = 0;
};

}  // namespace conn
