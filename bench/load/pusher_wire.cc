// Pusher Channels protocol 7. Subscribers: /app/{key}, then a subscription. Publishers: signed POST /apps/{id}/events on a
// connection that is kept. The URL is pusher://key:secret@host:port/app-id/{topic}; our payload is the event's `data`.
#include <time.h>

#include <algorithm>
#include <charconv>
#include <stdexcept>

#include "bench/load/digest_check.h"
#include "bench/load/hmac_sha256.h"
#include "bench/load/http_answer.h"
#include "bench/load/md5.h"
#include "bench/load/websocket_frames.h"
#include "bench/load/wires.h"
#include "native/base/check.h"

namespace load {
namespace {

constexpr std::string_view delivery_start = R"({"event":"m","channel":")";
constexpr std::string_view data_start = R"(","data":")";
constexpr std::size_t envelope_bytes_max = 256;  // in front of the data
constexpr std::string_view ping_start = R"({"event":"pusher:ping")";
constexpr std::string_view error_start = R"({"event":"pusher:error")";
constexpr std::string_view own_start = R"({"event":"pusher)";  // pusher: and pusher_internal:
constexpr std::string_view pong = R"({"event":"pusher:pong","data":{}})";

constexpr std::string_view body_start = R"({"name":"m","channel":")";
constexpr std::string_view timestamp_key = "&auth_timestamp=";
constexpr std::string_view md5_key = "&auth_version=1.0&body_md5=";
constexpr std::string_view signature_key = "&auth_signature=";
constexpr std::size_t timestamp_digits = 10;

/// /app-id/channel
struct Place {
  std::string_view app;
  std::string_view channel;
};

Place place_of(const Target& target) {
  const std::string_view path = target.topic();
  const std::size_t slash = path.find('/');
  if (slash == std::string_view::npos) throw std::runtime_error("expected pusher://key:secret@host:port/app-id/channel, got: " + target.path);
  return {path.substr(0, slash), path.substr(slash + 1)};
}

std::string_view text_of(std::span<const std::uint8_t> bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

/// Where the parts of a publication are that are signed, and those that change until it is sent.
struct Layout {
  std::size_t query, timestamp, md5, signature, body, payload;

  explicit Layout(std::string_view publication) {
    query = publication.find('?') + 1;
    timestamp = publication.find(timestamp_key, query) + timestamp_key.size();
    md5 = timestamp + timestamp_digits + md5_key.size();
    signature = md5 + 32 + signature_key.size();
    body = publication.find("\r\n\r\n", signature) + 4;
    payload = publication.find(data_start, body) + data_start.size();
  }
};

class PusherWire final : public Wire {
 public:
  PusherWire() { check_digests(); }

  bool answers() const override { return true; }

  std::string opening(const Target& target, Side side) const override {
    place_of(target);
    if (side == Side::publish) return {};
    return upgrade_request(target.authority, "/app/" + target.user + "?protocol=7&client=load&version=1.0");
  }

  /// 101, then the server's connection_established, then our subscription, then its answer.
  std::size_t opened(const Target& target, const std::string& answer, Side, std::uint32_t replies_sent,
                     std::string& reply) const override {
    std::size_t at = upgrade_answer_bytes(answer);
    if (at == 0) return 0;
    for (;;) {
      const auto* bytes = reinterpret_cast<const std::uint8_t*>(answer.data());
      const FrameHead head = read_frame_head(bytes + at, bytes + answer.size());
      if (head.bytes == 0 || answer.size() - at < head.bytes + head.payload_bytes) return 0;
      const std::string event = answer.substr(at + head.bytes, head.payload_bytes);
      at += head.bytes + head.payload_bytes;
      if (head.opcode == Opcode::close || event.find("error\"") != std::string::npos) {
        throw std::runtime_error("the server refused the connection or the subscription, got: " + event);
      }
      if (event.find("\"pusher_internal:subscription_succeeded\"") != std::string::npos) return at;
      const bool established = event.find("\"pusher:connection_established\"") != std::string::npos;
      if (established && replies_sent == 0) reply = subscription(target);
    }
  }

  Unit next(const std::uint8_t* at, const std::uint8_t* end, std::vector<std::uint8_t>& replies) const override {
    if (*at == 'H') return read_http_answer(at, end);  // as the first byte of a frame it would be a reserved bit
    const Unit frame = read_frame(at, end, replies);
    if (frame.kind != Unit::Kind::message) return frame;
    const std::uint8_t* from = at + frame.head_bytes;
    const auto available = static_cast<std::size_t>(end - from);
    const std::string_view text = text_of({from, static_cast<std::size_t>(std::min<std::uint64_t>(available, frame.payload_bytes))});
    if (text.starts_with(delivery_start)) return delivery(frame, text);
    if (text.size() < frame.payload_bytes) return {};
    if (text.starts_with(ping_start)) append_frame(replies, Opcode::text, {reinterpret_cast<const std::uint8_t*>(pong.data()), pong.size()});
    const bool known = text.starts_with(own_start) && !text.starts_with(error_start);
    return {known ? Unit::Kind::skip : Unit::Kind::broken, frame.head_bytes + static_cast<std::uint32_t>(frame.payload_bytes)};
  }

  void append_publication(std::vector<std::uint8_t>& out, const Target& target, std::uint32_t payload_bytes,
                          const PayloadHead& head) const override {
    const auto [app, channel] = place_of(target);
    std::vector<std::uint8_t> payload;
    append_payload(payload, payload_bytes, head);
    std::string body = std::string(body_start) + std::string(channel) + std::string(data_start);
    for (const std::uint8_t letter : payload) {
      if (letter == '"') body += '\\';
      body += static_cast<char>(letter);
    }
    body += "\"}";
    std::string request = "POST /apps/" + std::string(app) + "/events?auth_key=" + target.user;
    request.append(timestamp_key).append(timestamp_digits, '0').append(md5_key).append(32, '0').append(signature_key).append(64, '0');
    request += " HTTP/1.1\r\nHost: " + target.authority + "\r\nContent-Type: application/json\r\nContent-Length: " +
               std::to_string(body.size()) + "\r\n\r\n" + body;
    append_text(out, request);
  }

  /// The send time is part of what is signed, so that signing (about 5 µs) is in a publication's latency.
  void stamp(std::span<std::uint8_t> publication, const Target& target, std::uint32_t, std::uint64_t send_ns) const override {
    const std::string_view text = text_of(publication);
    const Layout at(text);
    char* letters = reinterpret_cast<char*>(publication.data());
    const auto send_time = send_time_letters(send_ns);
    std::memcpy(letters + at.payload + quoted_form.start.size() + 16, send_time.data(), 16);
    char* timestamp_end = letters + at.timestamp + timestamp_digits;
    const auto [stop, failure] = std::to_chars(letters + at.timestamp, timestamp_end, time(nullptr));
    CHECK(failure == std::errc{} && stop == timestamp_end);
    const auto md5 = md5_hex(text.substr(at.body));
    std::copy(md5.begin(), md5.end(), letters + at.md5);
    HmacSha256 hmac(target.password);
    const std::string_view method = "POST ";
    hmac.add("POST\n");
    hmac.add(text.substr(method.size(), at.query - 1 - method.size()));
    hmac.add("\n");
    hmac.add(text.substr(at.query, at.signature - signature_key.size() - at.query));
    const auto signature = hmac.hex();
    std::copy(signature.begin(), signature.end(), letters + at.signature);
  }

 private:
  static std::string subscription(const Target& target) {
    const std::string event = R"({"event":"pusher:subscribe","data":{"channel":")" + std::string(place_of(target).channel) + R"("}})";
    std::vector<std::uint8_t> frame;
    append_frame(frame, Opcode::text, {reinterpret_cast<const std::uint8_t*>(event.data()), event.size()});
    return {frame.begin(), frame.end()};
  }

  /// `text` is what has arrived of the frame's payload.
  static Unit delivery(const Unit& frame, std::string_view text) {
    const std::size_t found = text.substr(0, envelope_bytes_max).find(data_start, delivery_start.size());
    if (found == std::string_view::npos) {
      const bool more = text.size() < std::min<std::uint64_t>(frame.payload_bytes, envelope_bytes_max);
      return {more ? Unit::Kind::incomplete : Unit::Kind::broken};
    }
    const auto envelope_bytes = static_cast<std::uint32_t>(found + data_start.size());
    return {Unit::Kind::message, frame.head_bytes + envelope_bytes, frame.payload_bytes - envelope_bytes, 0, &quoted_form};
  }
};

}  // namespace

const Wire& pusher_wire() {
  static const PusherWire wire;
  return wire;
}

}  // namespace load
