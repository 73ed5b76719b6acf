// ws://host:port/path, with `{topic}` in the path standing for the topic's name.
// Owner: the options. Thread: the load thread.
#pragma once

#include <netinet/in.h>

#include <string>

namespace load {

struct Endpoint {
  sockaddr_in address{};
  std::string request;  // the whole upgrade request, sent as it is
};

/// The key of RFC 6455 §1.3 and its answer: the same for all connections, so the check is a comparison.
inline constexpr char handshake_key[] = "dGhlIHNhbXBsZSBub25jZQ==";
inline constexpr char handshake_accept[] = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// Throws std::runtime_error naming the URL when it is not understood or its host is unknown.
Endpoint resolve(const std::string& url, const std::string& topic);

}  // namespace load
