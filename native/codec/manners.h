// How a protocol says what the shard means: that it ends, that it asks for a sign of life, that here is a text.
// Owner: the table of protocols. Thread: any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "native/base/bytes.h"
#include "native/codec/ending.h"

namespace codec {

struct HttpRequest;  // http1/http1.h
struct TopicsParsed;  // text/topic_path.h
struct Upgrade;      // http1/upgrade.h

/// The most bytes of a frame that asks, answers or ends.
inline constexpr std::size_t control_frame_bytes_max = 127;

/// Frames are written to the front of `out`, of `control_frame_bytes_max`; their length is returned. A null function: the protocol has no
/// such frame, and the connection's role says it in another way, or not at all.
struct Manners {
  /// The number of an ending: in a close frame, where there is one, and in the disconnect event.
  std::uint16_t (*code_of)(Ending ending);
  std::size_t (*write_close)(std::uint16_t code, std::string_view reason, base::MutableBytes out) = nullptr;
  std::size_t (*write_ping)(base::Bytes payload, base::MutableBytes out) = nullptr;
  std::size_t (*write_pong)(base::Bytes payload, base::MutableBytes out) = nullptr;
  /// A text for one connection alone, as one message. (What goes to many is encoded by an Encoding.)
  std::string (*write_text)(std::string_view text) = nullptr;
  /// Whether an HTTP request asks for this protocol, whether it gets it, and the answer when it does; without one the request, which was
  /// only looked at, is its codec's. `role`: see role_name.
  bool (*is_asked_for)(const HttpRequest& request) = nullptr;
  Upgrade (*accept)(const HttpRequest& request) = nullptr;
  std::string (*write_accepted)(const Upgrade& upgrade, std::string_view role) = nullptr;
  /// Whether a peer may be told to end with this code.
  bool (*may_close_with)(std::uint16_t code) = nullptr;
  std::string_view ping_text = {};  // a text message that asks for an answer; empty: a ping frame does
  /// A text message that says what a close is about to say because the peer was slow or did not answer; null: the close alone says it.
  std::string (*write_error)(std::uint16_t code, std::string_view reason) = nullptr;
  std::string_view alpn = {};  // its name where a client offers several (RFC 7301); empty: it has none
  bool tells_unanswered = false;  // who does not answer a ping is told so; else the connection just ends
  /// What a request's headers say of where its topics begin; null: its target says all.
  void (*read_wishes)(const HttpRequest& request, TopicsParsed& asked) = nullptr;
  /// After how long without a connection a client is to come back; null: it cannot be told.
  std::string (*write_retry)(std::uint32_t ms) = nullptr;
  bool leaves_http = false;      // behind a request that asks for it there may be what is no HTTP
  bool answers_as_http = false;  // what it answers to a request has a date and says which pages may read it (Upgrade)
};

}  // namespace codec
