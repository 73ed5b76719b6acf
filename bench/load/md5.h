// MD5 (RFC 1321), for the `body_md5` of Pusher's HTTP API. Not for secrets.
// Owner: nobody. Thread: any.
#pragma once

#include <array>
#include <string_view>

namespace load {

/// 32 lower-case hexadecimal digits.
std::array<char, 32> md5_hex(std::string_view text);

}  // namespace load
