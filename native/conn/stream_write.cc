#include "native/conn/stream_write.h"

#include <algorithm>

#include "native/conn/gathered_write.h"

namespace conn {

namespace {
/// Two pieces a frame; two are the rest's and one the replies'.
constexpr std::size_t frames_max = (os::pieces_max - 3) / 2;
}  // namespace

void StreamWrite::collect(Connection& connection) {
  connection_ = &connection;
  frames_.clear();
  heads_.clear();
  heads_.reserve(frames_max);  // pieces point to them
  stalled_one_ = false;
  counted_ = nullptr;
  collect_frames();

  pieces_.clear();
  bytes_ = 0;
  const FrameRest& rest = connection.streams->rest;
  if (!rest.empty()) {
    add(rest.head_left());
    add(rest.payload);
  }
  rest_bytes_ = bytes_;
  add(connection.stream_codec().replies());  // behind the heads: the view dies with the next one that is written
  replies_bytes_ = bytes_ - rest_bytes_;
  for (std::size_t i = 0; i < frames_.size(); ++i) {
    add(heads_[i]);
    add(frames_[i].payload);
  }
}

void StreamWrite::add(base::Bytes bytes) {
  if (bytes.empty()) return;
  pieces_.push_back({bytes.data(), bytes.size()});
  bytes_ += bytes.size();
}

void StreamWrite::collect_frames() {
  Streams& streams = *connection_->streams;
  std::size_t left = send_quantum_bytes;
  while (streams.has_queued() && left > 0 && frames_.size() < frames_max && !connection_->stream_codec().connection_blocked()) {
    if (!collect_frame(streams.dequeue(), left)) continue;
    left -= frames_.back().payload.size();
  }
}

/// Exclusions are not looked at: who is left out of a publication is the session that published it.
bool StreamWrite::collect_frame(std::uint32_t slot, std::size_t length_max) {
  Streams& streams = *connection_->streams;
  const auto subscription = streams.find_slot(slot);
  if (!subscription) return false;  // it is gone
  Subscriber& subscriber = subscriber_of(*subscription);
  TopicSlice& slice = *connection_->subscriptions[*subscription].slice;
  const std::uint64_t head = slice.window.head_position();
  if (subscriber.cursor >= head || subscriber.lane == Lane::blocked) return false;
  const codec::StreamKey key = streams.key_of(*subscription);
  codec::StreamCodec& codec = connection_->stream_codec();
  const std::size_t sendable = codec.sendable(key);
  if (sendable == 0) {
    streams.stall(subscriber);
    stalled_one_ = true;
    return false;
  }
  const topic::Range range = slice.window.range(subscriber.cursor, static_cast<std::uint32_t>(std::min(sendable, length_max)));
  codec.write_data_head(key, range.length, heads_.emplace_back());
  frames_.push_back({key, &slice, subscriber.cursor, {range.bytes, range.length}});
  subscriber.cursor += range.length;
  if (subscriber.cursor < head) streams.enqueue(slot);
  return true;
}

std::uint64_t StreamWrite::consume(std::size_t written) {
  CHECK(written <= bytes_);
  std::uint64_t publications = 0;
  written = consume_rest(written, publications);
  written = consume_replies(written);
  std::size_t gone = 0;
  for (; gone < frames_.size(); ++gone) {
    const std::size_t frame_bytes = heads_[gone].size() + frames_[gone].payload.size();
    if (written < frame_bytes) break;
    written -= frame_bytes;
    publications += publications_in(gone);
  }
  if (written > 0) {
    pin(gone, written);
    ++gone;
  }
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

void StreamWrite::pin(std::size_t i, std::size_t written) {
  const Frame& frame = frames_[i];
  FrameRest& rest = connection_->streams->rest;
  CHECK(rest.empty());
  const std::size_t of_head = std::min(written, heads_[i].size());
  rest.head = heads_[i];
  rest.head_sent = static_cast<std::uint32_t>(of_head);
  rest.segment = frame.slice->window.hold(frame.cursor);
  rest.payload = frame.payload.subspan(written - of_head);
  rest.publications = publications_in(i);
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

std::uint64_t StreamWrite::publications_in(std::size_t i) {
  const Frame& frame = frames_[i];
  const bool counted = counted_ != nullptr && counted_->slice == frame.slice && counted_->cursor == frame.cursor &&
                       counted_->payload.size() == frame.payload.size();
  if (!counted) {
    const topic::LogWindow& window = frame.slice->window;
    counted_publications_ = window.frames_between(window.offset_at(frame.cursor), window.offset_at(frame.cursor + frame.payload.size()));
    counted_ = &frame;
  }
  return counted_publications_;
}

Subscriber& StreamWrite::subscriber_of(std::size_t subscription) const {
  const Subscription& at = connection_->subscriptions[subscription];
  return at.slice->subscribers[at.index];
}

}  // namespace conn
