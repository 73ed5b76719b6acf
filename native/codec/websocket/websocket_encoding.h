// A publication as one unfragmented, unmasked WebSocket frame (RFC 6455 §5.2).
// Owner: static table (encodings.def). Thread: any.
#pragma once

#include "native/codec/encoding.h"

namespace codec {

class WebSocketEncoding final : public Encoding {
 public:
  std::size_t encoded_bytes(const Publication& publication) const override;
  void encode(const Publication& publication, base::MutableBytes out) const override;
};

}  // namespace codec
