// See health_check.h.
// Owner: nobody. Thread: any.
#include "native/codec/http1/health_check.h"

#include <string_view>

namespace codec {

std::optional<HttpRefusal> answer_health_check(const HttpRequest& request, Health health) {
  const bool head = request.method == "HEAD";
  if (!head && request.method != "GET") return std::nullopt;
  const std::string_view path = request.target.substr(0, request.target.find('?'));
  if (path != "/up" && path != "/health") return std::nullopt;
  return health == Health::up ? HttpRefusal{200, "up", !head} : HttpRefusal{503, "not taking clients now", !head};
}

}  // namespace codec
