// A client of the fake kernel that speaks the Pusher protocol: it takes events apart and answers pings.
// Owner: the test. Thread: main.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "test/native/sim/client.h"

namespace sim {

/// An event in either direction; `data` is a string's text.
struct PusherEvent {
  std::string name;
  std::string channel;
  std::string data;
  std::string user_id = {};  // of events that clients get
  bool operator==(const PusherEvent&) const = default;
};

/// The event as JSON, and as the frame that a server sends.
std::string json_of(const PusherEvent& event);
std::string frame_of(const PusherEvent& event);
/// Nothing when the text is no event, or its data no string, as it is to clients in typed languages.
std::optional<PusherEvent> read_event(const std::string& text);

class PusherClient final : public Client {
 public:
  using Client::Client;

  void send_text(const std::string& text) { send_in_fragments(0x1, text); }
  void send_binary(const std::string& bytes) { send_in_fragments(0x2, bytes); }
  void send_event(const PusherEvent& event) { send_text(json_of(event)); }
  void send_application_ping() { send_text(R"({"event":"pusher:ping","data":{}})"); }

  /// What the events of a channel had as their data, in order.
  std::vector<std::string> heard(const std::string& channel) const;

  bool answers_pings = true;
  // What it has seen.
  std::vector<PusherEvent> events;  // except pings and pongs
  unsigned application_pings = 0;
  unsigned application_pongs = 0;

 private:
  void on_message(const std::string& payload) override;
};

}  // namespace sim
