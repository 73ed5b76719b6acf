// The contract of codecs whose requests are publications and are each answered: bytes in, requests out, in order.
// Owner: the connection that it decodes for. Thread: that connection's shard.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "native/codec/codec.h"
#include "native/codec/http1/http1.h"

namespace codec {

/// What a request's body is, by its content type.
enum class BodyKind : std::uint8_t { text, text_if_utf8, binary };

/// What is known of a request from its head on until it is answered.
struct PostHead {
  std::string target;          // the sink's: it stays from request to request, so that the same one need not be read again
  std::string origin_headers;  // the sink's: header lines of the answer
  std::string key;             // Idempotency-Key; empty: there is none
  BodyKind body{};
  bool closes = false;         // with its answer the connection ends
};

/// One whole request. Views die with the call.
struct Post {
  const PostHead& head;
  PayloadKind kind;  // text is valid UTF-8
  base::Bytes payload;
};

enum class PostFlow : std::uint8_t {
  go_on,
  wait,   // it is answered; nothing more is decoded (Decoded::left)
  again,  // it is not: the codec keeps it, and gives it again with the next `decode`, before anything else
};

/// Each request is answered by one of `on_post` and `on_refused`, in wire order.
class PostSink {
 public:
  /// False when the request is not for this codec: nothing is decoded any more, and its bytes are the caller's again (PostCodec::take_kept,
  /// Decoded::left).
  virtual bool takes(const HttpRequest& request) = 0;
  /// A head that it takes. A refusal is told to `on_refused` when it is the request's turn to be answered, which is now.
  virtual std::optional<HttpRefusal> on_head(const HttpRequest& request, PostHead& head) = 0;
  /// The client waits for a word before it sends the body (RFC 9110 §10.1.1).
  virtual void on_continue() = 0;
  virtual PostFlow on_post(const Post& post) = 0;
  virtual void on_refused(const PostHead& head, const HttpRefusal& refusal) = 0;

 protected:
  ~PostSink() = default;
};

/// `closed`: the last request was answered that the connection has room for; what followed was dropped.
class PostCodec : public CodecFor<PostSink> {
 public:
  /// Whether a request was to be given `again`.
  virtual bool keeps_post() const = 0;
  /// Of its owner: what the last request has shown of who asks.
  std::string& credential() { return credential_; }
  /// What came before the `in` of the last `decode` of a request that the sink did not take.
  virtual std::vector<std::uint8_t> take_kept() = 0;

 private:
  std::string credential_;
};

}  // namespace codec
