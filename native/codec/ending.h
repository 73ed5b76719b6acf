// Why a connection, or one stream of it, ends: said by whoever decides it, before a protocol says it in its own words (a close code, a
// status, the end of the stream).
// Owner: nobody. Thread: any.
#pragma once

#include <cstdint>

namespace codec {

enum class Ending : std::uint8_t {
  normal,            // all that was to be said is said
  going_away,        // we are shutting down: another server, or later
  slow,              // it takes what it gets too slowly: not at once again
  no_answer,         // it was asked whether it is alive
  violation,         // what it sent is not its protocol
  unsupported_data,  // of a kind that is not understood here
  invalid_payload,   // of a kind that is understood, but broken
  policy_violation,  // its protocol, but more or longer than it may
  too_big,           // one message over its limit
  overloaded,        // there are too many, or they keep too much: later perhaps
  over_rate,         // it does more a second than it may, or has more connections: not at once again
  removed,           // whoever runs this has ended it
  unavailable,       // not at this moment
  not_found,         // what it asks for is not there
  forbidden,         // what it asks for is somebody else's
  unauthenticated,   // who it is has come to its end, or was never known
  deadline,          // it wanted an answer until a time that has come
  lost,              // nobody can be told any more
};

}  // namespace codec
