// A publication as a Pusher event in one WebSocket text frame: {"event":…,"channel":…,"data":"…"}, and "user_id" where a
// user is known. The payload is a JSON string, escaped once for all subscribers.
// Owner: static table (encodings.def). Thread: any.
#pragma once

#include "native/codec/encoding.h"

namespace codec {

class PusherEncoding final : public Encoding {
 public:
  std::size_t encoded_bytes(const Publication& publication) const override;
  void encode(const Publication& publication, base::MutableBytes out) const override;
};

}  // namespace codec
