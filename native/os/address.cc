#include "native/os/address.h"

#include <arpa/inet.h>

#include <cstring>

namespace os {

std::string Address::host() const {
  if (local) return "unix";
  char text[INET6_ADDRSTRLEN] = {};
  inet_ntop(v6 ? AF_INET6 : AF_INET, bytes.data(), text, sizeof text);
  return text;
}

std::string Address::text() const {
  if (local) return host();
  const std::string port_text = std::to_string(port);
  return v6 ? "[" + host() + "]:" + port_text : host() + ":" + port_text;
}

std::uint64_t Address::limit_key() const {
  std::uint64_t key = 0;
  std::memcpy(&key, bytes.data(), v6 ? 8 : 4);
  // An IPv4 key fits 32 bits; a /64 starting with 32 zero bits is not a routable prefix, so keys do not meet in practice.
  return key;
}

std::optional<Address> Address::parse(std::string_view host, std::uint16_t port) {
  Address address;
  address.port = port;
  if (host.find('\0') != std::string_view::npos) return std::nullopt;  // inet_pton would not see what is behind it
  const std::string terminated(host);
  if (inet_pton(AF_INET, terminated.c_str(), address.bytes.data()) == 1) return address;
  address.v6 = true;
  if (inet_pton(AF_INET6, terminated.c_str(), address.bytes.data()) == 1) return address;
  return std::nullopt;
}

}  // namespace os
