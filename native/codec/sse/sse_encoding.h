// A publication as one event of a stream of server-sent events (WHATWG HTML §9.2): its position as the id, its text line by line.
// Owner: static table (encodings.def). Thread: any; it has no state.
#pragma once

#include "native/codec/encoding.h"
#include "native/codec/sse/sse_text.h"

namespace codec {

/// `id: <epoch>-<offset>`, `event:` the publication's name where it has one, a `data:` for each line (LF, CR and CRLF end one). Binary
/// payloads are base64 with `event: binary`. A name's own line breaks are written as spaces.
class SseEncoding : public Encoding {
 public:
  explicit SseEncoding(SseFraming framing) : framing_(framing) {}

  std::size_t encoded_bytes(const Publication& publication) const override;
  void encode(const Publication& publication, base::MutableBytes out) const override;
  /// `event: gap` with `data: {"topic","from","to","skipped"}`: positions of the first and the last, and how many; null: unknown. It has no
  /// id, so that who comes back behind it asks from before it.
  std::string gap(const Gap& gap) const override;

 private:
  const SseFraming framing_;
};

/// For HTTP/1.1: each event is a chunk, whose head and end stand in the bytes that all subscribers share.
class SseChunkedEncoding final : public SseEncoding {
 public:
  SseChunkedEncoding() : SseEncoding(SseFraming::chunked) {}
};

/// For HTTP/1.0, which knows no chunks.
class SseUntilCloseEncoding final : public SseEncoding {
 public:
  SseUntilCloseEncoding() : SseEncoding(SseFraming::until_close) {}
};

}  // namespace codec
