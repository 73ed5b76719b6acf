// The header blocks of responses. They refer to HPACK's static table only and are never compressed: nothing has to be
// remembered, and most are the same bytes for everybody.
// Owner: nobody, pure functions. Thread: any.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "native/base/bytes.h"
#include "native/codec/grpc_request.h"
#include "native/codec/grpc_status.h"

namespace codec {

/// :status 200, content-type application/grpc.
base::Bytes response_headers();

/// What stands before the status: nothing when the response's headers were sent, else all of them.
enum class TrailersAfter : std::uint8_t { headers, nothing };
/// grpc-status and, unless `text` is empty, grpc-message: at most its first 256 bytes, percent-encoded.
std::vector<std::uint8_t> trailers(TrailersAfter after, GrpcStatus status, std::string_view text);

/// An answer to who does not speak gRPC; not `ok`.
std::vector<std::uint8_t> http_error_headers(HttpStatus status);

}  // namespace codec
