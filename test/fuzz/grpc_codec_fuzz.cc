// Fuzzes native/codec/grpc_codec.cc and everything below it: any bytes behind the preface, cut where the input says, with a
// sink that answers, finishes and drains. The verdict must be the same however the bytes are cut.
// Owner: libFuzzer. Thread: main.
#include <array>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "native/codec/grpc_codec.h"

namespace {

class Sink final : public codec::CommandSink, public codec::StreamSink {
 public:
  explicit Sink(codec::StreamCodec& codec) : codec_(codec) {}
  codec::StreamSink* streams() override { return this; }
  bool admits_stream() override { return ++opened_ % 1000 != 0; }

  void on_stream_subscribe(codec::StreamKey stream, const codec::StreamSubscription& given) override {
    note(stream.id + given.topic.size());
    if (stream.id % 8 == 7) codec_.finish(stream, codec::GrpcStatus::unavailable, given.subscriber);
  }
  void on_stream_message(codec::StreamKey stream, const codec::StreamMessage& given) override {
    note(stream.id + given.data.size());
    if (given.author == 66) codec_.finish(stream, codec::GrpcStatus::resource_exhausted, given.data);
    if (given.author == 67) codec_.give_up("67");
  }
  void on_stream_publish_end(codec::StreamKey stream) override { note(stream.id); }
  void on_stream_last(codec::StreamKey stream, std::string_view topic) override {
    note(stream.id + topic.size());
    const std::array<std::uint8_t, 7> message = {0, 0, 0, 0, 2, 8, 1};
    if (stream.id % 4 == 1) codec_.answer(stream, message, stream.id);
  }
  void on_stream_gone(codec::StreamKey stream) override { note(stream.id); }
  void on_stream_window(codec::StreamKey stream) override {
    note(stream.id);
    const std::uint32_t sendable = codec_.sendable(stream);
    std::array<std::uint8_t, codec::StreamCodec::data_head_bytes> head;
    if (sendable > 0) codec_.write_data_head(stream, sendable, head);
  }

  codec::Flow on_message(codec::PayloadKind, base::Bytes) override { std::abort(); }
  void on_ignored_message() override { std::abort(); }
  void on_ping(base::Bytes) override { std::abort(); }
  void on_pong(base::Bytes) override { std::abort(); }
  void on_close(std::uint16_t, std::string_view) override { std::abort(); }
  codec::Flow on_session_message(std::string_view) override { std::abort(); }
  codec::Flow on_client_publication(const codec::ClientPublication&) override { std::abort(); }
  void on_application_ping(std::string_view) override { std::abort(); }

  std::uint64_t commands = 0;

 private:
  void note(std::uint64_t what) { commands = commands * 31 + what + 1; }
  codec::StreamCodec& codec_;
  std::uint32_t opened_ = 0;
};

struct Verdict {
  codec::DecodeStatus status{};
  std::uint64_t commands = 0;
  std::string replies;
  bool operator==(const Verdict&) const = default;
};

Verdict run(std::vector<std::uint8_t> input, std::size_t piece_bytes) {
  codec::GrpcLimits limits;
  limits.http2.streams_max = 50;
  limits.http2.resets = limits.http2.glitches = {50, 1};
  limits.message_bytes_max = 10'000;
  limits.assembly_bytes_max = 20'000;
  limits.answer_bytes_max = 20'000;
  const auto codec = codec::make_grpc_codec(limits);
  codec->set_now(1);
  Sink sink(*codec);
  Verdict verdict;
  for (std::size_t at = 0; at < input.size(); at += piece_bytes) {
    const base::MutableBytes piece = base::MutableBytes(input).subspan(at, std::min(piece_bytes, input.size() - at));
    verdict.status = codec->decode(piece, sink).status;
  }
  verdict.commands = sink.commands;
  verdict.replies = std::string(base::text_of(codec->replies()));
  codec->drain();
  codec->finish_some(1000, codec::GrpcStatus::unavailable, "over");
  if (!codec->done()) std::abort();
  return verdict;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::vector<std::uint8_t> input(codec::http2_preface.begin(), codec::http2_preface.end());
  const std::array<std::uint8_t, 9> settings = {0, 0, 0, 4, 0, 0, 0, 0, 0};
  input.insert(input.end(), settings.begin(), settings.end());
  input.insert(input.end(), data + 1, data + size);
  if (run(input, input.size()) != run(input, 1 + data[0] % 64)) std::abort();
  return 0;
}
