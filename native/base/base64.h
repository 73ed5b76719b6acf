// Base64 with padding (RFC 4648 §4).
// Owner: nobody, pure functions. Thread: any.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "native/base/bytes.h"

namespace base {

std::string base64_encode(Bytes bytes);

/// Decodes all of `text` into the front of `out` and returns how many bytes that were, or nothing when a character is
/// outside the alphabet (white space included), the padding is missing or misplaced, or `out` is too small.
/// The unused bits before the padding may be anything (RFC 4648 §3.5): some clients make up keys without clearing them.
std::optional<std::size_t> base64_decode(std::string_view text, MutableBytes out);

}  // namespace base
