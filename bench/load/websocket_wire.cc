// RFC 6455: the handshake, server-to-client frames, and one masked frame per publication.
#include <stdexcept>

#include "bench/load/client_frame.h"
#include "bench/load/websocket_frames.h"
#include "bench/load/wires.h"

namespace load {

std::string upgrade_request(const std::string& authority, const std::string& path) {
  return "GET " + path + " HTTP/1.1\r\nHost: " + authority + "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: " +
         handshake_key + "\r\nSec-WebSocket-Version: 13\r\n\r\n";
}

std::size_t upgrade_answer_bytes(const std::string& answer) {
  const std::size_t head_end = answer.find("\r\n\r\n");
  if (head_end == std::string::npos) return 0;
  if (!answer.starts_with("HTTP/1.1 101") || answer.find(handshake_accept) > head_end) {
    throw std::runtime_error("the server refused the upgrade, got: " + answer.substr(0, answer.find('\r')));
  }
  return head_end + 4;
}

FrameHead read_frame_head(const std::uint8_t* at, const std::uint8_t* end) {
  FrameHead head;
  const auto available = static_cast<std::size_t>(end - at);
  if (available < 2) return head;
  const std::uint32_t length_bytes = (at[1] & 0x7f) < 126 ? 0 : (at[1] & 0x7f) == 126 ? 2 : 8;
  if (available < 2 + length_bytes) return head;
  head.bytes = 2 + length_bytes;
  head.payload_bytes = at[1] & 0x7f;
  if (length_bytes != 0) head.payload_bytes = 0;
  for (std::uint32_t i = 0; i < length_bytes; ++i) head.payload_bytes = head.payload_bytes << 8 | at[2 + i];
  head.opcode = static_cast<Opcode>(at[0] & 0x0f);
  const bool control = (at[0] & 0x08) != 0;
  const bool known = control ? head.opcode <= Opcode::pong && head.payload_bytes <= 125
                             : head.opcode == Opcode::text || head.opcode == Opcode::binary;
  head.allowed = (at[0] & 0xf0) == 0x80 && (at[1] & 0x80) == 0 && known && head.payload_bytes <= UINT32_MAX;
  return head;
}

Unit read_frame(const std::uint8_t* at, const std::uint8_t* end, std::vector<std::uint8_t>& replies) {
  const FrameHead head = read_frame_head(at, end);
  if (head.bytes == 0) return {};
  if (!head.allowed) return {.kind = Unit::Kind::broken};
  if (head.opcode < Opcode::close) return {Unit::Kind::message, head.bytes, head.payload_bytes, 0};
  if (static_cast<std::uint64_t>(end - at) < head.bytes + head.payload_bytes) return {};
  const auto payload_bytes = static_cast<std::uint32_t>(head.payload_bytes);
  if (head.opcode == Opcode::ping) append_frame(replies, Opcode::pong, {at + head.bytes, payload_bytes});
  return {head.opcode == Opcode::close ? Unit::Kind::closing : Unit::Kind::skip, head.bytes + payload_bytes, 0, 0};
}

void append_frame(std::vector<std::uint8_t>& out, Opcode opcode, std::span<const std::uint8_t> payload) {
  const std::size_t at = out.size();
  const auto payload_bytes = static_cast<std::uint32_t>(payload.size());
  out.resize(at + client_head_bytes(payload_bytes));
  write_client_head(out.data() + at, opcode, payload_bytes);
  out.insert(out.end(), payload.begin(), payload.end());
  apply_mask(out.data() + out.size() - payload_bytes, payload_bytes, 0);
}

namespace {

class WebSocketWire final : public Wire {
 public:
  std::string opening(const Target& target, Side) const override { return upgrade_request(target.authority, target.path); }

  std::size_t opened(const Target&, const std::string& answer, Side, std::uint32_t, std::string&) const override {
    return upgrade_answer_bytes(answer);
  }

  Unit next(const std::uint8_t* at, const std::uint8_t* end, std::vector<std::uint8_t>& replies) const override {
    return read_frame(at, end, replies);
  }

  void append_publication(std::vector<std::uint8_t>& out, const Target&, std::uint32_t payload_bytes,
                          const PayloadHead& head) const override {
    const std::size_t at = out.size();
    const std::uint32_t head_bytes = client_head_bytes(payload_bytes);
    out.resize(at + head_bytes + payload_bytes);
    write_client_head(out.data() + at, Opcode::text, payload_bytes);
    write_payload(out.data() + at + head_bytes, payload_bytes, head);
    apply_mask(out.data() + at + head_bytes, payload_bytes, 0);
  }

  void stamp(std::span<std::uint8_t> publication, const Target&, std::uint32_t payload_bytes,
             std::uint64_t send_ns) const override {
    std::uint8_t* payload = publication.data() + publication.size() - payload_bytes;
    stamp_payload(payload, send_ns);
    apply_mask(payload + send_time_at, 16, send_time_at);
  }
};

}  // namespace

const Wire& websocket_wire() {
  static const WebSocketWire wire;
  return wire;
}

}  // namespace load
