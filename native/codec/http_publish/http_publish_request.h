// A request that publishes, `POST /TOPIC`: whether one is, what it is told before its body is looked at.
// Owner: nobody, pure functions. Thread: any.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "native/codec/http1/http1.h"
#include "native/codec/http1/upgrade.h"
#include "native/codec/post_codec.h"
#include "native/codec/text/topic_path.h"

namespace codec {

/// POST, or the preflight of a page's.
bool asks_to_publish(const HttpRequest& request);
/// POST is accepted without an answer: that comes with the body. OPTIONS is told what may be asked (204).
Upgrade accept_publishing(const HttpRequest& request);
/// As parse_publish_target; `/topics/a` is `a`, as it is for the HTTP API.
TopicsParsed parse_post_target(std::string_view target, const TopicLimits& limits);

/// How a body comes.
struct PostBody {
  bool chunked = false;
  std::uint64_t bytes = 0;  // unless it is chunked
  bool expects_continue = false;
};

/// Reads what the head says of the body into `head` and `body`: 400 (chunks in HTTP/1.0, an Idempotency-Key that is none), 413, 415 (a
/// Content-Encoding), 417.
std::optional<HttpRefusal> read_post_head(const HttpRequest& request, std::uint64_t body_bytes_max, PostHead& head, PostBody& body);

}  // namespace codec
