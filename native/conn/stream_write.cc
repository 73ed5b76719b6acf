#include "native/conn/stream_write.h"

#include <algorithm>
#include <cstring>

#include "native/conn/gathered_write.h"

namespace conn {

namespace {
/// To copy so much costs less than a piece of its own in a vectored write (docs/performance.md).
constexpr std::size_t copied_bytes_max = 512;
constexpr std::size_t head_bytes = codec::StreamCodec::data_head_bytes;
/// The rest's two, and the replies'.
constexpr std::size_t pieces_before_frames = 3;
/// A write begins no frame behind this many bytes of frames. The last one may go over it by its head.
constexpr std::size_t frame_bytes_max = send_quantum_bytes;
/// A frame that is not copied adds two.
static_assert(pieces_before_frames + 2 * (frame_bytes_max / (head_bytes + copied_bytes_max) + 1) + 1 <= os::pieces_max);
}  // namespace

StreamWrite::StreamWrite() : buffer_(std::make_unique_for_overwrite<std::uint8_t[]>(frame_bytes_max + head_bytes)) {
  pieces_.reserve(os::pieces_max);
}

void StreamWrite::collect(Connection& connection) {
  connection_ = &connection;
  frames_.clear();
  pieces_.assign(pieces_before_frames, os::Piece{});
  buffered_ = bytes_ = 0;
  stalled_one_ = false;
  prepared_ = {};
  collect_frames();
  add_before_frames();
}

void StreamWrite::collect_frames() {
  Streams& streams = *connection_->streams;
  const codec::StreamCodec& codec = connection_->stream_codec();
  while (streams.has_queued() && bytes_ < frame_bytes_max && !codec.connection_blocked()) {
    collect_frame(streams.dequeue(), frame_bytes_max - bytes_);
  }
}

/// Exclusions are not looked at: who is left out of a publication is the session that published it.
bool StreamWrite::collect_frame(std::uint32_t slot, std::size_t length_max) {
  Streams& streams = *connection_->streams;
  const auto subscription = streams.find_slot(slot);
  if (!subscription) return false;  // it is gone
  Subscriber& subscriber = subscriber_of(*subscription);
  TopicSlice& slice = *connection_->subscriptions[*subscription].slice;
  if (subscriber.cursor >= slice.window.head_position() || subscriber.lane == Lane::blocked) return false;
  const codec::StreamKey key = streams.key_of(*subscription);
  codec::StreamCodec& codec = connection_->stream_codec();
  const std::uint32_t sendable = codec.sendable(key);
  if (sendable == 0) {
    streams.stall(subscriber);
    stalled_one_ = true;
    return false;
  }
  const base::Bytes pending = bytes_at(slice, subscriber.cursor);
  const base::Bytes payload = pending.first(std::min({pending.size(), std::size_t{sendable}, length_max}));
  const auto length = static_cast<std::uint32_t>(payload.size());
  codec.write_data_head(key, length, {buffer_.get() + buffered_, head_bytes});
  add_frame({key, &slice, subscriber.cursor, payload, static_cast<std::uint32_t>(buffered_)});
  subscriber.cursor += length;
  if (subscriber.cursor < slice.window.head_position()) streams.enqueue(slot);
  return true;
}

base::Bytes StreamWrite::bytes_at(const TopicSlice& slice, std::uint64_t cursor) {
  if (prepared_.slice != &slice || prepared_.cursor != cursor) {
    const topic::Range range = slice.window.range(cursor, frame_bytes_max);
    prepared_ = {&slice, cursor, {range.bytes, range.length}};
  }
  return prepared_.bytes;
}

/// Its head is in the buffer already.
void StreamWrite::add_frame(const Frame& frame) {
  const bool is_copied = frame.payload.size() <= copied_bytes_max;
  std::size_t more = head_bytes;
  if (is_copied) {
    std::memcpy(buffer_.get() + buffered_ + head_bytes, frame.payload.data(), frame.payload.size());
    more += frame.payload.size();
  }
  const std::uint8_t* const begin = buffer_.get() + buffered_;
  os::Piece& last = pieces_.back();
  const bool continues = pieces_.size() > pieces_before_frames && static_cast<const std::uint8_t*>(last.bytes) + last.length == begin;
  if (continues) last.length += more;
  else pieces_.push_back({begin, more});
  if (!is_copied) pieces_.push_back({frame.payload.data(), frame.payload.size()});
  buffered_ += more;
  bytes_ += frame.bytes();
  frames_.push_back(frame);
}

/// Last, because the view of the replies dies with the next head that is written.
void StreamWrite::add_before_frames() {
  first_piece_ = pieces_before_frames;
  const auto add = [&](base::Bytes bytes) {
    if (bytes.empty()) return;
    pieces_[--first_piece_] = {bytes.data(), bytes.size()};
    bytes_ += bytes.size();
  };
  const base::Bytes replies = connection_->stream_codec().replies();
  const FrameRest& rest = connection_->streams->rest;
  add(replies);
  add(rest.payload);
  if (!rest.empty()) add(rest.head_left());
  replies_bytes_ = replies.size();
  rest_bytes_ = rest.empty() ? 0 : rest.head_left().size() + rest.payload.size();
}

std::uint64_t StreamWrite::consume(std::size_t written) {
  CHECK(written <= bytes_);
  std::uint64_t publications = 0;
  counted_ = {};
  written = consume_rest(written, publications);
  written = consume_replies(written);
  std::size_t gone = 0;
  for (; gone < frames_.size(); ++gone) {
    const Frame& frame = frames_[gone];
    if (written < frame.bytes()) break;
    written -= frame.bytes();
    publications += publications_in(frame);
  }
  if (written > 0) pin(frames_[gone++], written);
  // The last one first: a stream may have several.
  for (std::size_t i = frames_.size(); i-- > gone;) give_back(frames_[i]);
  frames_.resize(gone);
  connection_->stalled = connection_->streams->has_queued() && connection_->stream_codec().connection_blocked();
  return publications;
}

std::size_t StreamWrite::consume_rest(std::size_t written, std::uint64_t& publications) {
  if (rest_bytes_ == 0) return written;
  FrameRest& rest = connection_->streams->rest;
  const std::size_t of_head = std::min(written, rest.head_left().size());
  const std::size_t of_payload = std::min(written - of_head, rest.payload.size());
  rest.head_sent += static_cast<std::uint32_t>(of_head);
  rest.payload = rest.payload.subspan(of_payload);
  if (rest.empty()) {
    publications += rest.publications;
    rest = FrameRest();
  }
  return written - of_head - of_payload;
}

std::size_t StreamWrite::consume_replies(std::size_t written) {
  const std::size_t of_replies = std::min(written, replies_bytes_);
  if (of_replies > 0) connection_->stream_codec().consume_replies(of_replies);
  return written - of_replies;
}

void StreamWrite::pin(const Frame& frame, std::size_t written) {
  FrameRest& rest = connection_->streams->rest;
  CHECK(rest.empty());
  const std::size_t of_head = std::min(written, head_bytes);
  std::memcpy(rest.head.data(), buffer_.get() + frame.head, head_bytes);
  rest.head_sent = static_cast<std::uint32_t>(of_head);
  rest.segment = frame.slice->window.hold(frame.cursor);
  rest.payload = frame.payload.subspan(written - of_head);
  rest.topic = frame.slice->topic;
  rest.publications = publications_in(frame);
}

void StreamWrite::give_back(const Frame& frame) {
  Streams& streams = *connection_->streams;
  const auto subscription = streams.find(frame.stream);
  CHECK(subscription);
  Subscriber& subscriber = subscriber_of(*subscription);
  CHECK(subscriber.cursor == frame.cursor + frame.payload.size());
  subscriber.cursor = frame.cursor;
  connection_->stream_codec().return_data(frame.stream, static_cast<std::uint32_t>(frame.payload.size()));
  streams.wake(subscriber);  // it has window again, and nobody will say so
  streams.enqueue_first(frame.stream.slot);
}

std::uint64_t StreamWrite::publications_in(const Frame& frame) {
  const bool counted = counted_.slice == frame.slice && counted_.cursor == frame.cursor && counted_.payload.size() == frame.payload.size();
  if (!counted) {
    const topic::LogWindow& window = frame.slice->window;
    counted_publications_ = window.frames_ending(frame.cursor, frame.cursor + frame.payload.size());
    counted_ = frame;
  }
  return counted_publications_;
}

Subscriber& StreamWrite::subscriber_of(std::size_t subscription) const {
  const Subscription& at = connection_->subscriptions[subscription];
  return at.slice->subscribers[at.index];
}

}  // namespace conn
