#include "test/native/sim/pusher_client.h"

#include "native/codec/text/json_reader.h"
#include "native/codec/text/json_text.h"
#include "native/codec/websocket/websocket_text.h"

namespace sim {

namespace {

std::string json_string(const std::string& text) {
  std::string quoted(codec::json_string_bytes(text), '\0');
  codec::write_json_string(text, {reinterpret_cast<std::uint8_t*>(quoted.data()), quoted.size()});
  return quoted;
}

std::string plain(const codec::JsonMember& member) {
  if (member.kind != codec::JsonKind::string) return std::string(member.value);
  std::string text(member.value.size(), '\0');
  text.resize(codec::unescape_json(member.value, {reinterpret_cast<std::uint8_t*>(text.data()), text.size()}));
  return text;
}

}  // namespace

std::string json_of(const PusherEvent& event) {
  std::string json = "{\"event\":" + json_string(event.name) + ",\"channel\":" + json_string(event.channel);
  return json + ",\"data\":" + json_string(event.data) + "}";
}

std::string frame_of(const PusherEvent& event) { return codec::write_text_frame(json_of(event)); }

std::optional<PusherEvent> read_event(const std::string& text) {
  PusherEvent event;
  codec::JsonReader reader(text);
  bool typed = true;
  while (const auto member = reader.next()) {
    if (member->name == "event") event.name = plain(*member);
    if (member->name == "channel") event.channel = plain(*member);
    if (member->name == "data") event.data = plain(*member);
    if (member->name == "data") typed = member->kind == codec::JsonKind::string;
    if (member->name == "user_id") event.user_id = plain(*member);
  }
  if (event.name == "pusher:error") typed = true;  // the one message whose data is an object
  return reader.valid() && typed && !event.name.empty() ? std::optional(event) : std::nullopt;
}

std::vector<std::string> PusherClient::heard(const std::string& channel) const {
  std::vector<std::string> data;
  for (const PusherEvent& event : events) {
    if (event.channel == channel) data.push_back(event.data);
  }
  return data;
}

void PusherClient::on_message(const std::string& payload) {
  const auto event = read_event(payload);
  if (!event) return complain("a message that is no event: " + payload);
  if (event->name == "pusher:pong") {
    ++application_pongs;
  } else if (event->name == "pusher:ping") {
    ++application_pings;
    if (answers_pings) send_text(R"({"event":"pusher:pong","data":{}})");
  } else {
    events.push_back(*event);
  }
}

}  // namespace sim
