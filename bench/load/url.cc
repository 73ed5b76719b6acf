// See url.h.
#include "bench/load/url.h"

#include <netdb.h>

#include <algorithm>
#include <stdexcept>

namespace load {
namespace {

sockaddr_in look_up(const std::string& host, const std::string& port, const std::string& url) {
  addrinfo hints{};
  hints.ai_family = AF_INET;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int failure = getaddrinfo(host.c_str(), port.c_str(), &hints, &found);
  if (failure != 0) throw std::runtime_error(url + ": " + gai_strerror(failure));
  sockaddr_in address = *reinterpret_cast<sockaddr_in*>(found->ai_addr);
  freeaddrinfo(found);
  return address;
}

}  // namespace

Endpoint resolve(const std::string& url, const std::string& topic, Side side) {
  const std::size_t scheme_end = url.find("://");
  const Wire* wire = scheme_end == std::string::npos ? nullptr : find_wire(url.substr(0, scheme_end));
  if (wire == nullptr) throw std::runtime_error("expected a URL such as ws://127.0.0.1:8002/{topic} (" + wire_schemes() + "), got: " + url);
  const std::size_t authority_at = scheme_end + 3;
  const std::size_t path_at = std::min(url.find('/', authority_at), url.size());
  const std::string authority = url.substr(authority_at, path_at - authority_at);
  const std::size_t colon = authority.find(':');
  const std::string host = authority.substr(0, colon);
  const std::string port = colon == std::string::npos ? "80" : authority.substr(colon + 1);
  std::string path = path_at == url.size() ? "/" : url.substr(path_at);
  const std::string placeholder = "{topic}";
  if (const std::size_t at = path.find(placeholder); at != std::string::npos) path.replace(at, placeholder.size(), topic);
  Endpoint endpoint{look_up(host, port, url), wire, side, {authority, path}, {}};
  endpoint.opening = wire->opening(endpoint.target, side);
  return endpoint;
}

}  // namespace load
