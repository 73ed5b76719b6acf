// Where to listen: an IP address and port, or the path of a Unix socket.
// Owner: whoever holds it. Thread: any.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "native/os/address.h"

namespace os {

/// Bytes of a Unix socket's path: sockaddr_un has one more, for its end.
inline constexpr std::size_t path_bytes_max = 107;

struct Endpoint : Address {
  std::string path;          // of a Unix socket; else empty
  std::uint32_t mode = 0600;  // permissions of its file
  std::uint64_t inode = 0;    // of its file, once it is there

  Endpoint() = default;
  Endpoint(const Address& address) : Address(address) {}

  /// `127.0.0.1:8001`, `[::1]:8001` or `unix:/path`.
  std::string text() const;
  /// The host alone: `127.0.0.1`, `::1` or `unix:/path`.
  std::string host() const;

  /// An IP literal as Address::parse takes it, or `unix:` and a path of at most `path_bytes_max` bytes that begins with a slash.
  static std::optional<Endpoint> parse(std::string_view host, std::uint16_t port);
};

}  // namespace os
