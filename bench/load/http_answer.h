// The answers of a server of HTTP/1.1 requests (RFC 9112): how long each is, whether it is a yes, and whether the server
// goes on with the connection.
// Owner: nobody. Thread: any.
#pragma once

#include <cstdint>

#include "bench/load/wire.h"

namespace load {

/// The answer that begins at `at`, as a unit: taken, taken_last, refused, or broken without a Content-Length.
Unit read_http_answer(const std::uint8_t* at, const std::uint8_t* end);

}  // namespace load
