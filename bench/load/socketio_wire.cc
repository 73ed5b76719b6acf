// Socket.IO 4 over its WebSocket transport: Engine.IO packets "0{…}" open, "2" ping, "3" pong; Socket.IO packets "40"
// connect and "42[event,argument]". Our payload is JSON, so it travels as the argument itself.
#include <stdexcept>

#include "bench/load/websocket_frames.h"
#include "bench/load/wires.h"

namespace load {
namespace {

constexpr std::string_view event_start = "42[\"m\",";
constexpr std::string_view event_end = "]";

class SocketIoWire final : public Wire {
 public:
  std::string opening(const Target& target, Side) const override {
    return upgrade_request(target.authority, "/socket.io/?EIO=4&transport=websocket&topic=" + std::string(target.topic()));
  }

  /// 101, then the server's open packet, then our connect packet, then its answer.
  std::size_t opened(const Target&, const std::string& answer, Side, std::uint32_t replies_sent, std::string& reply) const override {
    const std::size_t upgraded = upgrade_answer_bytes(answer);
    if (upgraded == 0) return 0;
    const std::size_t open_packet = packet_bytes(answer, upgraded, "0");
    if (open_packet == 0) return 0;
    if (replies_sent == 0) {
      std::vector<std::uint8_t> frame;
      append_packet(frame, "40");
      reply.assign(frame.begin(), frame.end());
      return 0;
    }
    const std::size_t connect_packet = packet_bytes(answer, upgraded + open_packet, "40");
    return connect_packet == 0 ? 0 : upgraded + open_packet + connect_packet;
  }

  Unit next(const std::uint8_t* at, const std::uint8_t* end, std::vector<std::uint8_t>& replies) const override {
    Unit unit = read_frame(at, end, replies);
    if (unit.kind != Unit::Kind::message) return unit;
    const std::uint8_t* packet = at + unit.head_bytes;
    if (unit.payload_bytes > event_start.size()) {
      if (end - packet < static_cast<std::ptrdiff_t>(event_start.size())) return {};
      if (std::memcmp(packet, event_start.data(), event_start.size()) != 0) return {.kind = Unit::Kind::broken};
      return {Unit::Kind::message, unit.head_bytes + static_cast<std::uint32_t>(event_start.size()),
              unit.payload_bytes - event_start.size() - event_end.size(), static_cast<std::uint32_t>(event_end.size())};
    }
    if (static_cast<std::uint64_t>(end - packet) < unit.payload_bytes) return {};
    if (*packet == '2') append_packet(replies, "3");
    return {Unit::Kind::skip, unit.head_bytes + static_cast<std::uint32_t>(unit.payload_bytes), 0, 0};
  }

  void append_publication(std::vector<std::uint8_t>& out, const Target&, std::uint32_t payload_bytes,
                          const PayloadHead& head) const override {
    std::vector<std::uint8_t> packet;
    append_text(packet, event_start);
    append_payload(packet, payload_bytes, head);
    append_text(packet, event_end);
    append_frame(out, Opcode::text, packet);
  }

  void stamp(std::span<std::uint8_t> publication, const Target&, std::uint32_t payload_bytes,
             std::uint64_t send_ns) const override {
    std::uint8_t* payload = publication.data() + publication.size() - event_end.size() - payload_bytes;
    stamp_payload(payload, send_ns);
    apply_mask(payload + send_time_at, 16, static_cast<std::uint32_t>(event_start.size()) + send_time_at);
  }

 private:
  static void append_packet(std::vector<std::uint8_t>& out, std::string_view packet) {
    append_frame(out, Opcode::text, {reinterpret_cast<const std::uint8_t*>(packet.data()), packet.size()});
  }

  /// Length of the frame at `from` when it is all there; throws when its packet does not start with `type`.
  static std::size_t packet_bytes(const std::string& answer, std::size_t from, std::string_view type) {
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(answer.data());
    const FrameHead head = read_frame_head(bytes + from, bytes + answer.size());
    if (head.bytes == 0 || answer.size() - from < head.bytes + head.payload_bytes) return 0;
    const std::string packet = answer.substr(from + head.bytes, head.payload_bytes);
    if (!packet.starts_with(type)) throw std::runtime_error("the server refused the connection, got: " + packet);
    return head.bytes + head.payload_bytes;
  }
};

}  // namespace

const Wire& socketio_wire() {
  static const SocketIoWire wire;
  return wire;
}

}  // namespace load
