// The contract of every wire codec: bytes in, commands out. A codec does no I/O and reads no clock.
// Owner: the connection that it decodes for. Thread: that connection's shard.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "native/base/bytes.h"
#include "native/codec/ending.h"

namespace codec {

/// How a payload was meant by its publisher; a WebSocket opcode, whatever the protocol it came over.
enum class PayloadKind : std::uint8_t { text, binary };

/// A client's own publication in a session protocol. Views die with the call.
struct ClientPublication {
  std::string_view event;    // its name
  std::string_view channel;  // the topic without the session's namespace
  std::string_view data;     // what subscribers get: a JSON string's text, or any other JSON value as it was written
  std::string_view message;  // all of it as it came, for the control plane when it is not permitted
};

/// Whether a codec goes on with what it has, or keeps it until it is called again.
enum class Flow : std::uint8_t { go_on, wait };

// Sinks receive what a codec decoded, in wire order: one for each way in which connections talk. Views die when the call returns.
// A handler must not destroy the codec that calls it: closing is deferred to the end of the shard's turn.

/// What goes between the messages of protocols over WebSocket.
class ControlSink {
 public:
  /// RFC 6455 §5.5.2; at most 125 bytes.
  virtual void on_ping(base::Bytes payload) = 0;
  virtual void on_pong(base::Bytes payload) = 0;
  /// The peer's close frame: its code (`no_status` when it had none) and its reason (valid UTF-8, at most 123 bytes).
  virtual void on_close(std::uint16_t code, std::string_view reason) = 0;

 protected:
  ~ControlSink() = default;
};

/// Of protocols whose connections publish to one topic, or hear some.
class MessageSink : public ControlSink {
 public:
  /// One complete message, fragments joined. After `wait` nothing more is decoded (Decoded::left).
  virtual Flow on_message(PayloadKind kind, base::Bytes payload) = 0;
  /// A data message that this listener's role ignores (counted once per message, never assembled).
  virtual void on_ignored_message() = 0;

 protected:
  ~MessageSink() = default;
};

/// Of protocols whose rules are the control plane's.
class SessionSink : public ControlSink {
 public:
  /// A message that the control plane decides on: valid UTF-8, otherwise anything. After `wait`: as `on_message`.
  virtual Flow on_session_message(std::string_view text) = 0;
  virtual Flow on_client_publication(const ClientPublication& publication) = 0;
  /// The protocol's own ping; `answer` is the text to send back.
  virtual void on_application_ping(std::string_view answer) = 0;

 protected:
  ~SessionSink() = default;
};

/// Of responders.
class RequestSink {
 public:
  /// One request, with its line's end where it has one. After `wait` the codec keeps the rest for the next `decode`.
  virtual Flow on_request(base::Bytes request) = 0;

 protected:
  ~RequestSink() = default;
};

enum class DecodeStatus : std::uint8_t {
  open,    // everything was consumed; more bytes are welcome
  closed,  // the peer's close frame was reported; whatever followed was dropped
  failed,  // the peer broke the protocol or a limit: close with `ending` and `reason`; the codec decodes nothing more
};

struct Decoded {
  DecodeStatus status = DecodeStatus::open;
  Ending ending = Ending::normal;
  std::string_view reason;  // static text, at most 123 bytes; empty unless failed
  /// Bytes at the end of the input that were not looked at, as the sink said `wait`: the caller gives them again, before any others.
  std::size_t left = 0;
};

/// What a codec has of a message, or of a frame, that has come in part.
struct Unfinished {
  bool any = false;
  bool anew = false;      // it has begun in the last `decode`
  std::size_t bytes = 0;  // of memory that the codec keeps for it
};

/// What all codecs have in common. How one decodes depends on its sink: CodecFor.
class Codec {
 public:
  virtual ~Codec() = default;
  /// Nothing of those that keep an account of their own (StreamCodec).
  virtual Unfinished unfinished() const { return {}; }
};

template <typename Sink>
class CodecFor : public Codec {
 public:
  /// Decodes all of `in`, which it may change in place (unmasking), unless the sink says `wait`. Incomplete frames are kept
  /// inside the codec, in memory that grows with the bytes received and never by a declared length.
  virtual Decoded decode(base::MutableBytes in, Sink& sink) = 0;
};

using MessageCodec = CodecFor<MessageSink>;
using SessionCodec = CodecFor<SessionSink>;
using RequestCodec = CodecFor<RequestSink>;

}  // namespace codec
