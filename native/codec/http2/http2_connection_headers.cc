// See http2_connection.h: requests, trailers, and how streams end. Every header block is decoded, also for a stream that is
// refused: the table would not fit the peer's afterwards (CVE-2023-32731).
// Owner: the codec of who speaks over HTTP/2. Thread: the connection's shard.
#include <algorithm>

#include "native/base/check.h"
#include "native/codec/http2/http2_connection.h"

namespace codec {
namespace {

/// A stream's dependency and weight in HEADERS, which nobody uses any more (§5.3.2).
constexpr std::size_t priority_bytes = 5;
/// So many ids before the last one the peer is asked for a new connection (§5.1.1).
constexpr std::uint32_t ids_spare = 1u << 16;

}  // namespace

/// §6.2.
void Http2Connection::on_headers(base::Bytes payload) {
  std::size_t padding = 0;
  if (head_.has(frame_flag::padded)) {
    if (payload.empty()) return fail(Http2Error::frame_size_error, "padding without a length");
    padding = payload.front();
    payload = payload.subspan(1);
  }
  if (head_.has(frame_flag::priority)) {
    if (payload.size() < priority_bytes) return fail(Http2Error::frame_size_error, "half a priority");
    payload = payload.subspan(priority_bytes);
  }
  if (padding > payload.size()) return fail(Http2Error::protocol_error, "more padding than payload");
  const auto use = use_of_block(head_.stream);
  if (!use) return;
  block_use_ = *use;
  block_stream_ = head_.stream;
  block_ends_stream_ = head_.has(frame_flag::end_stream) ? EndStream::yes : EndStream::no;
  continuations_ = 0;
  const base::Bytes fragment = payload.first(payload.size() - padding);
  if (head_.has(frame_flag::end_headers)) return on_block(fragment);
  request_since_ms_ = now_ms_;
  block_.assign(fragment.begin(), fragment.end());
}

/// §6.10. Empty ones count: they cost the peer nothing.
void Http2Connection::on_continuation(base::Bytes payload) {
  if (++continuations_ > limits_.continuations_max) return fail(Http2Error::enhance_your_calm, "too many continuations");
  if (payload.size() > limits_.header_block_bytes_max - std::min(block_.size(), limits_.header_block_bytes_max)) {
    return fail(Http2Error::enhance_your_calm, "the header block is too big");
  }
  block_.insert(block_.end(), payload.begin(), payload.end());
  if (!head_.has(frame_flag::end_headers)) return;
  std::vector<std::uint8_t> block;
  block.swap(block_);
  on_block(block);
}

/// Nothing: the connection has failed.
std::optional<Http2Connection::BlockUse> Http2Connection::use_of_block(std::uint32_t stream) {
  if (stream % 2 == 0) {
    fail(Http2Error::protocol_error, "a client's streams are odd");  // §5.1.1
    return std::nullopt;
  }
  const bool is_new = stream > highest_id_;
  highest_id_ = std::max(highest_id_, stream);
  if (draining_ && stream > last_id_) return BlockUse::discarded;  // §6.8: it may be retried elsewhere
  if (is_new) {
    last_id_ = stream;
    return BlockUse::request;
  }
  if (streams_.find(streams_.key_of(stream)) != nullptr) return BlockUse::trailers;
  if (resets_sent_.has(stream)) return BlockUse::discarded;
  // Both end the connection; §5.1 and §5.1.1 name the errors, and which streams were never opened is known of the last few only.
  const auto error = closed_by_peer_.has(stream) ? Http2Error::stream_closed : Http2Error::protocol_error;
  fail(error, "a stream that was used before");
  return std::nullopt;
}

void Http2Connection::on_block(base::Bytes block) {
  const BlockUse use = block_use_;
  block_use_ = BlockUse::none;
  request_since_ms_.reset();
  Http2Headers fields(limits_.headers, use == BlockUse::request ? &handler_->begin_request() : nullptr);
  if (hpack_.decode(block, fields) == HpackOutcome::failed) return fail(Http2Error::compression_error, "a header block that is no HPACK");
  switch (use) {
    case BlockUse::request: return open_request(fields);
    case BlockUse::trailers: return on_trailers(fields);
    case BlockUse::discarded: spend_glitch(); return;
    case BlockUse::none: CHECK(false);
  }
}

void Http2Connection::open_request(const Http2Headers& request) {
  const bool ends = block_ends_stream_ == EndStream::yes;
  if (streams_.size() >= limits_.streams_max) return reset_unopened(block_stream_, Http2Error::refused_stream);
  if (request.malformed() || (ends && request.content_length().value_or(0) != 0)) {
    return reset_unopened(block_stream_, Http2Error::protocol_error);  // §8.1.1
  }
  const StreamKey key = streams_.open(block_stream_);
  Http2Stream& stream = *streams_.find(key);
  stream.receive_left = first_receive_window();
  if (request.content_length()) stream.content_left = static_cast<std::int64_t>(*request.content_length());
  if (last_id_ > stream_id_max - ids_spare) refuse_streams();
  handler_->on_request(key, request.list());
  if (ends) end_of_peer(key);
}

/// §8.1: they end the stream, and have no pseudo-header fields.
void Http2Connection::on_trailers(const Http2Headers& trailers) {
  const StreamKey key = streams_.key_of(block_stream_);
  const Http2Stream* const stream = streams_.find(key);
  CHECK(stream != nullptr);
  if (stream->peer_ended) return reset(key, Http2Error::stream_closed);
  if (block_ends_stream_ == EndStream::no || trailers.malformed()) return reset(key, Http2Error::protocol_error);
  end_of_peer(key);
}

/// The stream may be gone by what the handler did.
void Http2Connection::end_of_peer(StreamKey key) {
  Http2Stream* const stream = streams_.find(key);
  if (stream == nullptr) return;
  if (stream->content_left > 0) return reset(key, Http2Error::protocol_error);  // §8.1.1: less than was announced
  stream->peer_ended = true;
  closed_by_peer_.note(key.id);
  if (stream->answered) return close(key);
  handler_->on_end(key);
}

/// §6.4.
void Http2Connection::on_rst_stream() {
  const StreamKey key = streams_.key_of(head_.stream);
  const Http2Stream* const stream = streams_.find(key);
  if (stream == nullptr) {
    spend_glitch();
    return;
  }
  const bool answered = stream->answered;
  closed_by_peer_.note(key.id);
  close(key);
  if (answered) return;
  handler_->on_gone(key);
  if (!resets_.take(now_ms_)) fail(Http2Error::enhance_your_calm, "too many streams are reset");
}

/// For a stream error (§5.4.2).
void Http2Connection::reset(StreamKey key, Http2Error error) {
  const Http2Stream* const stream = streams_.find(key);
  CHECK(stream != nullptr);
  const bool answered = stream->answered;
  close(key);
  if (!answered) handler_->on_gone(key);
  reset_unopened(key.id, error);
}

void Http2Connection::reset_unopened(std::uint32_t id, Http2Error error) {
  if (failed()) return;
  replies_.rst_stream(id, error);
  resets_sent_.note(id);
  if (!resets_.take(now_ms_)) fail(Http2Error::enhance_your_calm, "too many streams are reset");
}

void Http2Connection::close(StreamKey key) {
  if (data_stream_ == key) data_stream_ = {};
  streams_.close(key);
}

bool Http2Connection::is_answerable(StreamKey key) const {
  const Http2Stream* const stream = streams_.find(key);
  return stream != nullptr && !stream->answered;
}

void Http2Connection::respond(StreamKey key, base::Bytes block, EndStream end) {
  Http2Stream* const stream = streams_.find(key);
  if (stream == nullptr || stream->answered) return;
  const std::uint8_t flags = end == EndStream::yes ? frame_flag::end_stream : 0;
  sent_since_ping_ = true;
  if (table_update_due_) {
    table_update_due_ = false;
    std::vector<std::uint8_t> with_update = {0x20};  // RFC 7541 §6.3: 0 bytes
    with_update.insert(with_update.end(), block.begin(), block.end());
    replies_.headers(key.id, with_update, flags);
  } else {
    replies_.headers(key.id, block, flags);
  }
  stream->sends_data = end == EndStream::no;
  stream->answered = end == EndStream::yes;
  if (stream->answered && stream->peer_ended) close(key);
}

void Http2Connection::abandon(StreamKey key) {
  const Http2Stream* const stream = streams_.find(key);
  if (stream == nullptr) return;
  const bool peer_ended = stream->peer_ended;
  close(key);
  if (peer_ended) return;
  replies_.rst_stream(key.id, Http2Error::no_error);
  resets_sent_.note(key.id);
}

}  // namespace codec
