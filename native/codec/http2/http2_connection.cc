// See http2_connection.h: cutting the input into frames. What a head decides is decided before its payload is looked at, and
// nothing depends on how the stream was cut.
// Owner: the codec of who speaks over HTTP/2. Thread: the connection's shard.
#include "native/codec/http2/http2_connection.h"

#include <algorithm>
#include <utility>

#include "native/base/check.h"

namespace codec {
namespace {

/// An idle connection does not keep the memory of a long frame that was cut.
constexpr std::size_t kept_bytes_max = 64;

}  // namespace

Http2Connection::Http2Connection(const Http2Limits& limits)
    : limits_(limits),
      receive_left_(limits.connection_window_bytes),
      resets_(limits.resets),
      glitches_(limits.glitches),
      pings_(limits.pings) {
  CHECK(limits.connection_window_bytes >= initial_window_bytes && limits.connection_window_bytes <= window_bytes_max);
  CHECK(limits.stream_window_bytes > 0 && limits.stream_window_bytes <= window_bytes_max);
  // §3.4: the server's preface. The tables' size is left as it is.
  replies_.settings({{SettingId::max_concurrent_streams, limits.streams_max},
                     {SettingId::initial_window_size, limits.stream_window_bytes},
                     {SettingId::max_header_list_size, static_cast<std::uint32_t>(limits.headers.list_bytes_max)}});
  const std::uint32_t more = limits.connection_window_bytes - initial_window_bytes;
  if (more > 0) replies_.window_update(0, more);
}

void Http2Connection::set_now(std::uint32_t now_ms) {
  now_ms_ = now_ms;
  if (phase_ == Phase::preface && !request_since_ms_) request_since_ms_ = now_ms;
}

Decoded Http2Connection::decode(base::Bytes in, Http2Handler& handler) {
  handler_ = &handler;
  stopped_ = false;
  while (!in.empty() && !stopped_ && phase_ != Phase::failed) {
    switch (phase_) {
      case Phase::preface: in = take_preface(in); break;
      case Phase::head: in = take_head(in); break;
      case Phase::payload: in = take_payload(in); break;
      case Phase::padding_length: in = take_padding_length(in); break;
      case Phase::content: in = take_content(in); break;
      case Phase::padding: in = take_padding(in); break;
      case Phase::failed: CHECK(false);
    }
  }
  const bool is_within = phase_ == Phase::preface || phase_ == Phase::payload || !pending_.empty() || block_use_ != BlockUse::none;
  if (is_within && !request_since_ms_ && !failed()) request_since_ms_ = now_ms_;
  handler_ = nullptr;
  return outcome(in.size());
}

base::Bytes Http2Connection::take_preface(base::Bytes in) {
  const std::string_view rest = http2_preface.substr(pending_.size());
  const std::size_t taken = std::min(rest.size(), in.size());
  if (base::text_of(in.first(taken)) != rest.substr(0, taken)) {
    fail(Http2Error::protocol_error, "this port speaks HTTP/2 with prior knowledge only");
    return in;
  }
  pending_.insert(pending_.end(), in.begin(), in.begin() + static_cast<std::ptrdiff_t>(taken));
  if (taken == rest.size()) end_frame();
  return in.subspan(taken);
}

base::Bytes Http2Connection::take_head(base::Bytes in) {
  if (pending_.empty() && in.size() >= frame_head_bytes) {
    begin_frame(read_frame_head(in));
    return in.subspan(frame_head_bytes);
  }
  const std::size_t taken = std::min(frame_head_bytes - pending_.size(), in.size());
  pending_.insert(pending_.end(), in.begin(), in.begin() + static_cast<std::ptrdiff_t>(taken));
  if (pending_.size() == frame_head_bytes) {
    const FrameHead head = read_frame_head(pending_);
    pending_.clear();
    begin_frame(head);
  }
  return in.subspan(taken);
}

/// Grows with the bytes that come, not by the length that was announced; that is at most `frame_payload_bytes_max`.
base::Bytes Http2Connection::take_payload(base::Bytes in) {
  const std::size_t taken = std::min(head_.length - pending_.size(), in.size());
  if (taken == head_.length) {
    on_frame(in.first(taken));
    return in.subspan(taken);
  }
  pending_.insert(pending_.end(), in.begin(), in.begin() + static_cast<std::ptrdiff_t>(taken));
  if (pending_.size() == head_.length) {
    std::vector<std::uint8_t> payload;
    payload.swap(pending_);
    on_frame(payload);
  }
  return in.subspan(taken);
}

void Http2Connection::begin_frame(const FrameHead& head) {
  head_ = head;
  if (!check_order() || !check_head()) return;
  settings_seen_ = true;
  if (head_.is(FrameType::data)) return begin_data();
  phase_ = Phase::payload;
  if (head_.length == 0) on_frame({});
}

/// What may come at all, after what came before.
bool Http2Connection::check_order() {
  const auto refuse = [&](Http2Error error, std::string_view reason) {
    fail(error, reason);
    return false;
  };
  if (head_.length > frame_payload_bytes_max) return refuse(Http2Error::frame_size_error, "a frame over 16,384 bytes");  // §4.2
  const bool is_settings = head_.is(FrameType::settings) && !head_.has(frame_flag::ack);
  if (!settings_seen_ && !is_settings) return refuse(Http2Error::protocol_error, "the first frame is not SETTINGS");  // §3.4
  const bool continues = head_.is(FrameType::continuation) && head_.stream == block_stream_;
  if (block_use_ != BlockUse::none && !continues) return refuse(Http2Error::protocol_error, "a frame within a header block");  // §6.2
  if (block_use_ == BlockUse::none && head_.is(FrameType::continuation)) {
    return refuse(Http2Error::protocol_error, "a continuation of no header block");  // §6.10
  }
  return true;
}

/// The length and the stream that each type of frame needs; types that HTTP/2 does not know are passed over (§5.5).
bool Http2Connection::check_head() {
  const auto is_one_of = [&](std::initializer_list<FrameType> types) {
    return std::any_of(types.begin(), types.end(), [&](FrameType type) { return head_.is(type); });
  };
  using enum FrameType;
  const std::uint32_t length = head_.length;
  const bool good_length = head_.is(settings) ? (head_.has(frame_flag::ack) ? length == 0 : length % 6 == 0)
                           : head_.is(ping)   ? length == 8
                           : head_.is(goaway) ? length >= 8
                           : head_.is(priority) ? length == 5
                           : is_one_of({rst_stream, window_update}) ? length == 4
                                                                    : true;
  if (!good_length) {
    fail(Http2Error::frame_size_error, "a frame of a length that its type does not have");
  } else if (head_.is(push_promise)) {
    fail(Http2Error::protocol_error, "a client does not push");  // §8.4
  } else if (head_.stream != 0 && is_one_of({settings, ping, goaway})) {
    fail(Http2Error::protocol_error, "a frame of the connection names a stream");
  } else if (head_.stream == 0 && is_one_of({data, headers, priority, rst_stream, continuation})) {
    fail(Http2Error::protocol_error, "a frame of a stream names none");
  } else if (is_idle(head_.stream) && is_one_of({data, rst_stream, window_update})) {
    fail(Http2Error::protocol_error, "a stream that was never opened");  // §5.1
  }
  return !failed();
}

/// The preface counts as one.
void Http2Connection::end_frame() {
  phase_ = Phase::head;
  pending_.clear();
  if (pending_.capacity() > kept_bytes_max) std::vector<std::uint8_t>().swap(pending_);
  if (block_use_ == BlockUse::none) request_since_ms_.reset();
}

void Http2Connection::on_frame(base::Bytes payload) {
  end_frame();
  switch (static_cast<FrameType>(head_.type)) {
    case FrameType::headers: on_headers(payload); break;
    case FrameType::continuation: on_continuation(payload); break;
    case FrameType::rst_stream: on_rst_stream(); break;
    case FrameType::settings: on_settings(payload); break;
    case FrameType::ping: on_ping(payload); break;
    case FrameType::window_update: on_window_update(read_u32(payload) & window_bytes_max); break;
    case FrameType::goaway:
      peer_leaves_ = true;
      spend_glitch();
      break;
    default: spend_glitch(); break;  // PRIORITY, which RFC 9113 §5.3 has given up, and unknown types
  }
  check_queues();
}

/// False when the connection has failed by it.
bool Http2Connection::spend_glitch(std::uint32_t count) {
  if (!glitches_.take(now_ms_, count)) fail(Http2Error::enhance_your_calm, "too many frames of no use");
  return !failed();
}

/// A peer that makes us answer and does not read.
void Http2Connection::check_queues() {
  if (failed()) return;
  if (replies_.acks_waiting() > limits_.acks_waiting_max) return fail(Http2Error::enhance_your_calm, "too many acknowledgements unread");
  if (replies_.unsent().size() > limits_.replies_bytes_max) fail(Http2Error::enhance_your_calm, "too many answers unread");
}

void Http2Connection::fail(Http2Error error, std::string_view reason) {
  if (failed()) return;
  phase_ = Phase::failed;
  reason_ = reason;
  ending_ = error == Http2Error::enhance_your_calm ? Ending::policy_violation : Ending::violation;
  replies_.goaway(last_id_, error, reason);
  request_since_ms_.reset();
  streams_ = Http2Streams();
  hpack_ = HpackDecoder();
  std::vector<std::uint8_t>().swap(pending_);
  std::vector<std::uint8_t>().swap(block_);
  data_stream_ = {};
}

void Http2Connection::give_up(std::string_view reason) { fail(Http2Error::enhance_your_calm, reason); }

/// §6.8: a GOAWAY that names the last stream we have seen would refuse those that are on their way. So the first one names none, and the
/// ping behind it comes back when all that the peer had begun before it is here.
void Http2Connection::drain() {
  if (failed() || draining_ || std::exchange(drain_announced_, true)) return;
  replies_.goaway(stream_id_max, Http2Error::no_error, {});
  replies_.ping(drain_ping);
}

void Http2Connection::refuse_streams() {
  if (failed() || std::exchange(draining_, true)) return;
  replies_.goaway(last_id_, Http2Error::no_error, {});
}

Decoded Http2Connection::outcome(std::size_t left) const {
  if (failed()) return {DecodeStatus::failed, ending_, reason_};
  return {done() ? DecodeStatus::closed : DecodeStatus::open, Ending::normal, {}, left};
}

}  // namespace codec
