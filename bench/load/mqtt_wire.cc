// MQTT 3.1.1 with QoS 0 (OASIS standard, section numbers below).
#include <stdexcept>

#include "bench/load/wires.h"

namespace load {
namespace {

enum PacketType : std::uint8_t { connack = 0x20, publish = 0x30, suback = 0x90, pingresp = 0xd0 };

/// §2.2.3: seven bits a byte, the lowest first.
std::string remaining_length(std::size_t length) {
  std::string bytes;
  do {
    bytes += static_cast<char>((length & 0x7f) | (length > 0x7f ? 0x80 : 0));
    length >>= 7;
  } while (length != 0);
  return bytes;
}

std::string string_field(std::string_view text) {
  return {std::string{static_cast<char>(text.size() >> 8), static_cast<char>(text.size())} + std::string(text)};
}

std::string packet(std::uint8_t first, const std::string& rest) {
  return std::string(1, static_cast<char>(first)) + remaining_length(rest.size()) + rest;
}

struct PacketHead {
  std::uint32_t bytes = 0;  // 0: not all there yet
  std::uint32_t rest_bytes = 0;
};

PacketHead read_packet_head(const std::uint8_t* at, const std::uint8_t* end) {
  std::uint32_t length = 0;
  for (std::uint32_t i = 1; i <= 4 && at + i < end; ++i) {
    length |= static_cast<std::uint32_t>(at[i] & 0x7f) << (7 * (i - 1));
    if ((at[i] & 0x80) == 0) return {i + 1, length};
  }
  return {};
}

class MqttWire final : public Wire {
 public:
  /// §3.1 CONNECT (clean session, no keep-alive, the server names the client), §3.8 SUBSCRIBE.
  std::string opening(const Target& target, Side side) const override {
    const std::string connect = packet(0x10, string_field("MQTT") + std::string("\x04\x02\x00\x00", 4) + string_field(""));
    if (side == Side::publish) return connect;
    return connect + packet(0x82, std::string("\x00\x01", 2) + string_field(target.topic()) + std::string(1, '\0'));
  }

  std::size_t opened(const Target&, const std::string& answer, Side side, std::uint32_t, std::string&) const override {
    const std::size_t complete = side == Side::subscribe ? 4 + 5 : 4;
    if (answer.size() < complete) return 0;
    const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(answer[i]); };
    const bool accepted = byte(0) == connack && byte(3) == 0;
    const bool subscribed = side == Side::publish || (byte(4) == suback && byte(8) == 0);
    if (!accepted || !subscribed) throw std::runtime_error("the server refused the connection or the subscription");
    return complete;
  }

  /// §3.3 PUBLISH without a packet identifier.
  Unit next(const std::uint8_t* at, const std::uint8_t* end, std::vector<std::uint8_t>&) const override {
    const PacketHead head = read_packet_head(at, end);
    if (head.bytes == 0) return {};
    if ((*at & 0xf0) != publish) {
      if (*at != pingresp) return {.kind = Unit::Kind::broken};
      return {Unit::Kind::skip, head.bytes + head.rest_bytes, 0, 0};
    }
    const std::uint8_t* topic = at + head.bytes;
    if (end - topic < 2) return {};
    const std::uint32_t topic_bytes = 2 + (static_cast<std::uint32_t>(topic[0]) << 8 | topic[1]);
    if ((*at & 0x06) != 0 || topic_bytes > head.rest_bytes) return {.kind = Unit::Kind::broken};
    return {Unit::Kind::message, head.bytes + topic_bytes, head.rest_bytes - topic_bytes, 0};
  }

  void append_publication(std::vector<std::uint8_t>& out, const Target& target, std::uint32_t payload_bytes,
                          const PayloadHead& head) const override {
    const std::string topic = string_field(target.topic());
    append_text(out, std::string(1, static_cast<char>(publish)) + remaining_length(topic.size() + payload_bytes) + topic);
    append_payload(out, payload_bytes, head);
  }

  void stamp(std::span<std::uint8_t> publication, const Target&, std::uint32_t payload_bytes,
             std::uint64_t send_ns) const override {
    stamp_payload(publication.data() + publication.size() - payload_bytes, send_ns);
  }
};

}  // namespace

const Wire& mqtt_wire() {
  static const MqttWire wire;
  return wire;
}

}  // namespace load
