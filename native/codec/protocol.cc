#include "native/codec/protocol.h"

#include <array>
#include <cstddef>

namespace codec {

namespace {

std::unique_ptr<Codec> make_websocket_deliver(const WebSocketLimits& limits) {
  return std::make_unique<WebSocketCodec>(limits, DataFrames::deliver);
}

std::unique_ptr<Codec> make_websocket_ignore(const WebSocketLimits& limits) {
  return std::make_unique<WebSocketCodec>(limits, DataFrames::ignore);
}

constexpr std::array protocols{
#define PROTOCOL(id, name, role, encoding, make_codec, parse_target) \
  Protocol{name, Role::role, EncodingId::encoding, make_codec, parse_target},
#include "native/codec/protocols.def"
#undef PROTOCOL
};

}  // namespace

const Protocol& protocol(ProtocolId id) { return protocols[static_cast<std::size_t>(id)]; }

const Protocol* find_protocol(std::string_view name, ProtocolId& id) {
  for (std::size_t i = 0; i < protocols.size(); ++i) {
    if (name == protocols[i].name) {
      id = static_cast<ProtocolId>(i);
      return &protocols[i];
    }
  }
  return nullptr;
}

}  // namespace codec
