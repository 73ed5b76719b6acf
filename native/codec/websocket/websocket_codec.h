// The WebSocket frame decoder for the server side (RFC 6455 §5–§8), streaming: complete unfragmented frames are handed on
// as views into the input, anything else is assembled as its bytes arrive.
// Owner: the connection. Thread: its shard.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "native/codec/codec.h"
#include "native/codec/limits.h"
#include "native/codec/text/utf8.h"
#include "native/codec/websocket/websocket_close.h"
#include "native/codec/websocket/websocket_mask.h"

namespace codec {

/// What to do with data messages: a subscriber's are counted and dropped without looking inside or applying size limits.
enum class DataFrames : std::uint8_t { deliver, ignore };

class WebSocketCodec final : public MessageCodec {
 public:
  WebSocketCodec(const WebSocketLimits& limits, DataFrames data_frames);
  Decoded decode(base::MutableBytes in, MessageSink& sink) override;
  /// Of messages that are ignored nothing is kept: they may take as long as they like.
  Unfinished unfinished() const override;

 private:
  enum class Phase : std::uint8_t { header, payload, closed, failed };
  enum class Violation : std::uint8_t;
  struct FrameHeader;

  base::MutableBytes take_header(base::MutableBytes in, MessageSink& sink);
  base::MutableBytes take_payload(base::MutableBytes in, MessageSink& sink);
  FrameHeader parse_header(base::Bytes in) const;
  Violation check_first_byte(std::uint8_t byte) const;
  Violation check_length(const FrameHeader& header, std::size_t length_bytes) const;
  void begin_frame(const FrameHeader& header);
  void take_data(base::MutableBytes chunk, MessageSink& sink);
  void take_control(base::MutableBytes chunk, MessageSink& sink);
  void report_control(base::Bytes payload, ControlSink& sink);
  void append(base::Bytes chunk);
  void release_assembly();
  void fail(Violation violation);
  bool is_within_message() const { return message_open_ && data_frames_ == DataFrames::deliver; }
  Decoded outcome() const;

  std::size_t assembled_bytes() const { return assembly_ ? assembly_->size() : 0; }
  std::size_t kept_bytes() const { return assembly_ ? assembly_->capacity() : 0; }

  // In an order without gaps: there is one of these a connection.
  const std::uint64_t message_bytes_max_;
  const std::uint32_t fragments_max_;
  std::uint32_t fragments_ = 0;       // of the message being read
  std::uint64_t payload_left_ = 0;    // of the frame being read
  WebSocketMask mask_ = {};           // advanced to its next payload byte
  const DataFrames data_frames_;
  Phase phase_ = Phase::header;
  Flow flow_ = Flow::go_on;  // what the sink said to the last message
  bool anew_ = false;        // Unfinished::anew
  Violation violation_{};    // why, when failed

  // The frame being read. Headers cut by the end of the input wait in `header_`.
  bool final_ = false;
  std::uint8_t opcode_ = 0;
  std::uint8_t control_bytes_ = 0;  // of a split control payload, at the end of `assembly_`
  std::uint8_t header_bytes_ = 0;
  std::array<std::uint8_t, 14> header_ = {};

  // The message being read.
  bool message_open_ = false;  // begun and not ended: only continuations and control frames may come
  PayloadKind kind_ = PayloadKind::binary;
  base::Utf8Validator utf8_;
  std::unique_ptr<std::vector<std::uint8_t>> assembly_;  // null: nothing is kept, as nearly always
};

// 10,000 idle connections keep less than 1 MB in codecs.
static_assert(sizeof(WebSocketCodec) <= 72);

/// Writes a control frame (ping, pong) with a payload of at most 125 bytes into `out` (at least payload + 2 bytes); returns its length.
std::size_t write_ping_frame(base::Bytes payload, base::MutableBytes out);
std::size_t write_pong_frame(base::Bytes payload, base::MutableBytes out);
/// Close frame with a code that may be sent; `no_status` writes an empty one; the reason is cut to 123 bytes at a UTF-8 boundary. Returns its length (2..127).
std::size_t write_close_frame(std::uint16_t code, std::string_view reason, base::MutableBytes out);

}  // namespace codec
