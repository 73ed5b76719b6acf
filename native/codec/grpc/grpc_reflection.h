// Answers of server reflection from the descriptors in native/codec/grpc/proto; both versions of the protocol are the same bytes.
// Owner: nobody, pure functions. Thread: any.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "native/base/bytes.h"

namespace codec {

/// The ServerReflectionResponse to one ServerReflectionRequest; nothing when the request is malformed.
std::optional<std::vector<std::uint8_t>> reflection_answer(base::Bytes request);

}  // namespace codec
