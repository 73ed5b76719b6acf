// What goes between the events of a stream of server-sent events (WHATWG HTML §9.2): comments, when to come back, the end; and the chunks
// that they, and events, travel in (RFC 9112 §7.1).
// Owner: nobody, pure functions. Thread: any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "native/base/bytes.h"

namespace codec {

enum class SseFraming : std::uint8_t {
  chunked,      // HTTP/1.1
  until_close,  // HTTP/1.0: the end of the bytes is the end of the stream
};

/// What a chunk has beside its `bytes`, at least one.
std::size_t chunk_frame_bytes(std::size_t bytes);
/// Writes a chunk's head and end so that it fills `out`, and returns the place of what is in it.
base::MutableBytes write_chunk_around(base::MutableBytes out);
/// `text`, which is not empty, as it travels.
std::string sse_framed(SseFraming framing, std::string_view text);

/// These three are rows of Manners. A comment, which clients do not show; `payload` is not used.
template <SseFraming framing>
std::size_t write_sse_ping(base::Bytes payload, base::MutableBytes out);
/// A comment that says why, `: 1001 shutting down`, and the last chunk.
template <SseFraming framing>
std::size_t write_sse_close(std::uint16_t code, std::string_view reason, base::MutableBytes out);
/// After how many milliseconds without a connection a client is to come back.
template <SseFraming framing>
std::string write_sse_retry(std::uint32_t ms);

}  // namespace codec
