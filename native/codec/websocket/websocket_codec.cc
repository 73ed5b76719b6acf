// See websocket_codec.h. Checks run in wire order, on whatever part of a header is there, so that the answer never
// depends on how the stream was cut; a message that is whole in the input is unmasked there and handed on as a view.
// Owner: the connection. Thread: its shard.
#include "native/codec/websocket/websocket_codec.h"

#include <algorithm>
#include <cstddef>

#include "native/base/check.h"

namespace codec {

enum class WebSocketCodec::Violation : std::uint8_t {
  none,
  reserved_bits,
  reserved_opcode,
  fragmented_control,
  stray_continuation,
  interleaved_message,
  too_many_fragments,
  unmasked,
  long_control,
  truncated_close,
  negative_length,
  wasteful_length,
  message_too_big,
  close_code,
  text_utf8,
  close_utf8,
};

/// What is known of a frame's header so far; `size` is 0 until all of it is.
struct WebSocketCodec::FrameHeader {
  Violation violation = Violation::none;
  bool final = false;
  std::uint8_t opcode = 0;
  std::uint8_t size = 0;
  std::uint64_t length = 0;
  WebSocketMask mask = {};
};

namespace {

namespace opcode {  // RFC 6455 §5.2
constexpr std::uint8_t continuation = 0x0;
constexpr std::uint8_t text = 0x1;
constexpr std::uint8_t binary = 0x2;
constexpr std::uint8_t close = 0x8;
constexpr std::uint8_t ping = 0x9;
constexpr std::uint8_t pong = 0xA;
}  // namespace opcode

constexpr std::size_t control_payload_max = 125;  // RFC 6455 §5.5
constexpr std::size_t close_reason_max = control_payload_max - 2;
constexpr std::uint8_t final_bit = 0x80;

bool is_control(std::uint8_t code) { return (code & 0x8) != 0; }

std::uint64_t read_big_endian(base::Bytes bytes) {
  std::uint64_t value = 0;
  for (const std::uint8_t byte : bytes) value = value << 8 | byte;
  return value;
}

std::uint16_t close_code_of(base::Bytes payload) {
  return static_cast<std::uint16_t>(read_big_endian(payload.first(2)));
}

std::size_t write_control_frame(std::uint8_t code, base::Bytes payload, base::MutableBytes out) {
  CHECK(payload.size() <= control_payload_max);
  CHECK(out.size() >= payload.size() + 2);
  out[0] = final_bit | code;
  out[1] = static_cast<std::uint8_t>(payload.size());
  std::copy(payload.begin(), payload.end(), out.begin() + 2);
  return payload.size() + 2;
}

}  // namespace

WebSocketCodec::WebSocketCodec(const WebSocketLimits& limits, DataFrames data_frames)
    : message_bytes_max_(limits.message_bytes_max),
      fragments_max_(limits.fragments_per_message_max),
      data_frames_(data_frames) {
  CHECK(fragments_max_ > 0);
}

Decoded WebSocketCodec::decode(base::MutableBytes in, MessageSink& sink) {
  anew_ = false;
  flow_ = Flow::go_on;
  while (!in.empty() && phase_ <= Phase::payload && flow_ == Flow::go_on) {
    if (phase_ == Phase::header && header_bytes_ == 0 && !is_within_message()) anew_ = true;
    in = phase_ == Phase::header ? take_header(in, sink) : take_payload(in, sink);
  }
  Decoded decoded = outcome();
  if (flow_ == Flow::wait) decoded.left = in.size();
  return decoded;
}

Unfinished WebSocketCodec::unfinished() const {
  if (phase_ > Phase::payload) return {false, false, kept_bytes()};
  const bool within_frame = phase_ == Phase::payload && (is_control(opcode_) || data_frames_ == DataFrames::deliver);
  return {within_frame || header_bytes_ > 0 || is_within_message(), anew_, kept_bytes()};
}

base::MutableBytes WebSocketCodec::take_header(base::MutableBytes in, MessageSink& sink) {
  if (header_bytes_ == 0) {
    const FrameHeader header = parse_header(in);
    if (header.violation != Violation::none) {
      fail(header.violation);
      return in;
    }
    if (header.size > 0) {
      begin_frame(header);
      return take_payload(in.subspan(header.size), sink);
    }
  }
  // The header is cut by the end of some input: byte by byte, at most 14 of them.
  while (!in.empty()) {
    CHECK(header_bytes_ < header_.size());
    header_[header_bytes_++] = in.front();
    in = in.subspan(1);
    const FrameHeader header = parse_header(base::Bytes(header_).first(header_bytes_));
    if (header.violation != Violation::none) {
      fail(header.violation);
      return in;
    }
    if (header.size == 0) continue;
    header_bytes_ = 0;
    begin_frame(header);
    return take_payload(in, sink);
  }
  return in;
}

WebSocketCodec::FrameHeader WebSocketCodec::parse_header(base::Bytes in) const {
  FrameHeader header;
  header.final = (in[0] & final_bit) != 0;
  header.opcode = in[0] & 0x0F;
  header.violation = check_first_byte(in[0]);
  if (header.violation != Violation::none || in.size() < 2) return header;

  const std::uint8_t short_length = in[1] & 0x7F;
  const std::size_t length_bytes = short_length == 127 ? 8 : short_length == 126 ? 2 : 0;
  header.length = short_length;
  if ((in[1] & 0x80) == 0) header.violation = Violation::unmasked;
  else if (is_control(header.opcode) && short_length > control_payload_max) header.violation = Violation::long_control;
  else if (header.opcode == opcode::close && short_length == 1) header.violation = Violation::truncated_close;
  if (header.violation != Violation::none || in.size() < 2 + length_bytes) return header;

  if (length_bytes > 0) header.length = read_big_endian(in.subspan(2, length_bytes));
  header.violation = check_length(header, length_bytes);
  const std::size_t size = 2 + length_bytes + header.mask.size();
  if (header.violation != Violation::none || in.size() < size) return header;

  std::copy_n(in.begin() + static_cast<std::ptrdiff_t>(2 + length_bytes), header.mask.size(), header.mask.begin());
  header.size = static_cast<std::uint8_t>(size);
  return header;
}

/// RFC 6455 §5.2, §5.4 and §5.5: everything that the first byte and the message so far decide.
WebSocketCodec::Violation WebSocketCodec::check_first_byte(std::uint8_t byte) const {
  if ((byte & 0x70) != 0) return Violation::reserved_bits;  // no extension was negotiated
  switch (byte & 0x0F) {
    case opcode::continuation:
      if (!message_open_) return Violation::stray_continuation;
      // Empty fragments count: they cost the sender six bytes and us a turn of this loop each.
      if (data_frames_ == DataFrames::deliver && fragments_ >= fragments_max_) return Violation::too_many_fragments;
      return Violation::none;
    case opcode::text:
    case opcode::binary:
      return message_open_ ? Violation::interleaved_message : Violation::none;
    case opcode::close:
    case opcode::ping:
    case opcode::pong:
      return (byte & final_bit) == 0 ? Violation::fragmented_control : Violation::none;
    default:
      return Violation::reserved_opcode;
  }
}

/// RFC 6455 §5.2: no sign bit, the shortest form only; and our limit on the message, before a byte of it is kept.
WebSocketCodec::Violation WebSocketCodec::check_length(const FrameHeader& header, std::size_t length_bytes) const {
  if (header.length >> 63 != 0) return Violation::negative_length;
  if (length_bytes == 2 && header.length < 126) return Violation::wasteful_length;
  if (length_bytes == 8 && header.length < 65536) return Violation::wasteful_length;
  if (is_control(header.opcode) || data_frames_ == DataFrames::ignore) return Violation::none;
  CHECK(assembled_bytes() <= message_bytes_max_);
  return header.length > message_bytes_max_ - assembled_bytes() ? Violation::message_too_big : Violation::none;
}

void WebSocketCodec::begin_frame(const FrameHeader& header) {
  phase_ = Phase::payload;
  opcode_ = header.opcode;
  final_ = header.final;
  payload_left_ = header.length;
  mask_ = header.mask;
  if (is_control(opcode_)) return;
  if (opcode_ == opcode::continuation) {
    if (fragments_ < fragments_max_) ++fragments_;  // an ignored message may have any number
    return;
  }
  message_open_ = true;
  kind_ = opcode_ == opcode::text ? PayloadKind::text : PayloadKind::binary;
  fragments_ = 1;
  CHECK(utf8_.complete());  // a text that ended inside a character failed then
}

base::MutableBytes WebSocketCodec::take_payload(base::MutableBytes in, MessageSink& sink) {
  const auto taken = static_cast<std::size_t>(std::min<std::uint64_t>(in.size(), payload_left_));
  payload_left_ -= taken;
  if (payload_left_ == 0) phase_ = Phase::header;
  if (is_control(opcode_)) take_control(in.first(taken), sink);
  else take_data(in.first(taken), sink);
  return in.subspan(taken);
}

void WebSocketCodec::take_data(base::MutableBytes chunk, MessageSink& sink) {
  const bool message_ends = final_ && payload_left_ == 0;
  if (message_ends) message_open_ = false;
  if (data_frames_ == DataFrames::ignore) {
    if (message_ends) sink.on_ignored_message();
    return;
  }
  unmask(chunk, mask_);
  if (payload_left_ > 0) advance_mask(mask_, chunk.size());
  if (kind_ == PayloadKind::text && !(utf8_.feed(chunk) && (utf8_.complete() || !message_ends))) {
    return fail(Violation::text_utf8);  // RFC 6455 §8.1
  }
  if (message_ends && assembled_bytes() == 0) {
    flow_ = sink.on_message(kind_, chunk);
    return;
  }
  append(chunk);
  if (!message_ends) return;
  flow_ = sink.on_message(kind_, *assembly_);
  release_assembly();
}

void WebSocketCodec::take_control(base::MutableBytes chunk, MessageSink& sink) {
  unmask(chunk, mask_);
  base::Bytes payload = chunk;
  if (payload_left_ > 0 || control_bytes_ > 0) {  // split: gather it behind the message that it interrupts
    advance_mask(mask_, chunk.size());
    append(chunk);
    control_bytes_ = static_cast<std::uint8_t>(control_bytes_ + chunk.size());
    CHECK(control_bytes_ <= control_payload_max);
    if (control_bytes_ > 0) payload = base::Bytes(*assembly_).last(control_bytes_);
  }
  if (opcode_ == opcode::close && payload.size() >= 2) {  // checked as it arrives, as text is
    base::Utf8Validator reason;
    if (!may_be_sent(close_code_of(payload))) return fail(Violation::close_code);
    if (!reason.feed(payload.subspan(2))) return fail(Violation::close_utf8);
    if (payload_left_ == 0 && !reason.complete()) return fail(Violation::close_utf8);
  }
  if (payload_left_ > 0) return;
  report_control(payload, sink);
  CHECK(control_bytes_ <= assembled_bytes());
  if (control_bytes_ > 0) assembly_->erase(assembly_->end() - control_bytes_, assembly_->end());
  control_bytes_ = 0;
  if (assembled_bytes() == 0 || phase_ == Phase::closed) release_assembly();
}

void WebSocketCodec::report_control(base::Bytes payload, ControlSink& sink) {
  if (opcode_ == opcode::ping) return sink.on_ping(payload);
  if (opcode_ == opcode::pong) return sink.on_pong(payload);
  phase_ = Phase::closed;
  if (payload.empty()) return sink.on_close(static_cast<std::uint16_t>(CloseCode::no_status), {});
  sink.on_close(close_code_of(payload), base::text_of(payload.subspan(2)));
}

/// Grows by doubling, but never past what one message and one control payload can need.
void WebSocketCodec::append(base::Bytes chunk) {
  if (chunk.empty()) return;
  if (!assembly_) assembly_ = std::make_unique<std::vector<std::uint8_t>>();
  const std::size_t needed = assembly_->size() + chunk.size();
  if (needed > assembly_->capacity()) {
    const std::uint64_t doubled = std::uint64_t{assembly_->capacity()} * 2;
    const std::uint64_t most = std::max(message_bytes_max_, message_bytes_max_ + control_payload_max);
    assembly_->reserve(std::max(needed, static_cast<std::size_t>(std::min(doubled, most))));
  }
  assembly_->insert(assembly_->end(), chunk.begin(), chunk.end());
}

void WebSocketCodec::release_assembly() { assembly_.reset(); }

void WebSocketCodec::fail(Violation violation) {
  CHECK(violation != Violation::none);
  phase_ = Phase::failed;
  violation_ = violation;
  control_bytes_ = 0;
  release_assembly();
}

Decoded WebSocketCodec::outcome() const {
  if (phase_ == Phase::closed) return {DecodeStatus::closed, Ending::normal, {}};
  const auto failed = [](Ending ending, std::string_view reason) {
    return Decoded{DecodeStatus::failed, ending, reason};
  };
  switch (violation_) {
    case Violation::none: return {};
    case Violation::reserved_bits: return failed(Ending::violation, "a reserved bit is set");
    case Violation::reserved_opcode: return failed(Ending::violation, "unknown opcode");
    case Violation::fragmented_control: return failed(Ending::violation, "a control frame is fragmented");
    case Violation::stray_continuation: return failed(Ending::violation, "a continuation of no message");
    case Violation::interleaved_message: return failed(Ending::violation, "a new message inside another");
    case Violation::too_many_fragments: return failed(Ending::policy_violation, "too many fragments");
    case Violation::unmasked: return failed(Ending::violation, "a frame is not masked");
    case Violation::long_control: return failed(Ending::violation, "a control frame over 125 bytes");
    case Violation::truncated_close: return failed(Ending::violation, "a close frame with half a code");
    case Violation::negative_length: return failed(Ending::violation, "the top bit of a length is set");
    case Violation::wasteful_length: return failed(Ending::violation, "a length not in its shortest form");
    case Violation::message_too_big: return failed(Ending::too_big, "the message is too big");
    case Violation::close_code: return failed(Ending::violation, "a close code that may not be sent");
    case Violation::text_utf8: return failed(Ending::invalid_payload, "the text is not UTF-8");
    case Violation::close_utf8: return failed(Ending::invalid_payload, "the close reason is not UTF-8");
  }
  CHECK(!"a violation without a text");
  return {};
}

std::size_t write_ping_frame(base::Bytes payload, base::MutableBytes out) {
  return write_control_frame(opcode::ping, payload, out);
}

std::size_t write_pong_frame(base::Bytes payload, base::MutableBytes out) {
  return write_control_frame(opcode::pong, payload, out);
}

std::size_t write_close_frame(std::uint16_t code, std::string_view reason, base::MutableBytes out) {
  if (code == static_cast<std::uint16_t>(CloseCode::no_status)) return write_control_frame(opcode::close, {}, out);
  CHECK(may_be_sent(code));
  std::size_t cut = std::min(reason.size(), close_reason_max);
  while (cut > 0 && cut < reason.size() && (static_cast<std::uint8_t>(reason[cut]) & 0xC0) == 0x80) --cut;

  std::array<std::uint8_t, control_payload_max> payload;
  payload[0] = static_cast<std::uint8_t>(code >> 8);
  payload[1] = static_cast<std::uint8_t>(code & 0xFF);
  std::copy_n(reason.begin(), cut, payload.begin() + 2);
  return write_control_frame(opcode::close, base::Bytes(payload).first(cut + 2), out);
}

}  // namespace codec
