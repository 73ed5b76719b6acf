// scheme://[user:password@]host:port/path, with `{topic}` in the path standing for the topic's name; the scheme decides the wire.
// Owner: the options. Thread: the load thread.
#pragma once

#include <netinet/in.h>

#include <string>

#include "bench/load/wire.h"

namespace load {

struct Endpoint {
  sockaddr_in address{};
  const Wire* wire = nullptr;
  bool secure = false;  // over TLS
  Side side = Side::subscribe;
  Target target;
  std::string opening;  // sent as it is
};

/// Where to connect, for loads that speak without a wire.
struct Place {
  sockaddr_in address{};
  std::string authority;  // host:port
};

/// scheme://host:port/…, of this scheme. Throws std::runtime_error as resolve does.
Place resolve_place(const std::string& url, std::string_view scheme);

/// The address of tcp://HOST:PORT/. Throws std::runtime_error naming the URL.
sockaddr_in look_up_stream(const std::string& url);

/// Throws std::runtime_error naming the URL when it is not understood or its host is unknown.
Endpoint resolve(const std::string& url, const std::string& topic, Side side);

}  // namespace load
