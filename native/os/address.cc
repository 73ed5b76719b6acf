#include "native/os/address.h"

#include <arpa/inet.h>
#include <net/if.h>

#include <algorithm>
#include <charconv>

namespace os {

std::string Address::host() const {
  if (local) return "unix";
  char text[INET6_ADDRSTRLEN] = {};
  inet_ntop(v6 ? AF_INET6 : AF_INET, bytes.data(), text, sizeof text);
  if (scope == 0) return text;
  char interface[IF_NAMESIZE] = {};
  return std::string(text) + '%' + (if_indextoname(scope, interface) != nullptr ? interface : std::to_string(scope));
}

std::string Address::text() const {
  if (local || port == 0) return host();
  const std::string port_text = std::to_string(port);
  return v6 ? "[" + host() + "]:" + port_text : host() + ":" + port_text;
}

Address Address::unmapped() const {
  constexpr std::array<std::uint8_t, 12> mapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
  if (!v6 || !std::equal(mapped.begin(), mapped.end(), bytes.begin())) return *this;
  Address plain;
  plain.port = port;
  std::copy_n(bytes.begin() + mapped.size(), 4, plain.bytes.begin());
  return plain;
}

LimitKey Address::limit_key() const {
  const Address plain = unmapped();
  LimitKey key;
  key.v6 = plain.v6;
  std::copy_n(plain.bytes.begin(), key.v6 ? 8 : 4, key.network.begin());
  return key;
}

bool Address::is_loopback() const {
  constexpr std::array<std::uint8_t, 16> loopback6{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  return local || (v6 ? bytes == loopback6 : bytes[0] == 127);
}

namespace {

/// Of an interface's name or number; 0: there is none.
std::uint32_t scope_of(const std::string& zone) {
  if (const std::uint32_t index = if_nametoindex(zone.c_str()); index != 0) return index;
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(zone.data(), zone.data() + zone.size(), number);
  return error == std::errc() && end == zone.data() + zone.size() ? number : 0;
}

}  // namespace

std::optional<Address> Address::parse(std::string_view host, std::uint16_t port) {
  Address address;
  address.port = port;
  if (host.find('\0') != std::string_view::npos) return std::nullopt;  // inet_pton would not see what is behind it
  if (const std::size_t percent = host.find('%'); percent != std::string_view::npos) {
    address.scope = scope_of(std::string(host.substr(percent + 1)));
    if (address.scope == 0) return std::nullopt;
    host = host.substr(0, percent);
    if (host.find(':') == std::string_view::npos) return std::nullopt;
  }
  const std::string terminated(host);
  if (inet_pton(AF_INET, terminated.c_str(), address.bytes.data()) == 1) return address;
  address.v6 = true;
  if (inet_pton(AF_INET6, terminated.c_str(), address.bytes.data()) == 1) return address;
  return std::nullopt;
}

std::optional<Address> Address::parse_text(std::string_view text) {
  if (text == "unix") {
    Address address;
    address.local = true;
    return address;
  }
  if (const std::optional<Address> alone = parse(text, 0)) return alone;
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  const bool bracketed = host.starts_with('[') && host.ends_with(']');
  if (bracketed) host = host.substr(1, host.size() - 2);
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data() + colon + 1, text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  const std::optional<Address> address = parse(host, port);
  return address && address->v6 == bracketed ? address : std::nullopt;
}

}  // namespace os
