// The table of protocols: what a listener speaks, which way its messages go, how its subscribers' frames are encoded.
// Owner: static table (protocols.def). Thread: any.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "native/codec/codec.h"
#include "native/codec/encoding.h"
#include "native/codec/topic_path.h"
#include "native/codec/websocket_codec.h"

namespace codec {

enum class ProtocolId : std::uint8_t {
#define PROTOCOL(id, name, role, encoding, make_codec, parse_target) id,
#include "native/codec/protocols.def"
#undef PROTOCOL
};

enum class Role : std::uint8_t { publish, subscribe };

struct Protocol {
  const char* name;
  Role role;
  EncodingId encoding;
  std::unique_ptr<Codec> (*make_codec)(const WebSocketLimits& limits);
  TopicsParsed (*parse_target)(std::string_view target, const TopicLimits& limits);
};

const Protocol& protocol(ProtocolId id);
/// Null when no protocol has that name.
const Protocol* find_protocol(std::string_view name, ProtocolId& id);

}  // namespace codec
