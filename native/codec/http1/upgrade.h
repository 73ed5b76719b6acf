// What becomes of a request to go on in another protocol than HTTP (RFC 9110 §7.8).
// Owner: nobody, values. Thread: any.
#pragma once

#include <cstdint>
#include <string>

#include "native/codec/http1/http1.h"

namespace codec {

struct Upgrade {
  bool accepted = false;
  std::string accept_key;   // of WebSocket: Sec-WebSocket-Accept, when accepted
  std::string subprotocol;  // the one that is selected; empty: none was offered
  std::string headers;      // that go with the answer besides: whole lines
  HttpRefusal refusal;      // when not; or, below 300, an answer that opens nothing
  // Of protocols that answer as HTTP does (Manners::answers_as_http):
  std::string origin_headers;     // for the page that asks (http_host.h), whole lines
  std::int64_t unix_seconds = 0;  // for the date
};

}  // namespace codec
