// The parts of a request that may carry a credential, and what else decides about it, as they came: who decides reads them.
// Owner: nobody, values. Thread: any.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "native/codec/http1/http1.h"

namespace codec {

struct HttpCredential {
  std::optional<std::string> authorization;
  std::optional<std::string> subprotocols;
  std::string query;  // behind the `?` of the target, not decoded

  /// The same parts hold the same credential.
  friend bool operator==(const HttpCredential&, const HttpCredential&) = default;
};

HttpCredential credential_of(const HttpRequest& request);

/// The values of all headers of that name, joined by `, ` (RFC 9110 §5.3); nothing when there is none.
std::optional<std::string> joined_header(const HttpRequest& request, std::string_view name);

/// Headers by which proxies say that they hand a request on.
inline constexpr std::array<std::string_view, 4> forwarding_headers = {"forwarded", "via", "x-forwarded-for", "x-real-ip"};

/// Whether a proxy has handed the request on: it says so, whoever wrote it there.
bool is_forwarded(const HttpRequest& request);

}  // namespace codec
