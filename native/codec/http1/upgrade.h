// What becomes of a request to go on in another protocol than HTTP (RFC 9110 §7.8).
// Owner: nobody, values. Thread: any.
#pragma once

#include <string>

#include "native/codec/http1/http1.h"

namespace codec {

struct Upgrade {
  bool accepted = false;
  std::string accept_key;   // of WebSocket: Sec-WebSocket-Accept, when accepted
  std::string subprotocol;  // the one that is selected; empty: none was offered
  std::string headers;      // that go with the answer besides: whole lines
  HttpRefusal refusal;      // when not
};

}  // namespace codec
