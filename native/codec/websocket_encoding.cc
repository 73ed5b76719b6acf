// See websocket_encoding.h.
// Owner: static table (encodings.def). Thread: any.
#include "native/codec/websocket_encoding.h"

#include <algorithm>

#include "native/base/check.h"

namespace codec {
namespace {

std::size_t length_bytes_of(std::size_t payload_bytes) {
  return payload_bytes < 126 ? 0 : payload_bytes < 65536 ? 2 : 8;
}

}  // namespace

std::size_t WebSocketEncoding::encoded_bytes(const Publication& publication) const {
  return 2 + length_bytes_of(publication.payload.size()) + publication.payload.size();
}

void WebSocketEncoding::encode(const Publication& publication, base::MutableBytes out) const {
  CHECK(out.size() == encoded_bytes(publication));
  const std::size_t length = publication.payload.size();
  const std::size_t length_bytes = length_bytes_of(length);
  out[0] = publication.kind == PayloadKind::text ? 0x81 : 0x82;
  out[1] = static_cast<std::uint8_t>(length_bytes == 0 ? length : length_bytes == 2 ? 126 : 127);
  for (std::size_t i = 0; i < length_bytes; ++i) {
    out[2 + i] = static_cast<std::uint8_t>(std::uint64_t{length} >> 8 * (length_bytes - 1 - i));
  }
  std::copy(publication.payload.begin(), publication.payload.end(), out.subspan(2 + length_bytes).begin());
}

}  // namespace codec
