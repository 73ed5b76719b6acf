// Who a peer has proved to be, below all protocols. Owner: nobody. Thread: any.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace transport {

/// Of a client certificate that was verified. Texts without control characters, UTF-8.
struct Identity {
  std::string common_name;        // of its subject; empty where it has none, or more than one
  std::vector<std::string> uris;  // of its subject's alternative names (RFC 5280 §4.2.1.6)
  std::int64_t not_after_ms = 0;  // since 1970: it is valid until then
};

}  // namespace transport
