// A client's HTTP/2 bytes for tests, and a codec that runs over them with a record of everything it commanded and answered:
//   commands  subscribe(1,topic,subscriber,since,last) message(1,topic,author,data) publish-end(1) last(1,topic) gone(1)
//             window(1) and last: open, closed or failed(reason)
//   replies   SETTINGS(3=9,…) ACK PING(…) PONG(…) WINDOW(stream,bytes) RST(stream,code) GOAWAY(last,code,text)
//             HEADERS(stream name=value …) DATA(stream,hex), with END before what ends the stream
// Owner: the test. Thread: main.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "native/codec/grpc/grpc_codec.h"
#include "test/native/codec/wire.h"
#include "test/native/doctest_last.h"

namespace h2 {

using codec::FrameType;
using codec::StreamKey;
using wire::hex;
using wire::Wire;
using wire::operator+;
namespace flag = codec::frame_flag;

inline Wire bytes(std::string_view text) { return {text.begin(), text.end()}; }

// What a client sends.

inline Wire frame(std::uint8_t type, std::uint8_t flags, std::uint32_t stream, const Wire& payload) {
  Wire head(codec::frame_head_bytes);
  codec::write_frame_head({static_cast<std::uint32_t>(payload.size()), type, flags, stream}, head);
  return head + payload;
}
inline Wire frame(FrameType type, std::uint8_t flags, std::uint32_t stream, const Wire& payload) {
  return frame(static_cast<std::uint8_t>(type), flags, stream, payload);
}

inline Wire u32(std::uint32_t value) {
  Wire out(4);
  codec::write_u32(value, out);
  return out;
}

inline Wire settings(std::vector<std::pair<int, std::uint32_t>> values = {}) {
  Wire payload;
  for (const auto& [id, value] : values) payload = payload + Wire{0, static_cast<std::uint8_t>(id)} + u32(value);
  return frame(FrameType::settings, 0, 0, payload);
}
inline Wire window_update(std::uint32_t stream, std::uint32_t bytes) { return frame(FrameType::window_update, 0, stream, u32(bytes)); }
inline Wire rst_stream(std::uint32_t stream, std::uint32_t code = 8) { return frame(FrameType::rst_stream, 0, stream, u32(code)); }
inline Wire ping() { return frame(FrameType::ping, 0, 0, hex("0102030405060708")); }
inline Wire goaway() { return frame(FrameType::goaway, 0, 0, u32(0) + u32(0)); }
inline Wire data(std::uint32_t stream, const Wire& payload, std::uint8_t flags = 0) { return frame(FrameType::data, flags, stream, payload); }
inline Wire end_data(std::uint32_t stream, const Wire& payload = {}) { return data(stream, payload, flag::end_stream); }

/// An integer with a prefix of `prefix_bits` (RFC 7541 §5.1).
inline Wire integer(std::uint8_t first, unsigned prefix_bits, std::size_t value) {
  const std::size_t most = (std::size_t{1} << prefix_bits) - 1;
  if (value < most) return {static_cast<std::uint8_t>(first | value)};
  Wire out = {static_cast<std::uint8_t>(first | most)};
  for (value -= most; value >= 0x80; value >>= 7) out.push_back(static_cast<std::uint8_t>(value | 0x80));
  out.push_back(static_cast<std::uint8_t>(value));
  return out;
}
inline Wire string(std::string_view text) { return integer(0, 7, text.size()) + bytes(text); }
/// A literal field that is not indexed.
inline Wire field(std::string_view name, std::string_view value) { return Wire{0} + string(name) + string(value); }

using Fields = std::vector<std::pair<std::string, std::string>>;

inline Wire block(const Fields& fields) {
  Wire out;
  for (const auto& [name, value] : fields) out = out + field(name, value);
  return out;
}

inline Fields call_fields(std::string_view path, const Fields& more = {}) {
  Fields fields = {{":method", "POST"}, {":scheme", "http"}, {":path", std::string(path)}, {":authority", "localhost"}, {"te", "trailers"},
                   {"content-type", "application/grpc"}};
  fields.insert(fields.end(), more.begin(), more.end());
  return fields;
}
inline Wire headers(std::uint32_t stream, const Wire& header_block, std::uint8_t flags = flag::end_headers) {
  return frame(FrameType::headers, flags, stream, header_block);
}
inline Wire call(std::uint32_t stream, std::string_view path, const Fields& more = {}) { return headers(stream, block(call_fields(path, more))); }

inline Wire grpc(const Wire& message) { return Wire{0} + u32(static_cast<std::uint32_t>(message.size())) + message; }
/// A number as protobuf writes it.
inline Wire varint(std::uint64_t value) {
  Wire out;
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<std::uint8_t>(value | 0x80));
  out.push_back(static_cast<std::uint8_t>(value));
  return out;
}
/// A string field of a message, shorter than 128 bytes.
inline Wire text_field(int number, std::string_view text) {
  return Wire{static_cast<std::uint8_t>(number << 3 | 2), static_cast<std::uint8_t>(text.size())} + bytes(text);
}
/// Message { author, data } for an author below 128.
inline Wire message(int author, std::string_view text) { return Wire{0x08, static_cast<std::uint8_t>(author)} + text_field(2, text); }

inline constexpr std::string_view publish_path = "/MessageService/Publish";
inline constexpr std::string_view subscribe_path = "/MessageService/Subscribe";
inline constexpr std::string_view v1_subscribe_path = "/broker.v1.MessageService/Subscribe";
inline constexpr std::string_view last_path = "/broker.v1.MessageService/Last";

/// A subscriber that is called "s".
inline Wire subscribe(std::uint32_t stream, const Fields& more = {}) {
  return call(stream, subscribe_path, more) + end_data(stream, grpc(text_field(1, "s")));
}
inline Wire last(std::uint32_t stream) { return call(stream, last_path) + end_data(stream, grpc({})); }

inline Wire settings_ack() { return frame(FrameType::settings, flag::ack, 0, {}); }
inline Wire preface() { return bytes(codec::http2_preface) + settings() + settings_ack(); }

// What the server answers.

class FieldWords final : public codec::HpackFields {
 public:
  void on_field(const codec::HpackField& given) override { words += " " + std::string(given.name) + "=" + std::string(given.value); }
  std::string words;
};

inline std::string number_at(const Wire& payload, std::size_t at) { return std::to_string(codec::read_u32(base::Bytes(payload).subspan(at))); }

inline std::string settings_words(const Wire& payload) {
  std::string words;
  for (std::size_t at = 0; at < payload.size(); at += 6) words += (at > 0 ? "," : "") + std::to_string(payload[at + 1]) + "=" + number_at(payload, at + 2);
  return words;
}

inline std::string word_of(const codec::FrameHead& head, const Wire& payload) {
  const std::string stream = std::to_string(head.stream);
  const std::string text(payload.begin(), payload.end());
  const std::string end = head.has(flag::end_stream) ? "END" : "";
  FieldWords fields;
  switch (static_cast<FrameType>(head.type)) {
    case FrameType::settings: return head.has(flag::ack) ? "ACK" : "SETTINGS(" + settings_words(payload) + ")";
    case FrameType::ping: return (head.has(flag::ack) ? "PONG(" : "PING(") + wire::to_hex(text) + ")";
    case FrameType::window_update: return "WINDOW(" + stream + "," + number_at(payload, 0) + ")";
    case FrameType::rst_stream: return "RST(" + stream + "," + number_at(payload, 0) + ")";
    case FrameType::goaway: return "GOAWAY(" + number_at(payload, 0) + "," + number_at(payload, 4) + "," + text.substr(8) + ")";
    case FrameType::headers:
      REQUIRE(head.has(flag::end_headers));
      REQUIRE(codec::HpackDecoder().decode(payload, fields) == codec::HpackOutcome::decoded);
      return end + "HEADERS(" + stream + fields.words + ")";
    case FrameType::data: return end + "DATA(" + stream + "," + wire::to_hex(text) + ")";
    default: break;
  }
  FAIL("a frame that no server sends");
  return {};
}

/// Whole frames as words, each followed by a space.
inline std::string words_of(base::Bytes replies) {
  std::string words;
  while (!replies.empty()) {
    REQUIRE(replies.size() >= codec::frame_head_bytes);
    const codec::FrameHead head = codec::read_frame_head(replies);
    replies = replies.subspan(codec::frame_head_bytes);
    REQUIRE(replies.size() >= head.length);
    words += word_of(head, Wire(replies.begin(), replies.begin() + head.length)) + " ";
    replies = replies.subspan(head.length);
  }
  return words;
}

inline std::string ok_headers(std::uint32_t stream) {
  return "HEADERS(" + std::to_string(stream) + " :status=200 content-type=application/grpc) ";
}
/// Of a call whose request named an encoding of messages.
inline std::string ok_headers_with_encodings(std::uint32_t stream) {
  return "HEADERS(" + std::to_string(stream) + " :status=200 content-type=application/grpc grpc-accept-encoding=identity) ";
}
/// What a drain says first.
inline const std::string drain_words = "GOAWAY(2147483647,0,) PING(647261696e696e67) ";
inline Wire drain_heard() { return frame(FrameType::ping, flag::ack, 0, Wire(codec::drain_ping.begin(), codec::drain_ping.end())); }

inline std::string ended(std::uint32_t stream, int status, std::string_view text = {}) {
  std::string words = "ENDHEADERS(" + std::to_string(stream) + " grpc-status=" + std::to_string(status);
  if (!text.empty()) words += " grpc-message=" + std::string(text);
  return words + ") ";
}
/// The same without headers before it.
inline std::string refused(std::uint32_t stream, int status, std::string_view text) {
  std::string words = ended(stream, status, text);
  return words.insert(words.find(" grpc-status"), " :status=200 content-type=application/grpc");
}

class Recorder final : public codec::StreamSink {
 public:
  bool admits_stream() override { return streams_left == 0 ? false : (--streams_left, true); }

  void on_stream_subscribe(StreamKey stream, const codec::StreamSubscription& given) override {
    const std::string since = given.since ? std::to_string(*given.since) : "-";
    note("subscribe", stream, "," + std::string(given.topic) + "," + std::string(given.subscriber) + "," + since + "," + std::to_string(given.last));
  }
  codec::Flow on_stream_message(StreamKey stream, const codec::StreamMessage& given) override {
    note("message", stream, "," + std::string(given.topic) + "," + std::to_string(given.author) + "," + std::string(given.data));
    return flow;
  }
  void on_stream_publish_end(StreamKey stream) override { note("publish-end", stream); }
  void on_stream_last(StreamKey stream, std::string_view topic) override { note("last", stream, "," + std::string(topic)); }
  void on_stream_gone(StreamKey stream) override { note("gone", stream); }
  void on_stream_window(StreamKey stream) override { note("window", stream); }

  std::string commands;
  bool writes_commands = true;  // off where there are too many
  std::uint64_t count = 0;
  std::uint32_t streams_left = UINT32_MAX;
  codec::Flow flow = codec::Flow::go_on;  // behind each message
  std::function<void(const std::string& what, StreamKey stream)> react;

 private:
  void note(const std::string& what, StreamKey stream, const std::string& rest = {}) {
    ++count;
    if (writes_commands) commands += what + "(" + std::to_string(stream.id) + rest + ") ";
    if (react) react(what, stream);
  }
};

using React = std::function<void(codec::StreamCodec& codec, const std::string& what, StreamKey stream)>;

struct Setup {
  codec::GrpcLimits limits = {};
  React react = nullptr;  // what the sink does from within its handlers
  std::uint32_t streams_left = UINT32_MAX;  // that the sink admits
};

/// A codec with its record. Each piece is decoded in a buffer of its exact size, so that ASan sees every stray access.
class Bare {
 public:
  explicit Bare(const Setup& setup = {}) : codec_(codec::make_grpc_codec(setup.limits)) {
    codec_->set_now(0);
    recorder.streams_left = setup.streams_left;
    if (setup.react) recorder.react = [this, react = setup.react](const std::string& what, StreamKey stream) { react(*codec_, what, stream); };
  }

  void feed(Wire piece) {
    piece.shrink_to_fit();
    last_ = codec_->decode(piece, recorder);
  }
  void feed(const Wire& all, std::size_t from, std::size_t to) {
    feed(Wire(all.begin() + static_cast<std::ptrdiff_t>(from), all.begin() + static_cast<std::ptrdiff_t>(to)));
  }
  /// What is to be written, taken away.
  std::string replies() {
    const std::string words = words_of(codec_->replies());
    codec_->consume_replies(codec_->replies().size());
    return words;
  }
  std::string commands() { return std::exchange(recorder.commands, {}); }
  std::string verdict() const {
    if (last_.status == codec::DecodeStatus::failed) return "failed(" + std::string(last_.reason) + ")";
    return last_.status == codec::DecodeStatus::open ? "open" : "closed";
  }
  const codec::Decoded& last() const { return last_; }
  codec::StreamCodec& codec() { return *codec_; }

  Recorder recorder;

 private:
  std::unique_ptr<codec::StreamCodec> codec_;
  codec::Decoded last_;
};

/// The same behind the handshake.
class Connection : public Bare {
 public:
  explicit Connection(const Setup& setup = {}) : Bare(setup) {
    feed(preface());
    REQUIRE(verdict() == "open");
    replies();
  }
};

struct Outcome {
  std::string commands;  // and the verdict
  std::string replies;
};

inline bool operator==(const Outcome& a, const Outcome& b) { return a.commands == b.commands && a.replies == b.replies; }

inline Outcome outcome_of(Connection& connection) { return {connection.commands() + connection.verdict(), connection.replies()}; }

inline Outcome run_whole(const Wire& all, const Setup& setup = {}) {
  Connection connection(setup);
  connection.feed(all);
  return outcome_of(connection);
}

inline Outcome run_in_pieces(const Wire& all, std::size_t piece_bytes, const Setup& setup = {}) {
  Connection connection(setup);
  for (std::size_t at = 0; at < all.size(); at += piece_bytes) connection.feed(all, at, std::min(all.size(), at + piece_bytes));
  return outcome_of(connection);
}

inline Outcome run_split(const Wire& all, std::size_t split, const Setup& setup = {}) {
  Connection connection(setup);
  connection.feed(all, 0, split);
  connection.feed(all, split, all.size());
  return outcome_of(connection);
}

/// The same commands and replies whole, in pieces, and split in two at every boundary (near both ends only, when long).
inline void check_wire(const Wire& all, const std::string& commands, const std::string& replies, const Setup& setup = {}) {
  const Outcome whole = run_whole(all, setup);
  CHECK(whole.commands == commands);
  CHECK(whole.replies == replies);
  for (const std::size_t piece_bytes : {1u, 2u, 3u, 7u, 64u, 1000u}) {
    if (run_in_pieces(all, piece_bytes, setup) == whole) continue;
    CAPTURE(piece_bytes);
    const Outcome pieces = run_in_pieces(all, piece_bytes, setup);
    CHECK(pieces.commands == whole.commands);
    CHECK(pieces.replies == whole.replies);
  }
  constexpr std::size_t every = 400;
  for (std::size_t split = 0; split <= all.size(); ++split) {
    if (split == every && all.size() > 2 * every) split = all.size() - every;
    if (run_split(all, split, setup) == whole) continue;
    CAPTURE(split);
    CHECK(run_split(all, split, setup).commands == whole.commands);
    CHECK(run_split(all, split, setup).replies == whole.replies);
  }
}

/// The connection ends, with this GOAWAY.
inline void check_fails(const Wire& all, std::uint32_t last_stream, codec::Http2Error error, const std::string& reason, const Setup& setup = {}) {
  CAPTURE(reason);
  const Outcome whole = run_whole(all, setup);
  const std::string goaway_word = "GOAWAY(" + std::to_string(last_stream) + "," + std::to_string(static_cast<unsigned>(error)) + "," + reason + ") ";
  CHECK(whole.commands.ends_with("failed(" + reason + ")"));
  CHECK(whole.replies.ends_with(goaway_word));
  check_wire(all, whole.commands, whole.replies, setup);
}

}  // namespace h2
