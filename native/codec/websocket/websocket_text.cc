// See websocket_text.h.
// Owner: nobody. Thread: any.
#include "native/codec/websocket/websocket_text.h"

#include <array>
#include <cstdint>

#include "native/codec/websocket/websocket_header.h"

namespace codec {

std::string write_text_frame(std::string_view text) {
  std::array<std::uint8_t, data_header_bytes_max> header;
  write_data_header(PayloadKind::text, text.size(), header);
  std::string frame;
  frame.reserve(data_header_bytes(text.size()) + text.size());
  frame.append(base::text_of(base::Bytes(header).first(data_header_bytes(text.size()))));
  return frame.append(text);
}

}  // namespace codec
