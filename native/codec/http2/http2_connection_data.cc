// See http2_connection.h: content and flow control both ways (RFC 9113 §5.2 and §6.9), settings and pings.
// Owner: the codec of who speaks over HTTP/2. Thread: the connection's shard.
#include <algorithm>

#include "native/base/check.h"
#include "native/codec/http2/http2_connection.h"

namespace codec {
namespace {

/// A window that grows by less is of no use to anybody, unless that is how much was sent.
constexpr std::uint32_t useful_increment_min = 16;
constexpr std::uint32_t small_updates_due_max = 1'000'000;
constexpr std::uint8_t pings_waiting_max = 255;
constexpr std::uint32_t streams_per_glitch = 1000;

}  // namespace

// Content that comes.

/// The whole frame counts, its padding too, and before any of it is taken (§6.9.1).
void Http2Connection::begin_data() {
  if (head_.has(frame_flag::padded) && head_.length == 0) return fail(Http2Error::frame_size_error, "padding without a length");
  if (head_.length > receive_left_) return fail(Http2Error::flow_control_error, "more than the connection's window");
  receive_left_ -= head_.length;
  data_stream_ = streams_.key_of(head_.stream);
  Http2Stream* const stream = streams_.find(data_stream_);
  if (stream == nullptr) {
    refuse_data();
  } else if (stream->peer_ended) {
    reset(data_stream_, Http2Error::stream_closed);  // §5.1
  } else if (head_.length > stream->receive_left) {
    reset(data_stream_, Http2Error::flow_control_error);
  } else {
    stream->receive_left -= head_.length;
  }
  if (failed()) return;
  if (head_.has(frame_flag::padded)) phase_ = Phase::padding_length;
  else begin_content(0);
}

/// Of a stream that is closed (§5.1, §6.1). What was on its way when we reset it is nobody's fault. Else it is an error, told once: one
/// who goes on regardless is not answered frame by frame, and has only so many of them.
void Http2Connection::refuse_data() {
  const bool may_be_on_its_way = resets_sent_.has(head_.stream) || (draining_ && head_.stream > last_id_);
  if (!spend_glitch() || may_be_on_its_way) return;
  replies_.rst_stream(head_.stream, Http2Error::stream_closed);
  resets_sent_.note(head_.stream);
}

base::Bytes Http2Connection::take_padding_length(base::Bytes in) {
  const std::uint32_t padding = in.front();
  if (padding >= head_.length) fail(Http2Error::protocol_error, "more padding than payload");  // §6.1
  else begin_content(padding);
  return in.subspan(1);
}

void Http2Connection::begin_content(std::uint32_t padding) {
  padding_left_ = padding;
  content_left_ = head_.length - padding - (head_.has(frame_flag::padded) ? 1 : 0);
  if (content_left_ == 0 && !head_.has(frame_flag::end_stream) && !spend_glitch()) return;
  Http2Stream* const stream = streams_.find(data_stream_);
  if (stream != nullptr && stream->content_left >= 0) {
    stream->content_left -= content_left_;
    if (stream->content_left < 0) reset(data_stream_, Http2Error::protocol_error);  // §8.1.1: more than was announced
  }
  if (failed()) return;
  phase_ = content_left_ > 0 ? Phase::content : Phase::padding;
  if (content_left_ == 0 && padding_left_ == 0) end_data();
}

base::Bytes Http2Connection::take_content(base::Bytes in) {
  std::size_t taken = std::min<std::size_t>(content_left_, in.size());
  const bool wanted = is_answerable(data_stream_);
  if (wanted) taken -= handler_->on_content(data_stream_, in.first(taken));
  content_left_ -= static_cast<std::uint32_t>(taken);
  if (failed() || content_left_ > 0) return in.subspan(taken);
  phase_ = Phase::padding;
  if (padding_left_ == 0) end_data();
  return in.subspan(taken);
}

base::Bytes Http2Connection::take_padding(base::Bytes in) {
  const std::size_t taken = std::min<std::size_t>(padding_left_, in.size());
  padding_left_ -= static_cast<std::uint32_t>(taken);
  if (padding_left_ == 0) end_data();
  return in.subspan(taken);
}

/// Credit is given back when half of a window is used, so that it costs one small frame for many. An answered stream gets
/// none: whatever its peer still sends comes to rest.
void Http2Connection::end_data() {
  end_frame();
  credit_due_ += head_.length;
  return_connection_credit();
  const StreamKey key = data_stream_;
  data_stream_ = {};
  Http2Stream* const stream = streams_.find(key);
  if (stream == nullptr) return check_queues();
  const std::uint32_t due = limits_.stream_window_bytes - std::min(limits_.stream_window_bytes, stream->receive_left);
  const bool goes_on = !head_.has(frame_flag::end_stream) && !stream->answered;
  if (goes_on && due > limits_.stream_window_bytes / 2) {
    replies_.window_update(key.id, due);
    stream->receive_left += due;
  }
  if (head_.has(frame_flag::end_stream)) end_of_peer(key);
  check_queues();
}

/// §6.9.2: a peer that has not seen our SETTINGS yet may use the window that HTTP/2 begins with.
std::uint32_t Http2Connection::first_receive_window() const {
  return settings_acked_ ? limits_.stream_window_bytes : std::max(limits_.stream_window_bytes, initial_window_bytes);
}

void Http2Connection::return_connection_credit() {
  if (credit_ == Credit::withheld || credit_due_ <= limits_.connection_window_bytes / 2) return;
  replies_.window_update(0, credit_due_);
  receive_left_ += credit_due_;
  credit_due_ = 0;
}

void Http2Connection::set_credit(Credit credit) {
  credit_ = credit;
  if (!failed()) return_connection_credit();
}

// Content that goes.

std::uint32_t Http2Connection::sendable(StreamKey key) const {
  const Http2Stream* const stream = streams_.find(key);
  if (stream == nullptr || !stream->sends_data) return 0;
  const std::int64_t window = std::min(connection_window_, send_window(*stream));
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(window, 0, peer_frame_bytes_max_));
}

void Http2Connection::write_data_head(StreamKey key, std::uint32_t length, base::MutableBytes out) {
  take_send_windows(key, length);
  write_frame_head({length, static_cast<std::uint8_t>(FrameType::data), 0, key.id}, out);
}

void Http2Connection::return_data(StreamKey key, std::uint32_t length) {
  connection_window_ += length;
  if (Http2Stream* const stream = streams_.find(key)) stream->send_delta += length;
}

/// Some clients give back every frame by itself, to both windows: a frame that no window cut short earns them two small updates. One
/// that was cut earns none: who opens a window byte by byte makes us send bytes one by one (CVE-2019-9511).
void Http2Connection::take_send_windows(StreamKey key, std::uint32_t length) {
  const std::uint32_t most = sendable(key);
  CHECK(length > 0 && length <= most);
  if (length < most && small_updates_due_ < small_updates_due_max) small_updates_due_ += 2;
  connection_window_ -= length;
  streams_.find(key)->send_delta -= length;
  sent_since_ping_ = true;
}

std::size_t Http2Connection::send(StreamKey key, base::Bytes content) {
  std::size_t sent = 0;
  while (const std::size_t length = std::min<std::size_t>(sendable(key), content.size() - sent)) {
    take_send_windows(key, static_cast<std::uint32_t>(length));
    replies_.data(key.id, content.subspan(sent, length));
    sent += length;
  }
  return sent;
}

bool Http2Connection::allows_small_update() {
  if (small_updates_due_ == 0) return spend_glitch();
  --small_updates_due_;
  return true;
}

/// §6.9.
void Http2Connection::on_window_update(std::uint32_t increment) {
  if (increment < useful_increment_min && !allows_small_update()) return;
  if (head_.stream == 0) {
    if (increment == 0) return fail(Http2Error::protocol_error, "a window that grows by nothing");
    const bool was_empty = connection_window_ <= 0;
    connection_window_ += increment;
    if (connection_window_ > window_bytes_max) return fail(Http2Error::flow_control_error, "a window over 2,147,483,647 bytes");
    if (was_empty && connection_window_ > 0) handler_->on_window({});
    return;
  }
  const StreamKey key = streams_.key_of(head_.stream);
  Http2Stream* const stream = streams_.find(key);
  if (stream == nullptr) return;  // §5.1: it may have been on its way when the stream ended
  if (increment == 0) return reset(key, Http2Error::protocol_error);
  const std::int64_t before = send_window(*stream);
  if (before + increment > window_bytes_max) return reset(key, Http2Error::flow_control_error);
  stream->send_delta += increment;
  largest_delta_ = std::max(largest_delta_, stream->send_delta);
  if (before <= 0 && before + increment > 0 && stream->sends_data) handler_->on_window(key);
}

// Settings and pings.

/// §6.5.
void Http2Connection::on_settings(base::Bytes payload) {
  const bool is_expected = head_.has(frame_flag::ack) && !settings_acked_;
  if (!is_expected && !spend_glitch()) return;
  if (head_.has(frame_flag::ack)) {
    settings_acked_ = true;
    return;
  }
  const std::int64_t window_before = peer_initial_window_;
  for (; !payload.empty(); payload = payload.subspan(6)) {
    const auto id = static_cast<std::uint16_t>(payload[0] << 8 | payload[1]);
    if (!apply_setting(id, read_u32(payload.subspan(2)))) return;
  }
  replies_.settings_ack();
  if (peer_initial_window_ > window_before) report_opened_windows(window_before);
}

/// This is work for every stream, so that it costs the peer more the more there are.
void Http2Connection::report_opened_windows(std::int64_t initial_before) {
  if (!spend_glitch(streams_.size() / streams_per_glitch)) return;
  for (const StreamKey key : streams_.oldest(streams_.size())) {
    const Http2Stream* const stream = streams_.find(key);
    if (stream == nullptr) continue;  // a handler has ended it
    const bool was_empty = stream->send_delta + initial_before <= 0;
    if (stream->sends_data && was_empty && send_window(*stream) > 0) handler_->on_window(key);
  }
}

bool Http2Connection::apply_setting(std::uint16_t id, std::uint32_t value) {
  switch (static_cast<SettingId>(id)) {
    case SettingId::header_table_size:
      // Our table is always empty; that must be said once when the peer's becomes smaller than both take it to be.
      if (value < HpackTable::bytes_max && !said_table_empty_) table_update_due_ = said_table_empty_ = true;
      break;
    case SettingId::enable_push:
      if (value > 1) fail(Http2Error::protocol_error, "SETTINGS_ENABLE_PUSH is neither 0 nor 1");
      break;
    case SettingId::initial_window_size:
      return apply_initial_window(value);
    case SettingId::max_frame_size:
      if (value < frame_payload_bytes_max || value > frame_payload_bytes_limit) {
        fail(Http2Error::protocol_error, "SETTINGS_MAX_FRAME_SIZE out of its range");
        break;
      }
      peer_frame_bytes_max_ = value;
      break;
    default:
      break;  // §6.5.2: unknown ones are ignored; the others do not concern a server that pushes nothing
  }
  return !failed();
}

/// §6.9.2: all streams' windows change by the difference, and may become negative.
bool Http2Connection::apply_initial_window(std::uint32_t value) {
  if (value > window_bytes_max) {
    fail(Http2Error::flow_control_error, "SETTINGS_INITIAL_WINDOW_SIZE over 2,147,483,647");
    return false;
  }
  peer_initial_window_ = value;
  if (value + largest_delta_ <= window_bytes_max) return true;
  largest_delta_ = streams_.largest_send_delta();  // that stream may have ended long ago
  if (value + largest_delta_ <= window_bytes_max) return true;
  fail(Http2Error::flow_control_error, "a window over 2,147,483,647 bytes");
  return false;
}

/// §6.7. Clients measure the path with pings while they receive; one who is sent nothing has no reason to send many.
void Http2Connection::on_ping(base::Bytes payload) {
  if (head_.has(frame_flag::ack)) {
    const bool is_of_drain = drain_announced_ && std::equal(payload.begin(), payload.end(), drain_ping.begin());
    if (is_of_drain && !draining_) return refuse_streams();
    if (pings_waiting_ == 0) spend_glitch();
    else --pings_waiting_;
    return;
  }
  if (!sent_since_ping_ && !pings_.take(now_ms_)) return fail(Http2Error::enhance_your_calm, "too_many_pings");
  sent_since_ping_ = false;
  replies_.ping_ack(payload);
}

void Http2Connection::ping() {
  if (failed() || pings_waiting_ == pings_waiting_max) return;
  ++pings_waiting_;
  replies_.ping(std::array<std::uint8_t, 8>{});
}

}  // namespace codec
