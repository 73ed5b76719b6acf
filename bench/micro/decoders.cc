// What the decoders of gRPC (over HTTP/2) and Pusher take for a stream as clients send it, read 64 KiB at a time, and how that falls to messages.
// `decoders grpc` or `decoders pusher` decodes one of them once, for callgrind (--toggle-collect=measured_grpc).
#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bench/micro/measure.h"
#include "native/codec/grpc/grpc_codec.h"
#include "native/codec/grpc/grpc_message.h"
#include "native/codec/pusher/pusher_codec.h"
#include "native/codec/stream_codec.h"
#include "test/native/codec/http2/http2_wire.h"

using wire::operator+;

namespace {

constexpr std::size_t read_bytes = 64 * 1024;
constexpr std::size_t messages = 10'000;

/// Takes everything and says nothing.
struct Streams final : codec::StreamSink {
  std::size_t taken = 0;

  bool admits_stream() override { return true; }
  void on_stream_subscribe(codec::StreamKey, const codec::StreamSubscription&) override {}
  codec::Flow on_stream_message(codec::StreamKey, const codec::StreamMessage&) override {
    ++taken;
    return codec::Flow::go_on;
  }
  void on_stream_publish_end(codec::StreamKey) override {}
  void on_stream_last(codec::StreamKey, std::string_view) override {}
  void on_stream_gone(codec::StreamKey) override {}
  void on_stream_window(codec::StreamKey) override {}
};

struct Session final : codec::SessionSink {
  std::size_t taken = 0;

  codec::Flow take() {
    ++taken;
    return codec::Flow::go_on;
  }
  void on_ping(base::Bytes) override {}
  void on_pong(base::Bytes) override {}
  void on_close(std::uint16_t, std::string_view) override {}
  codec::Flow on_session_message(std::string_view) override { return take(); }
  codec::Flow on_client_publication(const codec::ClientPublication&) override { return take(); }
  void on_application_ping(std::string_view) override { take(); }
};

/// 50 publishers' streams that say a message of 120 bytes in turn, and a stream more for every hundredth: a call by itself. What clients send
/// beside: the acknowledged settings, and windows.
std::vector<std::uint8_t> grpc_bytes() {
  constexpr std::uint32_t streams = 50;
  h2::Wire all = h2::preface();
  for (std::uint32_t i = 0; i < streams; ++i) all = all + h2::call(2 * i + 1, h2::publish_path, {{"grpc-accept-encoding", "identity,deflate,gzip"}});
  const std::string text = std::string(112, 'x') + "größer!";
  const codec::Message message{7, text};
  h2::Wire written(codec::message_bytes(message));
  codec::write_message(message, written);
  std::uint32_t next = 2 * streams + 1;
  for (std::size_t i = 0; i < messages; ++i) {
    h2::Wire more = h2::data(2 * static_cast<std::uint32_t>(i % streams) + 1, h2::grpc(written));
    if (i % 100 == 0) {
      more = more + h2::call(next, h2::publish_path, {{"grpc-accept-encoding", "identity,deflate,gzip"}}) + h2::end_data(next, h2::grpc(written));
      next += 2;
    }
    if (i % 20 == 0) more = more + h2::window_update(0, 8192);
    all.insert(all.end(), more.begin(), more.end());
  }
  return all;
}

/// Client events of 150 bytes, and for every fiftieth a ping and a subscription. Masked.
std::vector<std::uint8_t> pusher_bytes() {
  std::vector<std::uint8_t> all;
  const auto say = [&](const std::string& text) {
    all.insert(all.end(), {0x81, static_cast<std::uint8_t>(0x80 | (text.size() < 126 ? text.size() : 126))});
    if (text.size() >= 126) all.insert(all.end(), {static_cast<std::uint8_t>(text.size() >> 8), static_cast<std::uint8_t>(text.size())});
    constexpr std::uint8_t mask[] = {0x11, 0x22, 0x33, 0x44};
    all.insert(all.end(), std::begin(mask), std::end(mask));
    for (std::size_t i = 0; i < text.size(); ++i) all.push_back(static_cast<std::uint8_t>(text[i]) ^ mask[i % 4]);
  };
  for (std::size_t i = 0; i < messages; ++i) {
    say(R"({"event":"client-moved","channel":"private-board-7","data":"{\"x\":)" + std::to_string(i) +
        R"(,\"y\":17,\"name\":\"Zoë Müller\",\"colour\":\"#336699\",\"tool\":\"pen\"}"})");
    if (i % 50 != 0) continue;
    say(R"({"event":"pusher:ping","data":{}})");
    say(R"({"event":"pusher:subscribe","data":{"auth":"key:0123456789abcdef0123456789abcdef","channel":"private-board-7"}})");
  }
  return all;
}

template <typename Decoder, typename Sink, typename After>
std::size_t decode(Decoder& decoder, Sink& sink, base::MutableBytes bytes, After after) {
  while (!bytes.empty()) {
    const base::MutableBytes piece = bytes.first(std::min(bytes.size(), read_bytes));
    bytes = bytes.subspan(piece.size());
    if (decoder.decode(piece, sink).status != codec::DecodeStatus::open) return 0;
    after();
  }
  return sink.taken;
}

}  // namespace

/// What is counted, both: they return how many messages there were.
extern "C" [[gnu::noinline]] std::size_t measured_grpc(codec::StreamCodec& decoder, base::MutableBytes bytes) {
  Streams sink;
  return decode(decoder, sink, bytes, [&] { decoder.consume_replies(decoder.replies().size()); });
}
extern "C" [[gnu::noinline]] std::size_t measured_pusher(codec::SessionCodec& decoder, base::MutableBytes bytes) {
  Session sink;
  return decode(decoder, sink, bytes, [] {});
}

namespace {

/// A new connection's decoder and what its client sends.
std::size_t run_grpc(std::vector<std::uint8_t> bytes, micro::Least& least) {
  const auto decoder = codec::make_grpc_codec({});
  std::size_t taken = 0;
  least.note(1, [&] { taken = measured_grpc(*decoder, bytes); });
  return taken;
}
std::size_t run_pusher(std::vector<std::uint8_t> bytes, micro::Least& least) {
  codec::PusherCodec decoder({});
  std::size_t taken = 0;
  least.note(1, [&] { taken = measured_pusher(decoder, bytes); });
  return taken;
}

struct Kind {
  std::string_view name;
  std::vector<std::uint8_t> (*bytes)();
  std::size_t (*run)(std::vector<std::uint8_t> bytes, micro::Least& least);
};

constexpr Kind kinds[] = {{"grpc", grpc_bytes, run_grpc}, {"pusher", pusher_bytes, run_pusher}};

}  // namespace

int main(int count, char** arguments) {
  if (count == 1) std::printf("%-10s %12s %12s\n", "decoder", "ns/message", "ns/kB");
  for (const Kind& kind : kinds) {
    if (count > 1 && kind.name != arguments[1]) continue;
    const std::vector<std::uint8_t> bytes = kind.bytes();
    micro::Least least;
    std::size_t taken = 0;
    for (int repetition = 0; repetition < (count > 1 ? 1 : 60); ++repetition) taken = kind.run(bytes, least);
    if (taken < messages) return 1;
    std::printf("%-10s %12.1f %12.1f\n", kind.name.data(), least.ns() / static_cast<double>(taken), least.ns() * 1000 / static_cast<double>(bytes.size()));
  }
}
