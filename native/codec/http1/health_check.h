// What balancers ask a traffic port before they send clients to it: `GET /up` or `GET /health`, without an upgrade.
// Owner: nobody, a pure function. Thread: any.
#pragma once

#include <cstdint>
#include <optional>

#include "native/codec/http1/http1.h"

namespace codec {

enum class Health : std::uint8_t {
  up,    // clients are let in
  down,  // not now: a drain has begun, or there is no room
};

/// 200 or 503 (RFC 9110 §15), without a body to HEAD; nothing when the request is another one, such as any with another method than GET and
/// HEAD. One that asks for a protocol of ours, in a topic of that name, is not to be shown to it (Manners::is_asked_for).
std::optional<HttpRefusal> answer_health_check(const HttpRequest& request, Health health);

}  // namespace codec
