// NATS text protocol: INFO, CONNECT, SUB, PUB, MSG, PING and PONG.
#include <charconv>
#include <stdexcept>

#include "bench/load/wires.h"

namespace load {
namespace {

constexpr std::string_view line_end = "\r\n";

class NatsWire final : public Wire {
 public:
  /// The PING behind the subscription: its PONG says that the subscription is in force.
  std::string opening(const Target& target, Side side) const override {
    const std::string connect = "CONNECT {\"verbose\":false,\"pedantic\":false,\"lang\":\"c++\",\"version\":\"1\",\"protocol\":1}\r\n";
    const std::string subscribe = side == Side::subscribe ? "SUB " + std::string(target.topic()) + " 1\r\n" : "";
    return connect + subscribe + "PING\r\n";
  }

  std::size_t opened(const Target&, const std::string& answer, Side, std::uint32_t, std::string&) const override {
    if (const std::size_t refused = answer.find("-ERR"); refused != std::string::npos) {
      throw std::runtime_error("the server refused the connection, got: " + answer.substr(refused));
    }
    const std::size_t at = answer.find("PONG\r\n");
    return at == std::string::npos ? 0 : at + 6;
  }

  Unit next(const std::uint8_t* at, const std::uint8_t* end, std::vector<std::uint8_t>& replies) const override {
    const std::string_view line = line_at(at, end);
    if (line.empty()) return {};
    const auto head_bytes = static_cast<std::uint32_t>(line.size() + line_end.size());
    if (line.starts_with("MSG ")) {
      std::uint32_t payload_bytes = 0;
      const std::size_t digits = line.rfind(' ') + 1;
      const auto [stop, failure] = std::from_chars(line.data() + digits, line.data() + line.size(), payload_bytes);
      if (failure != std::errc{} || stop != line.data() + line.size()) return {.kind = Unit::Kind::broken};
      return {Unit::Kind::message, head_bytes, payload_bytes, static_cast<std::uint32_t>(line_end.size())};
    }
    if (line == "PING") append_text(replies, "PONG\r\n");
    const bool known = line == "PING" || line == "PONG" || line == "+OK" || line.starts_with("INFO ");
    return {known ? Unit::Kind::skip : line.starts_with("-ERR") ? Unit::Kind::closing : Unit::Kind::broken, head_bytes, 0, 0};
  }

  void append_publication(std::vector<std::uint8_t>& out, const Target& target, std::uint32_t payload_bytes,
                          const PayloadHead& head) const override {
    append_text(out, "PUB " + std::string(target.topic()) + " " + std::to_string(payload_bytes) + "\r\n");
    append_payload(out, payload_bytes, head);
    append_text(out, line_end);
  }

  void stamp(std::span<std::uint8_t> publication, const Target&, std::uint32_t payload_bytes,
             std::uint64_t send_ns) const override {
    stamp_payload(publication.data() + publication.size() - line_end.size() - payload_bytes, send_ns);
  }
};

}  // namespace

const Wire& nats_wire() {
  static const NatsWire wire;
  return wire;
}

}  // namespace load
