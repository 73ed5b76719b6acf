// The contract of codecs that carry many streams in one connection: commands name a stream, and what is written passes
// through the codec, which knows the peer's windows. It does no I/O; the clock's time is told to it.
// Owner: the connection that it decodes for. Thread: that connection's shard.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "native/base/bytes.h"
#include "native/codec/codec.h"
#include "native/codec/ending.h"

namespace codec {

/// One stream of one connection. `slot` is its place, dense from 0 and used again after it: an index for whatever the sink
/// keeps of a stream. `id` is never used twice, so that a key outlives its stream safely: nothing is found by it any more.
struct StreamKey {
  std::uint32_t id = 0;  // 0: the connection itself
  std::uint32_t slot = 0;

  friend bool operator==(const StreamKey&, const StreamKey&) = default;
};

struct StreamSubscription {
  std::string_view topic;              // a valid name
  std::string_view subscriber;         // what it calls itself; valid UTF-8, may be empty
  std::optional<std::uint64_t> since;  // the offset of the first publication wanted
  std::uint32_t last = 0;              // how many retained ones are wanted first
};

struct StreamMessage {
  std::string_view topic;  // a valid name
  std::int32_t author = 0;
  std::string_view data;   // valid UTF-8
};

/// Names of header fields, in small letters.
using FieldNames = std::vector<std::string>;

/// What a stream that uses topics is decided by, before anything that it says is looked at.
struct StreamRequest {
  bool publishes = false;
  /// A line for each field that was asked for (StreamCodec::ask_first): `name: value`, each with its line end, in the order in which they came.
  std::string_view fields;
};

enum class Entrance : std::uint8_t {
  open,    // it goes on
  waits,   // until `let_in` or `finish`; what it says meanwhile is kept
  closed,  // the sink has finished it
};

/// Receives what streams ask for, in wire order. Views die with the call. Every handler may call the codec's writing half
/// (`finish`, `answer`, `drain` …) for any stream, but neither `decode` nor the destructor. No stream is told of again after
/// the sink has finished or answered it. When `decode` fails, all streams are gone and none is reported.
class StreamSink {
 public:
  /// One more stream is opened. False: there are too many over all connections; it ends as `unavailable`.
  virtual bool admits_stream() = 0;
  /// Whether it may go on; only where the codec was told to ask first. Nothing is said of a stream that waits and goes.
  virtual Entrance on_stream_request(StreamKey, const StreamRequest&) { return Entrance::open; }
  /// The subscriber's message is complete. The response's headers are queued when this returns, unless it was finished: record
  /// the interest in here, and what is published after it is seen.
  virtual void on_stream_subscribe(StreamKey stream, const StreamSubscription& subscription) = 0;
  /// One complete message. To refuse it, finish the stream. After `wait` nothing more is decoded (Decoded::left).
  virtual Flow on_stream_message(StreamKey stream, const StreamMessage& message) = 0;
  /// The publisher has sent all it had. It is answered with success when this returns, unless it was finished.
  virtual void on_stream_publish_end(StreamKey stream) = 0;
  /// The topic's last publication is wanted: `answer` or `finish`, now or in a later turn.
  virtual void on_stream_last(StreamKey stream, std::string_view topic) = 0;
  /// The peer has cancelled it, or broken its rules. Reported for every stream that was named to the sink before.
  virtual void on_stream_gone(StreamKey stream) = 0;
  /// Its own window was used up and no longer is; id 0: the connection's.
  virtual void on_stream_window(StreamKey stream) = 0;

 protected:
  ~StreamSink() = default;
};

/// What the peer keeps us waiting for, by the time told with `set_now`. How long is too long is the shard's decision, and
/// `give_up` the consequence.
struct StreamWaits {
  std::optional<std::uint32_t> request_since_ms;  // the preface, a control frame or a header block is incomplete
  std::optional<std::uint32_t> answer_since_ms;   // an answer of ours needs window; since any last moved
  std::optional<std::uint32_t> greeting_since_ms; // a greeting does; since the oldest was made, or earlier
  std::optional<std::uint32_t> deadline_ms;       // the peer wants an answer until then: the first deadline, or one before it
};

enum class Credit : std::uint8_t {
  granted,   // received bytes are given back to the peer's window as they are consumed
  withheld,  // not: a publisher comes to rest within the connection's receive window, everything else goes on
};

class StreamCodec : public CodecFor<StreamSink> {
 public:
  /// The shard's monotonic clock, before `decode`: rates are counted with it.
  virtual void set_now(std::uint32_t now_ms) = 0;
  virtual void set_credit(Credit credit) = 0;
  /// To be told once, before anything is decoded: streams that use topics are asked about first, by these fields. What all that wait have said is
  /// kept up to `bytes_max`; then no more is decoded (Decoded::left) while `is_held_back`.
  virtual void ask_first(std::shared_ptr<const FieldNames> fields, std::size_t bytes_max) = 0;
  /// What a stream that waits has said is looked at now, and what it says from here on.
  virtual void let_in(StreamKey stream, StreamSink& sink) = 0;
  virtual bool is_held_back() const = 0;

  // Writing. Everything goes out in whole frames and one order: the rest of a frame that is partly on the wire, then
  // `replies`, then DATA frames: a head from here, followed by `length` bytes of whole or parts of encoded publications (ADR 0010).

  /// Frames that are to be written at the next frame boundary, all of them before any DATA. The view dies with the next
  /// call of a function that is not const.
  virtual base::Bytes replies() const = 0;
  /// The first `count` bytes of `replies` were written; what is left may begin within a frame.
  virtual void consume_replies(std::size_t count) = 0;

  static constexpr std::size_t data_head_bytes = 9;
  /// How many bytes of payload one DATA frame of that stream may carry now: both windows and the peer's largest frame allow
  /// them. 0 also for streams that are not subscribed, or gone.
  virtual std::uint32_t sendable(StreamKey stream) const = 0;
  /// The connection's window is used up: then every stream waits for on_stream_window of id 0; else one whose `sendable` is 0
  /// waits for its own. (To look at all streams whenever any window opens would let a peer keep us busy with 13 bytes.)
  virtual bool connection_blocked() const = 0;
  /// Writes the head of a DATA frame to the front of `out` and takes `length`, 1 to `sendable`, from both windows.
  virtual void write_data_head(StreamKey stream, std::uint32_t length, base::MutableBytes out) = 0;
  /// Of a frame whose head was written not one byte has left, and none will: both windows get it back.
  virtual void return_data(StreamKey stream, std::uint32_t length) = 0;

  // Ends. A stream that is gone already is passed over in silence.

  /// Within on_stream_subscribe: a retained publication, as the protocol's encoding made it, goes before all that is published from now on.
  /// While it waits for window, `sendable` of its stream is 0.
  virtual void greet(StreamKey stream, base::Bytes message, std::uint64_t offset) = 0;
  /// The streams whose greeting has waited for window for `most_ms` or longer, by the time told with `set_now`.
  virtual std::vector<StreamKey> overdue_greetings(std::uint32_t most_ms) = 0;
  /// The streams whose deadline has come, by the time told with `set_now`: to be finished with Ending::deadline. Each is named once.
  virtual std::vector<StreamKey> overdue_deadlines() = 0;
  /// Answers on_stream_last: `message` is a publication as the protocol's encoding made it, `offset` its place in the topic.
  virtual void answer(StreamKey stream, base::Bytes message, std::uint64_t offset) = 0;
  /// Ends it and tells its peer why, in the protocol's words. `text` is for people, valid UTF-8.
  virtual void finish(StreamKey stream, Ending ending, std::string_view text) = 0;
  /// The peer is told that the connection will end, and that once more when it has heard of it: then `refuse_streams` happens by itself.
  virtual void drain() = 0;
  /// No stream is accepted any more and the peer is told so; those that are open go on.
  virtual void refuse_streams() = 0;
  /// Finishes at most `count` streams, oldest first, without telling the sink of them; returns how many are left.
  virtual std::uint32_t finish_some(std::uint32_t count, Ending ending, std::string_view text) = 0;
  /// Ends the connection: a last frame with the reason (static text) is queued, nothing is decoded any more.
  virtual void give_up(std::string_view reason) = 0;
  /// Asks for a sign of life; the answer is not reported, any received byte is one.
  virtual void ping() = 0;

  virtual std::uint32_t open_streams() const = 0;
  /// What it keeps because the peer has not sent the rest of it, or does not read.
  virtual std::size_t buffered_bytes() const = 0;
  virtual StreamWaits waits() const = 0;
  /// Either side has said that it ends and no stream is open: write `replies`, then close.
  virtual bool done() const = 0;
};

}  // namespace codec
