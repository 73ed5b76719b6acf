// See url.h.
#include "bench/load/url.h"

#include <netdb.h>

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

Endpoint resolve(const std::string& url, const std::string& topic) {
  const std::string scheme = "ws://";
  if (!url.starts_with(scheme)) throw std::runtime_error("expected a URL like ws://127.0.0.1:8002/{topic}, got: " + url);
  const std::size_t path_at = std::min(url.find('/', scheme.size()), url.size());
  const std::string authority = url.substr(scheme.size(), path_at - scheme.size());
  const std::size_t colon = authority.find(':');
  const std::string host = authority.substr(0, colon);
  const std::string port = colon == std::string::npos ? "80" : authority.substr(colon + 1);
  std::string path = path_at == url.size() ? "/" : url.substr(path_at);
  const std::string placeholder = "{topic}";
  if (const std::size_t at = path.find(placeholder); at != std::string::npos) path.replace(at, placeholder.size(), topic);
  Endpoint endpoint;
  endpoint.address = look_up(host, port, url);
  endpoint.request = "GET " + path + " HTTP/1.1\r\nHost: " + authority +
                     "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: " + handshake_key +
                     "\r\nSec-WebSocket-Version: 13\r\n\r\n";
  return endpoint;
}

}  // namespace load
