// What is known of one gRPC call while it is open. A subscriber's costs its place in the table; memory of its own has only a
// call that is sending us a message in pieces, names its topic, or waits for window.
// Owner: its GrpcCodec. Thread: the connection's shard.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "native/codec/grpc/grpc_methods.h"
#include "native/codec/stream_codec.h"

namespace codec {

enum class CallState : std::uint8_t {
  over,        // answered, or never taken; whatever still comes is passed over
  waiting,     // for whether it may go on; what it says meanwhile is kept
  receiving,   // its request is coming in
  subscribed,  // the sink writes to it
  asked,       // the sink owes it an answer
  watching,    // of its server's health
};

/// Whether the sink has heard of it, and so must hear of its end.
enum class Told : std::uint8_t { no, yes };

/// A gRPC message that arrived in pieces so far, its prefix included.
/// Of a call that waits: all that it has said.
using Assembly = std::vector<std::uint8_t>;

/// What only few calls have at a time.
struct CallExtras {
  std::string topic;  // of the request's metadata; empty: it has none
  Assembly assembly;
  std::uint64_t messages = 0;  // published by it
  std::unique_ptr<std::vector<std::uint8_t>> held;  // of an answer: what the peer's windows have no room for yet,
  std::size_t held_sent = 0;                        // behind what has been sent of it
  std::uint32_t held_since_ms = 0;
  bool ends_after_held = false;                     // then it ends with success
  bool waits_for_connection = false;                // it is in the codec's list of those that do
  bool peer_ended = false;                          // of a call that waits: it has said all
};

struct Call {
  GrpcMethod method{};
  CallState state = CallState::over;
  Told told = Told::no;
  bool has_request = false;  // the only one, of methods that take one
  bool has_headers = false;  // the response's are queued
  bool names_encoding = false;  // its messages may be compressed, which none may
  bool has_deadline = false;    // it has a place in the codec's heap
  std::unique_ptr<CallExtras> extras;

  CallExtras& extras_for_writing() {
    if (!extras) extras = std::make_unique<CallExtras>();
    return *extras;
  }
};

static_assert(sizeof(Call) <= 16);
static_assert(sizeof(CallExtras) <= 96);

}  // namespace codec
