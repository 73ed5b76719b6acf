// The server's side of one HTTP/2 connection (RFC 9113): frames in, requests and their content out; flow control both ways;
// everything a hostile peer may do only so often.
// Owner: the codec of who speaks over HTTP/2. Thread: the connection's shard.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "native/codec/codec.h"
#include "native/codec/http2/hpack_decoder.h"
#include "native/codec/http2/http2_frame.h"
#include "native/codec/http2/http2_headers.h"
#include "native/codec/http2/http2_replies.h"
#include "native/codec/http2/http2_streams.h"
#include "native/codec/limits.h"
#include "native/codec/rate_budget.h"
#include "native/codec/stream_codec.h"

namespace codec {

/// What becomes of the requests. Handlers may end any stream, but not decode.
class Http2Handler {
 public:
  /// A request's header block begins to be decoded: where its fields go. `on_request` follows, unless they break the rules of HTTP/2.
  virtual Http2Fields& begin_request() = 0;
  virtual void on_request(StreamKey stream, HeaderList list) = 0;
  /// A piece of its content, never empty; the view lives as long as the input. Not after it is answered. Returns how much of its end is not
  /// looked at, because it has called `stop`.
  virtual std::size_t on_content(StreamKey stream, base::Bytes piece) = 0;
  /// The peer's half is complete. Not after it is answered.
  virtual void on_end(StreamKey stream) = 0;
  /// Reset by the peer, or by us for a stream error, before it was answered; the key finds nothing any more.
  virtual void on_gone(StreamKey stream) = 0;
  /// See StreamSink::on_stream_window; only of streams whose headers are queued.
  virtual void on_window(StreamKey stream) = 0;

 protected:
  ~Http2Handler() = default;
};

enum class EndStream : std::uint8_t { no, yes };

/// The last few ids that something was noted of.
class RecentStreams {
 public:
  void note(std::uint32_t id) {
    ids_[next_] = id;
    next_ = static_cast<std::uint8_t>((next_ + 1) % ids_.size());
  }
  bool has(std::uint32_t id) const { return std::find(ids_.begin(), ids_.end(), id) != ids_.end(); }

 private:
  std::array<std::uint32_t, 16> ids_ = {};
  std::uint8_t next_ = 0;
};

class Http2Connection {
 public:
  explicit Http2Connection(const Http2Limits& limits);

  Decoded decode(base::Bytes in, Http2Handler& handler);
  void set_now(std::uint32_t now_ms);
  void set_credit(Credit credit);
  /// Within a decode: what is left of its input is not looked at (Decoded::left).
  void stop() { stopped_ = true; }
  bool is_stopped() const { return stopped_; }

  base::Bytes replies() const { return replies_.unsent(); }
  void consume_replies(std::size_t count) { replies_.consume(count); }

  std::uint32_t sendable(StreamKey key) const;
  bool connection_blocked() const { return connection_window_ <= 0; }
  void write_data_head(StreamKey key, std::uint32_t length, base::MutableBytes out);
  void return_data(StreamKey key, std::uint32_t length);

  // Of a stream that is open and not ended by us; else nothing happens.
  /// Queues a header block, whole in one frame. An answered stream stays until the peer has ended its half too: it has
  /// usually done so already, or will reset it, which is then nobody's fault.
  void respond(StreamKey key, base::Bytes block, EndStream end);
  /// Queues as much of `content` as both windows allow; returns how much that is.
  std::size_t send(StreamKey key, base::Bytes content);
  /// Closes it whatever its state; a peer that has not ended its half is told to stop (§8.1).
  void abandon(StreamKey key);

  void ping();
  // See StreamCodec.
  void drain();
  void refuse_streams();
  void give_up(std::string_view reason);

  const Http2Streams& streams() const { return streams_; }
  std::size_t buffered_bytes() const { return pending_.size() + block_.size() + replies_.unsent().size(); }
  bool is_answerable(StreamKey key) const;
  bool failed() const { return phase_ == Phase::failed; }
  bool done() const { return failed() || ((draining_ || peer_leaves_) && streams_.size() == 0); }
  std::optional<std::uint32_t> request_since_ms() const { return request_since_ms_; }

 private:
  enum class Phase : std::uint8_t { preface, head, payload, padding_length, content, padding, failed };
  /// What the header block that is coming in is for.
  enum class BlockUse : std::uint8_t { none, request, trailers, discarded };

  // http2_connection.cc: cutting the input into frames, and what ends the connection.
  base::Bytes take_preface(base::Bytes in);
  base::Bytes take_head(base::Bytes in);
  base::Bytes take_payload(base::Bytes in);
  void begin_frame(const FrameHead& head);
  bool check_order();
  bool check_head();
  void end_frame();
  void on_frame(base::Bytes payload);
  void fail(Http2Error error, std::string_view reason);
  Decoded outcome(std::size_t left) const;
  bool spend_glitch(std::uint32_t count = 1);
  void check_queues();

  // http2_connection_headers.cc: requests, trailers, resets.
  void on_headers(base::Bytes payload);
  void on_continuation(base::Bytes payload);
  std::optional<BlockUse> use_of_block(std::uint32_t stream);
  void on_block(base::Bytes block);
  void open_request(const Http2Headers& request);
  void on_trailers(const Http2Headers& trailers);
  void end_of_peer(StreamKey key);
  void on_rst_stream();
  void reset(StreamKey key, Http2Error error);
  void reset_unopened(std::uint32_t id, Http2Error error);
  void close(StreamKey key);
  /// Streams that nobody has opened; ours, which are even, never are.
  bool is_idle(std::uint32_t id) const { return id > highest_id_ || (id != 0 && id % 2 == 0); }

  // http2_connection_data.cc: content and windows, both ways; settings and pings.
  void begin_data();
  void refuse_data();
  void begin_content(std::uint32_t padding);
  base::Bytes take_padding_length(base::Bytes in);
  base::Bytes take_content(base::Bytes in);
  base::Bytes take_padding(base::Bytes in);
  void end_data();
  void return_connection_credit();
  void take_send_windows(StreamKey key, std::uint32_t length);
  bool allows_small_update();
  void on_window_update(std::uint32_t increment);
  void on_settings(base::Bytes payload);
  bool apply_setting(std::uint16_t id, std::uint32_t value);
  bool apply_initial_window(std::uint32_t value);
  void report_opened_windows(std::int64_t initial_before);
  void on_ping(base::Bytes payload);
  std::uint32_t first_receive_window() const;
  std::int64_t send_window(const Http2Stream& stream) const { return stream.send_delta + peer_initial_window_; }

  const Http2Limits limits_;
  Phase phase_ = Phase::preface;
  bool settings_seen_ = false;       // the peer's
  bool settings_acked_ = false;      // ours, by the peer
  bool draining_ = false;            // no stream is accepted any more
  bool drain_announced_ = false;     // but until the peer has answered the ping behind our first GOAWAY
  bool peer_leaves_ = false;         // its GOAWAY has come
  bool sent_since_ping_ = false;     // HEADERS or DATA: then a ping may be measuring the path
  bool table_update_due_ = false;    // the next header block must say that our table is empty (RFC 7541 §4.2)
  bool said_table_empty_ = false;    // it does, or has
  std::uint8_t pings_waiting_ = 0;   // ours, not answered
  bool stopped_ = false;             // the decode that is running
  Credit credit_ = Credit::granted;

  std::uint32_t now_ms_ = 0;
  std::optional<std::uint32_t> request_since_ms_;
  std::string_view reason_;  // of the failure
  Ending ending_{};          // the same in the terms of Decoded
  Http2Handler* handler_ = nullptr;  // of the decode that is running

  // The frame being read. What is cut by the end of some input waits in `pending_`.
  FrameHead head_;
  std::vector<std::uint8_t> pending_;
  std::uint32_t content_left_ = 0;
  std::uint32_t padding_left_ = 0;
  StreamKey data_stream_;  // id 0: the content is thrown away

  // The header block being read.
  BlockUse block_use_ = BlockUse::none;
  std::uint32_t block_stream_ = 0;
  EndStream block_ends_stream_ = EndStream::no;
  std::uint32_t continuations_ = 0;
  std::vector<std::uint8_t> block_;
  HpackDecoder hpack_;

  Http2Streams streams_;
  std::uint32_t last_id_ = 0;     // of the streams that were accepted
  std::uint32_t highest_id_ = 0;  // of all, also those that came after our GOAWAY
  RecentStreams resets_sent_;     // whose frames may still be on their way
  RecentStreams closed_by_peer_;  // that it has ended or reset: none of its frames can be

  std::uint32_t receive_left_;           // of the connection
  std::uint32_t credit_due_ = 0;         // consumed, and not given back to the peer
  std::int64_t connection_window_ = initial_window_bytes;  // for sending
  std::int64_t peer_initial_window_ = initial_window_bytes;
  std::int64_t largest_delta_ = 0;       // no stream's send_delta is larger
  std::uint32_t small_updates_due_ = 0;  // that small frames of ours account for
  std::uint32_t peer_frame_bytes_max_ = frame_payload_bytes_max;

  RateBudget resets_;
  RateBudget glitches_;
  RateBudget pings_;
  Http2Replies replies_;
};

}  // namespace codec
