// The table of protocols: what a listener speaks, which way its messages go, how its subscribers' frames are encoded.
// Owner: static table (protocols.def). Thread: any.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "native/codec/codec.h"
#include "native/codec/encoding.h"
#include "native/codec/limits.h"
#include "native/codec/manners.h"
#include "native/codec/text/topic_path.h"

namespace codec {

enum class ProtocolId : std::uint8_t {
#define PROTOCOL(id, name, role, encoding, make_codec, parse_target, manners, http, beside) id,
#include "native/codec/protocols.def"
#undef PROTOCOL
};

enum class Role : std::uint8_t {
  publish,    // the target names a topic, messages go to it
  subscribe,  // the target names topics, messages of theirs come
  session,    // the control plane decides what it joins and publishes to
  streams,    // each stream of the connection names its topic and its direction (StreamCodec); there is no handshake
  relay,      // its bytes go on to the control plane's HTTP server, and come from there: nothing is decoded here
  respond,    // every request is answered here and now; there is no handshake
  events,     // the target names topics, and their messages come until somebody hangs up: the client says nothing more
  posts,      // each request names a topic and brings a message to it, and is answered
};

struct Protocol {
  const char* name;
  Role role;
  EncodingId encoding;
  /// What its role decodes with: publish and subscribe a MessageCodec, session a SessionCodec, streams a StreamCodec, respond a RequestCodec;
  /// events an EventCodec, which decodes nothing; posts a PostCodec.
  std::unique_ptr<Codec> (*make_codec)(const CodecLimits& limits);
  TopicsParsed (*parse_target)(std::string_view target, const TopicLimits& limits);  // null: the control plane or the codec does
  Manners manners;
  bool shares_port_with_http = false;  // requests that do not ask for a WebSocket are the control plane's
  ProtocolId beside{};                 // what requests that do not ask for it may ask for; itself: nothing
};

/// What `Broker-Role` says of a listener where messages go one way: publish or subscribe; empty for the other roles.
std::string_view role_name(Role role);

const Protocol& protocol(ProtocolId id);
/// Null when no protocol has that name.
const Protocol* find_protocol(std::string_view name, ProtocolId& id);

}  // namespace codec
