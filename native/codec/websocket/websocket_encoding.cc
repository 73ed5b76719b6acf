// See websocket_encoding.h.
// Owner: static table (encodings.def). Thread: any.
#include "native/codec/websocket/websocket_encoding.h"

#include <algorithm>

#include "native/base/check.h"
#include "native/codec/websocket/websocket_header.h"

namespace codec {

std::size_t WebSocketEncoding::encoded_bytes(const Publication& publication) const {
  return data_header_bytes(publication.payload.size()) + publication.payload.size();
}

void WebSocketEncoding::encode(const Publication& publication, base::MutableBytes out) const {
  CHECK(out.size() == encoded_bytes(publication));
  const base::Bytes payload = publication.payload;
  write_data_header(publication.kind, payload.size(), out);
  std::copy(payload.begin(), payload.end(), out.subspan(data_header_bytes(payload.size())).begin());
}

}  // namespace codec
