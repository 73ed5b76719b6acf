// The gRPC status codes that this broker answers with (the gRPC project's statuscodes.md); their numbers go on the wire.
// Owner: nobody. Thread: any.
#pragma once

#include <cstdint>

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
};

}  // namespace codec
