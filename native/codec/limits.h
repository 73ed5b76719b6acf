// What bounds the codecs, of every protocol.
// Owner: the engine's options; each codec has its own copy. Thread: any.
#pragma once

#include <cstddef>
#include <cstdint>

#include "native/codec/http1/http1.h"
#include "native/codec/rate_budget.h"

namespace codec {

struct WebSocketLimits {
  std::uint64_t message_bytes_max = 64 * 1024;    // over it → 1009 from the header alone
  std::uint32_t fragments_per_message_max = 1024;  // over it → 1008
};

/// Of one header list. Counted as RFC 9113 §6.5.2 does, so that references to one large field count for what they stand for, every time.
struct HeaderLimits {
  std::size_t list_bytes_max = 16 * 1024;
  std::size_t fields_max = 100;  // each crumb of a cookie is one
};

struct Http2Limits {
  std::uint32_t streams_max = 100'000;                    // over it → REFUSED_STREAM
  std::uint32_t connection_window_bytes = 1024 * 1024;    // at least 65,535: HTTP/2 has no way to lower it
  std::uint32_t stream_window_bytes = 256 * 1024;
  HeaderLimits headers;                                   // over it → HTTP 431
  std::size_t header_block_bytes_max = 32 * 1024;         // compressed, over it → GOAWAY
  std::uint32_t continuations_max = 8;                    // of one block, over it → GOAWAY
  std::uint32_t acks_waiting_max = 1000;                  // over it → GOAWAY
  std::size_t replies_bytes_max = 8 * 1024 * 1024;        // that the peer does not read, over it → GOAWAY
  Rate resets = {1000, 33};                               // the peer's and those that it makes us send (CVE-2023-44487, CVE-2025-8671)
  Rate glitches = {1000, 33};                             // frames that are allowed and of no use
  Rate pings = {100, 10};                                 // while nothing is sent to it
};

struct GrpcLimits {
  Http2Limits http2;
  std::uint32_t message_bytes_max = 64 * 1024;        // one gRPC message of a publisher; over it → RESOURCE_EXHAUSTED from its prefix
  std::uint32_t request_bytes_max = 8 * 1024;         // one of every other method
  std::size_t assembly_bytes_max = 8 * 1024 * 1024;   // of messages that came in part, all streams of the connection together
  std::size_t answer_bytes_max = 4 * 1024 * 1024;     // of answers that the peer has no window for or does not read
  std::size_t topic_bytes_max = 200;                  // 1..1024
};

/// One connection has some of these; which, its protocol's row knows.
struct CodecLimits {
  WebSocketLimits websocket;
  GrpcLimits grpc;
  HttpLimits http;
};

}  // namespace codec
