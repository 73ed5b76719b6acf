// Requests of a responder: whatever arrives is one, or each line is. No handshake, no frames.
// Owner: a connection (its codec). Thread: that connection's shard.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "native/codec/codec.h"
#include "native/codec/websocket/websocket_codec.h"

namespace codec {

/// Bytes of a line without its end.
inline constexpr std::size_t line_bytes_max = 64 * 1024;

/// Each chunk as it arrives is one request.
class RawCodec final : public RequestCodec {
 public:
  /// A chunk is one request, so there is never a rest to keep, whatever the sink says.
  Decoded decode(base::MutableBytes in, RequestSink& sink) override;
};

/// Each line is one request; it ends with a line feed, before which a carriage return may stand.
class LineCodec final : public RequestCodec {
 public:
  Decoded decode(base::MutableBytes in, RequestSink& sink) override;
  Unfinished unfinished() const override { return {!kept_.empty() && scanned_ == kept_.size(), anew_, kept_.capacity()}; }

 private:
  struct Taken {
    std::size_t bytes = 0;
    Flow flow = Flow::go_on;
    bool too_long = false;
  };
  static Taken take_lines(base::Bytes in, std::size_t scanned, RequestSink& sink);

  std::vector<std::uint8_t> kept_;  // the beginning of a line, or what had to wait
  std::size_t scanned_ = 0;         // of kept_: no line ends here
  bool anew_ = false;               // Unfinished::anew
};

std::unique_ptr<Codec> make_raw_responder(const WebSocketLimits& limits);
std::unique_ptr<Codec> make_line_responder(const WebSocketLimits& limits);

}  // namespace codec
