#include "native/codec/protocol.h"

#include "native/codec/event_codec.h"
#include "native/codec/grpc/grpc_codec.h"
#include "native/codec/http_publish/http_publish_codec.h"
#include "native/codec/pusher/pusher_codec.h"
#include "native/codec/responder/responder_codec.h"
#include "native/codec/sse/sse_request.h"
#include "native/codec/websocket/websocket_close.h"
#include "native/codec/websocket/websocket_codec.h"
#include "native/codec/websocket/websocket_text.h"
#include "native/codec/websocket/websocket_upgrade.h"

#include <array>
#include <cstddef>

namespace codec {

namespace {

std::unique_ptr<Codec> make_websocket_deliver(const CodecLimits& limits) {
  return std::make_unique<WebSocketCodec>(limits.websocket, DataFrames::deliver);
}

std::unique_ptr<Codec> make_websocket_ignore(const CodecLimits& limits) {
  return std::make_unique<WebSocketCodec>(limits.websocket, DataFrames::ignore);
}

std::unique_ptr<Codec> make_pusher(const CodecLimits& limits) { return make_pusher_codec(limits.websocket); }

std::unique_ptr<Codec> make_responder_raw(const CodecLimits& limits) { return make_raw_responder(limits.websocket); }

std::unique_ptr<Codec> make_responder_line(const CodecLimits& limits) { return make_line_responder(limits.websocket); }

std::unique_ptr<Codec> make_http_publish(const CodecLimits& limits) { return std::make_unique<HttpPublishCodec>(limits); }

std::unique_ptr<Codec> make_sse(const CodecLimits&) { return std::make_unique<EventCodec>(); }
/// Of protocols that the engine does not decode.
std::unique_ptr<Codec> make_none(const CodecLimits&) { return nullptr; }

std::unique_ptr<Codec> make_grpc(const CodecLimits& limits) { return make_grpc_codec(limits.grpc); }

constexpr Manners websocket_manners{.code_of = websocket_code_of,
                                    .write_close = write_close_frame,
                                    .write_ping = write_ping_frame,
                                    .write_pong = write_pong_frame,
                                    .write_text = write_text_frame,
                                    .is_asked_for = asks_for_websocket,
                                    .accept = accept_websocket_upgrade,
                                    .write_accepted = write_upgrade_response,
                                    .may_close_with = may_be_sent,
                                    .alpn = "http/1.1",
                                    .leaves_http = true};
constexpr Manners pusher_manners{.code_of = pusher_code_of,
                                 .write_close = write_close_frame,
                                 .write_ping = write_ping_frame,
                                 .write_pong = write_pong_frame,
                                 .write_text = write_text_frame,
                                 .is_asked_for = asks_for_websocket,
                                 .accept = accept_websocket_upgrade,
                                 .write_accepted = write_upgrade_response,
                                 .may_close_with = may_be_sent,
                                 .ping_text = R"({"event":"pusher:ping","data":"{}"})",
                                 .write_error = write_pusher_error,
                                 .alpn = "http/1.1",
                                 .tells_unanswered = true,
                                 .leaves_http = true};
/// A request is answered when its body is there, which its codec waits for.
constexpr Manners http_publish_manners{.code_of = websocket_code_of,
                                       .is_asked_for = asks_to_publish,
                                       .accept = accept_publishing,
                                       .may_close_with = may_be_sent,
                                       .alpn = "http/1.1",
                                       .answers_as_http = true};
/// One that asks is silent from then on: pings are comments, and no answer comes.
template <SseFraming framing>
constexpr Manners sse_manners{.code_of = websocket_code_of,
                              .write_close = write_sse_close<framing>,
                              .write_ping = write_sse_ping<framing>,
                              .is_asked_for = asks_for_sse<framing>,
                              .accept = accept_sse,
                              .write_accepted = write_sse_head<framing>,
                              .may_close_with = may_be_sent,
                              .alpn = "http/1.1",
                              .read_wishes = read_last_event_id,
                              .write_retry = write_sse_retry<framing>,
                              .answers_as_http = true};
/// Statuses and pings are HTTP/2's; the code of a disconnect event is all that is left.
constexpr Manners grpc_manners{.code_of = websocket_code_of, .alpn = "h2"};
/// The control plane's HTTP server says what is to be said.
constexpr Manners http_manners{.code_of = websocket_code_of, .alpn = "http/1.1"};
/// Nothing can be said to a client that gets nothing but answers.
constexpr Manners responder_manners{.code_of = websocket_code_of};

constexpr std::array protocols{
#define PROTOCOL(id, name, role, encoding, make_codec, parse_target, manners, http, beside) \
  Protocol{name, Role::role, EncodingId::encoding, make_codec, parse_target, manners, http, ProtocolId::beside},
#include "native/codec/protocols.def"
#undef PROTOCOL
};

}  // namespace

std::string_view role_name(Role role) {
  if (role == Role::publish || role == Role::posts) return "publish";
  return role == Role::subscribe || role == Role::events ? "subscribe" : std::string_view();
}

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
