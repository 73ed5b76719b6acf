// A text for one connection alone as a WebSocket frame; what goes to many is encoded by an Encoding.
// Owner: nobody, a pure function. Thread: any.
#pragma once

#include <string>
#include <string_view>

namespace codec {

/// One unmasked, unfragmented text frame around `text`, which must be valid UTF-8 (RFC 6455 §5.6) and may have any length.
std::string write_text_frame(std::string_view text);

}  // namespace codec
