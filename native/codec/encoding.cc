// The table of encodings, one row of encodings.def each. (A preprocessor row cannot include its header; add it below.)
// Owner: this file. Thread: any.
#include "native/codec/encoding.h"

#include <array>

#include "native/base/check.h"
#include "native/codec/grpc/grpc_encoding.h"
#include "native/codec/pusher/pusher_encoding.h"
#include "native/codec/sse/sse_encoding.h"
#include "native/codec/websocket/envelope_encoding.h"
#include "native/codec/websocket/websocket_encoding.h"
#include "native/codec/websocket/websocket_header.h"

namespace codec {

const Encoding& encoding(EncodingId id) {
  // Never destroyed: shards may still encode while static destructors run at exit.
  static const auto& table = *new const std::array<const Encoding*, encoding_count>{
#define ENCODING(name, type) new type,
#include "native/codec/encodings.def"
#undef ENCODING
  };
  const auto index = static_cast<std::size_t>(id);
  CHECK(index < table.size());
  return *table[index];
}

PayloadView read_payload(base::Bytes frame) {
  const DataFrame read = read_data_frame(frame);
  return {read.kind, read.payload};
}

}  // namespace codec
