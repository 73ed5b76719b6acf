// A peer's address as a value: IP address and port, or a Unix socket's end; parsing and printing of literals.
// Owner: whoever holds it. Thread: any.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace os {

/// What a per-address limit counts by: one IPv4 address, or the /64 of an IPv6 address. The families have keys of their own:
/// `2001:db8::/64` has the same first bytes as 32.1.13.184.
struct LimitKey {
  bool v6 = false;
  std::array<std::uint8_t, 8> network{};  // IPv4: the first four

  friend auto operator<=>(const LimitKey&, const LimitKey&) = default;
};

struct Address {
  std::array<std::uint8_t, 16> bytes{};  // IPv4: the first four
  std::uint32_t scope = 0;               // the interface of a link-local IPv6 address; 0: none
  std::uint16_t port = 0;                // host order
  bool v6 = false;
  bool local = false;  // of a Unix socket: the rest says nothing

  /// `127.0.0.1:8001` or `[::1]:8001`; the host alone when there is no port; `unix` when it is local.
  std::string text() const;
  /// The host alone: `127.0.0.1`, `::1` or `fe80::1%eth0`.
  std::string host() const;
  /// An IPv4-mapped address (`::ffff:192.0.2.1`) counts as the IPv4 address that it is. Local peers are not told apart.
  LimitKey limit_key() const;
  /// An IPv4-mapped address as the IPv4 address that it is (RFC 4291 §2.5.5.2); any other as it is.
  Address unmapped() const;

  /// Whether it stands for all addresses of this machine: `0.0.0.0` or `::`.
  bool is_any() const { return !local && bytes == std::array<std::uint8_t, 16>{}; }
  /// Whether only this machine reaches it: 127.0.0.0/8, ::1, a Unix socket.
  bool is_loopback() const;

  /// An IPv4 or IPv6 literal, without brackets, the latter with the name or number of an interface behind `%`; nothing else (no
  /// names of hosts).
  static std::optional<Address> parse(std::string_view host, std::uint16_t port);
  /// What `text` prints.
  static std::optional<Address> parse_text(std::string_view text);
};

}  // namespace os
