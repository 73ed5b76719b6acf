#include "native/codec/http1/http_credential.h"

#include <algorithm>

namespace codec {

std::optional<std::string> joined_header(const HttpRequest& request, std::string_view name) {
  std::optional<std::string> joined;
  for (const HttpHeader& header : request.headers) {
    if (!header_is(header, name)) continue;
    if (joined) joined->append(", ").append(header.value);
    else joined.emplace(header.value);
  }
  return joined;
}

HttpCredential credential_of(const HttpRequest& request) {
  const std::size_t question = request.target.find('?');
  return {joined_header(request, "Authorization"), joined_header(request, "Sec-WebSocket-Protocol"),
          question == std::string_view::npos ? std::string() : std::string(request.target.substr(question + 1))};
}

bool is_forwarded(const HttpRequest& request) {
  return std::any_of(request.headers.begin(), request.headers.end(), [](const HttpHeader& header) {
    return std::any_of(forwarding_headers.begin(), forwarding_headers.end(), [&](std::string_view name) { return header_is(header, name); });
  });
}

}  // namespace codec
