// A publication as one gRPC message: five bytes, and a protobuf Message. A payload that is JSON of the shared schema becomes
// author and data; any other text becomes data whole. Bytes that are no UTF-8 have no encoding: `encoded_bytes` is 0.
// Owner: static table (encodings.def). Thread: any.
#pragma once

#include "native/codec/encoding.h"

namespace codec {

class GrpcEncoding final : public Encoding {
 public:
  std::size_t encoded_bytes(const Publication& publication) const override;
  void encode(const Publication& publication, base::MutableBytes out) const override;
};

}  // namespace codec
