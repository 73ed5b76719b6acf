// RESP2: SUBSCRIBE on one side, PUBLISH on the other.
#include <charconv>
#include <stdexcept>

#include "bench/load/wires.h"

namespace load {
namespace {

constexpr std::string_view line_end = "\r\n";
constexpr std::string_view push_start = "*3\r\n$7\r\nmessage\r\n";

std::string bulk(std::string_view text) { return "$" + std::to_string(text.size()) + "\r\n" + std::string(text) + "\r\n"; }

/// Reads "$<length>\r\n" at `at`; returns its length in bytes, 0 while incomplete or when it is something else.
std::uint32_t read_bulk_head(const std::uint8_t* at, const std::uint8_t* end, std::uint32_t& length) {
  const std::string_view line = line_at(at, end);
  if (line.size() < 2 || line[0] != '$') return 0;
  const auto [stop, failure] = std::from_chars(line.data() + 1, line.data() + line.size(), length);
  return failure == std::errc{} && stop == line.data() + line.size() ? static_cast<std::uint32_t>(line.size() + 2) : 0;
}

class RedisWire final : public Wire {
 public:
  std::string opening(const Target& target, Side side) const override {
    return side == Side::subscribe ? "*2\r\n" + bulk("SUBSCRIBE") + bulk(target.topic()) : "*1\r\n" + bulk("PING");
  }

  std::size_t opened(const Target&, const std::string& answer, Side side, std::uint32_t, std::string&) const override {
    if (answer.starts_with("-") && answer.ends_with("\r\n")) throw std::runtime_error("the server refused, got: " + answer);
    const std::string_view last = side == Side::subscribe ? ":1\r\n" : "+PONG\r\n";
    const std::size_t at = answer.find(last);
    return at == std::string::npos ? 0 : at + last.size();
  }

  Unit next(const std::uint8_t* at, const std::uint8_t* end, std::vector<std::uint8_t>&) const override {
    if (*at == '*') return next_push(at, end);
    const std::string_view line = line_at(at, end);
    if (line.empty()) return {};
    const bool known = *at == ':' || *at == '+';  // how many received a PUBLISH
    return {known ? Unit::Kind::skip : Unit::Kind::broken, static_cast<std::uint32_t>(line.size() + line_end.size()), 0, 0};
  }

  void append_publication(std::vector<std::uint8_t>& out, const Target& target, std::uint32_t payload_bytes,
                          const PayloadHead& head) const override {
    append_text(out, "*3\r\n" + bulk("PUBLISH") + bulk(target.topic()) + "$" + std::to_string(payload_bytes) + "\r\n");
    append_payload(out, payload_bytes, head);
    append_text(out, line_end);
  }

  void stamp(std::span<std::uint8_t> publication, const Target&, std::uint32_t payload_bytes,
             std::uint64_t send_ns) const override {
    stamp_payload(publication.data() + publication.size() - line_end.size() - payload_bytes, send_ns);
  }

 private:
  static Unit next_push(const std::uint8_t* at, const std::uint8_t* end) {
    const auto available = static_cast<std::size_t>(end - at);
    if (available < push_start.size()) return {};
    if (std::memcmp(at, push_start.data(), push_start.size()) != 0) return {.kind = Unit::Kind::broken};
    const std::uint8_t* topic = at + push_start.size();
    std::uint32_t topic_bytes = 0, payload_bytes = 0;
    const std::uint32_t topic_head = read_bulk_head(topic, end, topic_bytes);
    if (topic_head == 0) return {};
    const std::size_t payload_at = push_start.size() + topic_head + topic_bytes + line_end.size();
    if (available <= payload_at) return {};
    const std::uint32_t payload_head = read_bulk_head(at + payload_at, end, payload_bytes);
    if (payload_head == 0) return {};
    return {Unit::Kind::message, static_cast<std::uint32_t>(payload_at + payload_head), payload_bytes,
            static_cast<std::uint32_t>(line_end.size())};
  }
};

}  // namespace

const Wire& redis_wire() {
  static const RedisWire wire;
  return wire;
}

}  // namespace load
