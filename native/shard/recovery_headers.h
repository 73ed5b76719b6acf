// How the answer to a handshake says where its subscriptions begin (docs/history.md).
// Owner: nobody, a pure function. Thread: any.
#pragma once

#include <string>
#include <vector>

#include "native/topic/replay.h"

namespace shard {

/// Broker-Epoch and Broker-Offset (where live delivery begins); where a subscription asked from a position or the beginning, Broker-Recovered
/// and Broker-Skipped too. Of several topics lists, in their order; `-` for one that did not ask. Whole lines; none of no subscription.
std::string recovery_headers(const std::vector<topic::Recovery>& recoveries);

}  // namespace shard
