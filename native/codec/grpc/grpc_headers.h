// The header blocks of responses. They refer to HPACK's static table only and are never compressed: nothing has to be
// remembered, and most are the same bytes for everybody.
// Owner: nobody, pure functions. Thread: any.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "native/base/bytes.h"
#include "native/codec/grpc/grpc_request.h"
#include "native/codec/grpc/grpc_status.h"

namespace codec {

/// Whether the client is told which message encodings are taken: who may compress its messages is.
enum class AcceptEncoding : std::uint8_t { unsaid, said };
/// :status 200, content-type application/grpc, and perhaps grpc-accept-encoding.
base::Bytes response_headers(AcceptEncoding accept_encoding);

/// grpc-status and, unless `text` is empty, grpc-message: at most its first 256 bytes, percent-encoded. `headers` are the
/// response's when they were not sent yet, else nothing.
std::vector<std::uint8_t> trailers(base::Bytes headers, GrpcStatus status, std::string_view text);

/// An answer to who does not speak gRPC; not `ok`.
std::vector<std::uint8_t> http_error_headers(HttpStatus status);

}  // namespace codec
