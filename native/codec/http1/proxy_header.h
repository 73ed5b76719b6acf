// The header of the PROXY protocol, versions 1 and 2: what a proxy says of its client before anything else on a connection
// (https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt). Whether there is one is known beforehand, never guessed (§5).
// Owner: nobody, pure functions. Thread: any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "native/base/bytes.h"
#include "native/os/address.h"

namespace codec {

/// Of version 1, the line's end included (§2.1).
inline constexpr std::size_t proxy_line_bytes_max = 107;
/// Of version 2: addresses and extensions (TLVs, which are passed over) behind the first 16 bytes included. The format has room for 64 KiB;
/// proxies stay below some hundred.
inline constexpr std::size_t proxy_header_bytes_max = 4096;

enum class ProxyStatus : std::uint8_t { incomplete, complete, malformed };

struct ProxyParsed {
  ProxyStatus status = ProxyStatus::incomplete;
  std::size_t consumed = 0;           // complete: bytes of the header; what follows is the client's
  std::optional<os::Address> client;  // complete: nothing when the proxy speaks for itself (LOCAL) or does not know (UNKNOWN, a Unix socket)
  std::string_view problem;           // malformed: a literal
};

/// Parses the header at the start of `in`, all bytes received so far. It is malformed as soon as that can be told: at the first byte when
/// there is no header at all. Incomplete means fewer than `proxy_header_bytes_max` bytes.
ProxyParsed parse_proxy_header(base::Bytes in);

}  // namespace codec
