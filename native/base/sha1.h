// SHA-1 (FIPS 180-4), for Sec-WebSocket-Accept only: it proves that the server read the key, nothing about security.
// Owner: nobody, a pure function. Thread: any.
#pragma once

#include <array>
#include <cstdint>

#include "native/base/bytes.h"

namespace base {

using Sha1Digest = std::array<std::uint8_t, 20>;

Sha1Digest sha1(Bytes message);

}  // namespace base
