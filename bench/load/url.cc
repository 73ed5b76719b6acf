// See url.h.
#include "bench/load/url.h"

#include <netdb.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

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

/// [user:password@]host[:port]
Target read_authority(const std::string& text) {
  const std::size_t at = text.rfind('@');
  if (at == std::string::npos) return {text, {}, {}, {}};
  const std::string credentials = text.substr(0, at);
  const std::size_t colon = credentials.find(':');
  const std::string password = colon == std::string::npos ? "" : credentials.substr(colon + 1);
  return {text.substr(at + 1), {}, credentials.substr(0, colon), password};
}

}  // namespace

Place resolve_place(const std::string& url, std::string_view scheme) {
  const std::string start = std::string(scheme) + "://";
  if (!url.starts_with(start)) throw std::runtime_error("expected a URL such as " + start + "127.0.0.1:50051/, got: " + url);
  const std::size_t path_at = std::min(url.find('/', start.size()), url.size());
  Place place{{}, url.substr(start.size(), path_at - start.size())};
  const std::size_t colon = place.authority.rfind(':');
  const std::string port = colon == std::string::npos ? "" : place.authority.substr(colon + 1);
  place.address = look_up(place.authority.substr(0, colon), port, url);
  return place;
}

sockaddr_in look_up_stream(const std::string& url) {
  const std::string scheme = "tcp://";
  const std::size_t colon = url.rfind(':');
  if (!url.starts_with(scheme) || colon < scheme.size()) throw std::runtime_error("expected tcp://HOST:PORT/ or unix:/PATH, got: " + url);
  const std::size_t end = std::min(url.find('/', colon), url.size());
  return look_up(url.substr(scheme.size(), colon - scheme.size()), url.substr(colon + 1, end - colon - 1), url);
}

Endpoint resolve(const std::string& url, const std::string& topic, Side side) {
  const std::size_t scheme_end = url.find("://");
  const auto [wire, secure] = scheme_end == std::string::npos ? Scheme{nullptr, false} : find_scheme(url.substr(0, scheme_end));
  if (wire == nullptr) throw std::runtime_error("expected a URL such as ws://127.0.0.1:8002/{topic} (" + wire_schemes() + "), got: " + url);
  const std::size_t authority_at = scheme_end + 3;
  const std::size_t path_at = std::min(url.find('/', authority_at), url.size());
  Target target = read_authority(url.substr(authority_at, path_at - authority_at));
  const std::size_t colon = target.authority.find(':');
  const std::string host = target.authority.substr(0, colon);
  const std::string port = colon == std::string::npos ? (secure ? "443" : "80") : target.authority.substr(colon + 1);
  target.path = path_at == url.size() ? "/" : url.substr(path_at);
  const std::string placeholder = "{topic}";
  if (const std::size_t at = target.path.find(placeholder); at != std::string::npos) {
    target.path.replace(at, placeholder.size(), topic);
  }
  Endpoint endpoint{look_up(host, port, url), wire, secure, side, std::move(target), {}};
  endpoint.opening = wire->opening(endpoint.target, side);
  return endpoint;
}

}  // namespace load
