// What a connection that only hears has in place of a decoder.
// Owner: a connection (its codec). Thread: that connection's shard.
#pragma once

#include "native/codec/codec.h"

namespace codec {

/// Nothing is decoded any more.
class EventCodec final : public Codec {};

}  // namespace codec
