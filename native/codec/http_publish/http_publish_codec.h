// Requests that publish (RFC 9112): a head, a body by its length or in chunks, one request behind the other.
// Owner: a connection (its codec). Thread: that connection's shard.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "native/codec/http_publish/chunks.h"
#include "native/codec/http_publish/http_publish_request.h"
#include "native/codec/limits.h"

namespace codec {

/// A request that arrives whole is handed on as a view of what was read. Of one that does not, what has come is kept.
class HttpPublishCodec final : public PostCodec {
 public:
  explicit HttpPublishCodec(const CodecLimits& limits) : http_(limits.http), body_bytes_max_(limits.websocket.message_bytes_max) {}

  Decoded decode(base::MutableBytes in, PostSink& sink) override;
  Unfinished unfinished() const override;
  bool keeps_post() const override { return part_ == Part::kept; }
  std::vector<std::uint8_t> take_kept() override { return std::exchange(kept_, {}); }

 private:
  /// What of a request comes next.
  enum class Part : std::uint8_t {
    head,
    length,  // of a body that is as long as the head says
    chunks,
    kept,    // nothing: it is whole, and to be given again
  };
  enum class Step : std::uint8_t { go_on, more, wait, hand_back, end };

  Step step(base::Bytes& bytes, PostSink& sink);
  Step take_head(base::Bytes& bytes, PostSink& sink);
  Step begin_body(const HttpRequest& request, base::Bytes& bytes, PostSink& sink);
  Step refuse_head(const HttpRequest& request, const HttpRefusal& refusal, base::Bytes& bytes, PostSink& sink);
  Step take_length(base::Bytes& bytes, PostSink& sink);
  Step take_chunks(base::Bytes& bytes, PostSink& sink);
  Step give(base::Bytes payload, PostSink& sink);
  Step refuse(const HttpRefusal& refusal, PostSink& sink);
  Step finish();
  Decoded settle(Step step, base::Bytes bytes, std::size_t in_bytes);

  const HttpLimits http_;
  const std::uint64_t body_bytes_max_;
  Part part_ = Part::head;
  bool anew_ = false;             // Unfinished::anew
  std::vector<std::uint8_t> kept_;  // of a head that has not ended
  std::size_t scanned_ = 0;         // of it
  std::vector<std::uint8_t> body_;  // of one that has come in part, or in chunks
  std::uint64_t body_left_ = 0;
  PostHead head_;
  PostBody coming_;
  Chunks chunks_;
};

}  // namespace codec
