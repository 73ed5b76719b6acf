#include "native/os/endpoint.h"

namespace os {

namespace {
constexpr std::string_view unix_scheme = "unix:";
}

std::string Endpoint::host() const { return local ? std::string(unix_scheme) + path : Address::host(); }

std::string Endpoint::text() const { return local ? host() : Address::text(); }

std::optional<Endpoint> Endpoint::parse(std::string_view host, std::uint16_t port) {
  if (!host.starts_with(unix_scheme)) {
    const std::optional<Address> address = Address::parse(host, port);
    return address ? std::optional<Endpoint>(*address) : std::nullopt;
  }
  const std::string_view path = host.substr(unix_scheme.size());
  if (!path.starts_with('/') || path.size() > path_bytes_max || path.find('\0') != std::string_view::npos) return std::nullopt;
  Endpoint endpoint;
  endpoint.local = true;
  endpoint.path = path;
  return endpoint;
}

}  // namespace os
