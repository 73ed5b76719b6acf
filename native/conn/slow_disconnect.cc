// `disconnect`: the connection ends with 1013, a stream of one with RESOURCE_EXHAUSTED, and how far it was behind. What it received is a prefix, without a gap.
#include "native/conn/slow_policy.h"

namespace conn {

SlowVerdict slow_disconnect(const Lag&) { return {SlowAction::disconnect, 0}; }

}  // namespace conn
