// The inbound half of the Pusher protocol 7: WebSocket messages with a JSON envelope. Pings and client events are
// recognised here; every other text goes to the control plane as it is.
// Owner: the connection. Thread: its shard.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "native/codec/codec.h"
#include "native/codec/websocket/websocket_codec.h"

namespace codec {

class PusherCodec final : public SessionCodec {
 public:
  explicit PusherCodec(const WebSocketLimits& limits) : websocket_(limits, DataFrames::deliver) {}
  Decoded decode(base::MutableBytes in, SessionSink& sink) override;
  Unfinished unfinished() const override { return websocket_.unfinished(); }

 private:
  class Messages;

  WebSocketCodec websocket_;
  bool binary_came_ = false;  // then it has failed
};

// With its allocation, still two cache lines for an idle connection.
static_assert(sizeof(PusherCodec) <= 128);

std::unique_ptr<Codec> make_pusher_codec(const WebSocketLimits& limits);

/// As WebSocket's, but for what Pusher's clients understand: 4100, to come back after a second, 4201, at once. (With what a drain ends
/// sessions, EngineOptions says.)
std::uint16_t pusher_code_of(Ending ending);

/// The text of a `pusher:error`, whose data alone is an object. `message` is text of ours: nothing in it needs an escape.
std::string write_pusher_error(std::uint16_t code, std::string_view message);

}  // namespace codec
