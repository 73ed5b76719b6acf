// The gRPC status codes that this broker answers with (the gRPC project's statuscodes.md); their numbers go on the wire.
// Owner: nobody. Thread: any.
#pragma once

#include <cstdint>

#include "native/codec/ending.h"

namespace codec {

enum class GrpcStatus : std::uint8_t {
  ok = 0,
  invalid_argument = 3,    // malformed protobuf, an impossible topic
  deadline_exceeded = 4,   // the client's grpc-timeout is over
  not_found = 5,           // nothing is retained; an unknown service is asked for
  permission_denied = 7,   // the topic is somebody else's
  resource_exhausted = 8,  // a message or a limit is exceeded; a slow subscriber
  unimplemented = 12,      // no such method; a compressed message
  internal = 13,           // the message framing is broken; a malformed grpc-timeout
  unavailable = 14,        // shutting down: another server, or later
  unauthenticated = 16,    // no valid credential, or one that has come to its end
};

/// How gRPC says why a call ends.
constexpr GrpcStatus grpc_status_of(Ending ending) {
  switch (ending) {
    case Ending::normal: return GrpcStatus::ok;
    case Ending::violation:
    case Ending::unsupported_data:
    case Ending::invalid_payload: return GrpcStatus::invalid_argument;
    case Ending::slow:
    case Ending::policy_violation:
    case Ending::too_big:
    case Ending::over_rate:
    case Ending::overloaded: return GrpcStatus::resource_exhausted;
    case Ending::not_found: return GrpcStatus::not_found;
    case Ending::forbidden: return GrpcStatus::permission_denied;
    case Ending::unauthenticated: return GrpcStatus::unauthenticated;
    case Ending::deadline: return GrpcStatus::deadline_exceeded;
    case Ending::going_away:
    case Ending::no_answer:
    case Ending::unavailable:
    case Ending::removed:
    case Ending::lost: break;
  }
  return GrpcStatus::unavailable;
}

}  // namespace codec
