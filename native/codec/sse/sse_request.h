// The request that opens a stream of server-sent events (WHATWG HTML §9.2), and its answers.
// Owner: nobody, pure functions. Thread: any.
#pragma once

#include <string>
#include <string_view>

#include "native/codec/http1/http1.h"
#include "native/codec/http1/upgrade.h"
#include "native/codec/sse/sse_text.h"
#include "native/codec/text/topic_path.h"

namespace codec {

/// Whether a request, which asks for no WebSocket, is for a stream of events: its `Accept` names text/event-stream, or its query has
/// `sse=1`. So is the preflight of a page's (`OPTIONS` with `Access-Control-Request-Method`). `framing`: of its version of HTTP.
template <SseFraming framing>
bool asks_for_sse(const HttpRequest& request);

/// GET opens the stream, HEAD is answered with its head alone, OPTIONS with what may be asked; 405, 400 (a body).
Upgrade accept_sse(const HttpRequest& request);

/// The head of the stream. `upgrade.origin_headers` go with it.
template <SseFraming framing>
std::string write_sse_head(const Upgrade& upgrade, std::string_view role);

/// `Last-Event-ID`, which a client sends when it comes back, is where it goes on, whatever the target said. Of several topics it is a position in
/// one of them, and in none of the others, and so is what is no position at all: what these have missed is not known.
void read_last_event_id(const HttpRequest& request, TopicsParsed& asked);

/// As parse_subscribe_target, with the key `sse` and without `envelope`.
TopicsParsed parse_sse_target(std::string_view target, const TopicLimits& limits);

}  // namespace codec
