// See http2_replies.h.
// Owner: the connection's codec. Thread: its shard.
#include "native/codec/http2/http2_replies.h"

#include <array>

#include "native/base/check.h"

namespace codec {
namespace {

/// An idle connection keeps no more than this for its next replies.
constexpr std::size_t kept_bytes_max = 1024;
/// What was sent is moved out of the way when it is at least this and at least half.
constexpr std::size_t moved_bytes_min = 4096;

}  // namespace

void Http2Replies::consume(std::size_t count) {
  CHECK(count <= bytes_.size() - sent_);
  sent_ += count;
  if (sent_ >= last_ack_end_) acks_waiting_ = 0;
  if (sent_ == bytes_.size()) {
    bytes_.clear();
    if (bytes_.capacity() > kept_bytes_max) std::vector<std::uint8_t>().swap(bytes_);
  } else if (sent_ >= moved_bytes_min && sent_ >= bytes_.size() / 2) {
    bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(sent_));
  } else {
    return;
  }
  last_ack_end_ -= std::min(last_ack_end_, sent_);
  sent_ = 0;
}

void Http2Replies::settings(std::initializer_list<Setting> settings) {
  frame(FrameType::settings, 0, 0, settings.size() * 6);
  for (const Setting& setting : settings) {
    const auto id = static_cast<std::uint16_t>(setting.id);
    bytes_.push_back(static_cast<std::uint8_t>(id >> 8));
    bytes_.push_back(static_cast<std::uint8_t>(id));
    append_u32(setting.value);
  }
}

void Http2Replies::settings_ack() {
  frame(FrameType::settings, frame_flag::ack, 0, 0);
  count_ack();
}

void Http2Replies::ping(base::Bytes opaque) {
  frame(FrameType::ping, 0, 0, opaque.size());
  append(opaque);
}

void Http2Replies::ping_ack(base::Bytes opaque) {
  frame(FrameType::ping, frame_flag::ack, 0, opaque.size());
  append(opaque);
  count_ack();
}

void Http2Replies::window_update(std::uint32_t stream, std::uint32_t bytes) {
  CHECK(bytes > 0 && bytes <= window_bytes_max);
  frame(FrameType::window_update, 0, stream, 4);
  append_u32(bytes);
}

void Http2Replies::rst_stream(std::uint32_t stream, Http2Error error) {
  frame(FrameType::rst_stream, 0, stream, 4);
  append_u32(static_cast<std::uint32_t>(error));
}

void Http2Replies::goaway(std::uint32_t last_stream, Http2Error error, std::string_view text) {
  frame(FrameType::goaway, 0, 0, 8 + text.size());
  append_u32(last_stream);
  append_u32(static_cast<std::uint32_t>(error));
  append(base::bytes_of(text));
}

void Http2Replies::headers(std::uint32_t stream, base::Bytes block, std::uint8_t flags) {
  CHECK(block.size() <= frame_payload_bytes_max);
  frame(FrameType::headers, flags | frame_flag::end_headers, stream, block.size());
  append(block);
}

void Http2Replies::data(std::uint32_t stream, base::Bytes payload) {
  frame(FrameType::data, 0, stream, payload.size());
  append(payload);
}

void Http2Replies::frame(FrameType type, std::uint8_t flags, std::uint32_t stream, std::size_t payload_bytes) {
  CHECK(payload_bytes <= frame_payload_bytes_limit);
  std::array<std::uint8_t, frame_head_bytes> head;
  write_frame_head({static_cast<std::uint32_t>(payload_bytes), static_cast<std::uint8_t>(type), flags, stream}, head);
  append(head);
}

void Http2Replies::append_u32(std::uint32_t value) {
  std::array<std::uint8_t, 4> bytes;
  write_u32(value, bytes);
  append(bytes);
}

void Http2Replies::count_ack() {
  ++acks_waiting_;
  last_ack_end_ = bytes_.size();
}

}  // namespace codec
