// See pusher_codec.h. An envelope is read in place; memory is taken only for a name or a text that has escapes in it, and
// only for as long as the message is reported.
// Owner: the connection. Thread: its shard.
#include "native/codec/pusher/pusher_codec.h"

#include <optional>
#include <string_view>

#include "native/base/check.h"
#include "native/codec/text/json_reader.h"
#include "native/codec/text/json_text.h"

namespace codec {
namespace {

constexpr std::string_view pong = R"({"event":"pusher:pong","data":"{}"})";
constexpr std::string_view client_event_prefix = "client-";

/// The members that matter here, as they were written.
struct Envelope {
  std::optional<JsonMember> event;
  std::optional<JsonMember> channel;
  std::optional<JsonMember> data;
};

/// Nothing when it is not JSON. The last of equal names counts, and names may be written with escapes: the control plane,
/// which reads the same text with JSON.parse, must never see another event in it.
std::optional<Envelope> read_envelope(std::string_view text) {
  JsonReader reader(text);
  Envelope envelope;
  while (const auto member = reader.next()) {
    if (json_equals(member->name, "event")) envelope.event = member;
    else if (json_equals(member->name, "channel")) envelope.channel = member;
    else if (json_equals(member->name, "data")) envelope.data = member;
  }
  return reader.valid() ? std::optional(envelope) : std::nullopt;
}

bool is_string(const std::optional<JsonMember>& member) { return member && member->kind == JsonKind::string; }

/// What a member stands for: a string's text, any other value as it was written; empty when there is none.
class Plain {
 public:
  explicit Plain(const std::optional<JsonMember>& member) : text_(member ? member->value : std::string_view()) {
    if (!is_string(member) || text_.find('\\') == std::string_view::npos) return;
    unescaped_ = std::make_unique_for_overwrite<std::uint8_t[]>(text_.size());
    const base::MutableBytes room = {unescaped_.get(), text_.size()};
    text_ = base::text_of(room.first(unescape_json(text_, room)));
  }
  std::string_view text() const { return text_; }

 private:
  std::unique_ptr<std::uint8_t[]> unescaped_;
  std::string_view text_;
};

Flow report_text(std::string_view text, SessionSink& sink) {
  const auto envelope = read_envelope(text);
  if (!envelope || !is_string(envelope->event)) return sink.on_session_message(text);
  if (json_equals(envelope->event->value, "pusher:ping")) {
    sink.on_application_ping(pong);
    return Flow::go_on;
  }
  if (json_equals(envelope->event->value, "pusher:pong")) return Flow::go_on;  // that something came is all it says

  const Plain event(envelope->event);
  if (!event.text().starts_with(client_event_prefix) || !is_string(envelope->channel)) return sink.on_session_message(text);
  const Plain channel(envelope->channel);
  const Plain data(envelope->data);
  return sink.on_client_publication({event.text(), channel.text(), data.text(), text});
}

}  // namespace

/// What the WebSocket codec found, on its way to the connection. Silent once the codec has failed: the WebSocket codec does
/// not know, and reads its input to the end.
class PusherCodec::Messages final : public MessageSink {
 public:
  Messages(PusherCodec& codec, SessionSink& sink) : codec_(codec), sink_(sink) {}

  Flow on_message(PayloadKind kind, base::Bytes payload) override {
    if (kind == PayloadKind::binary) codec_.binary_came_ = true;
    return open() ? report_text(base::text_of(payload), sink_) : Flow::go_on;
  }
  void on_ping(base::Bytes payload) override {
    if (open()) sink_.on_ping(payload);
  }
  void on_pong(base::Bytes payload) override {
    if (open()) sink_.on_pong(payload);
  }
  void on_close(std::uint16_t code, std::string_view reason) override {
    if (open()) sink_.on_close(code, reason);
  }

  // A WebSocket codec that delivers messages ignores none.
  void on_ignored_message() override { CHECK(!"a message was ignored"); }

 private:
  bool open() const { return !codec_.binary_came_; }

  PusherCodec& codec_;
  SessionSink& sink_;
};

Decoded PusherCodec::decode(base::MutableBytes in, SessionSink& sink) {
  Decoded decoded;
  if (!binary_came_) {
    Messages messages(*this, sink);
    decoded = websocket_.decode(in, messages);
  }
  if (!binary_came_) return decoded;
  return {DecodeStatus::failed, Ending::unsupported_data, "only text is understood here"};
}

std::unique_ptr<Codec> make_pusher_codec(const WebSocketLimits& limits) { return std::make_unique<PusherCodec>(limits); }

std::uint16_t pusher_code_of(Ending ending) {
  switch (ending) {
    case Ending::going_away:
    case Ending::over_rate:
    case Ending::removed:
    case Ending::slow: return 4100;
    case Ending::no_answer: return 4201;
    default: return websocket_code_of(ending);
  }
}

std::string write_pusher_error(std::uint16_t code, std::string_view message) {
  CHECK(find_json_escape(message) == message.size());
  std::string text = R"({"event":"pusher:error","data":{"message":")";
  return text.append(message).append(R"(","code":)").append(std::to_string(code)).append("}}");
}

}  // namespace codec
