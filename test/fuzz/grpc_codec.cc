// Fuzzes native/codec/grpc/grpc_codec*.cc and everything below it: any bytes behind the preface, cut where the input says, with a
// sink that answers, greets, finishes and gives up. Commands, verdict and replies are the same however the bytes are cut; what
// is kept is bounded; what is answered is whole frames within the peer's windows.
// Owner: the fuzzer. Thread: main.
#include "native/codec/grpc/grpc_codec.h"

#include <array>
#include <cstdlib>

#include "native/codec/http2/http2_frame.h"
#include "test/fuzz/fuzz.h"

namespace {

class Sink final : public codec::StreamSink {
 public:
  explicit Sink(codec::StreamCodec& codec) : codec_(codec) {}
  bool admits_stream() override { return ++opened_ % 1000 != 0; }

  void on_stream_subscribe(codec::StreamKey stream, const codec::StreamSubscription& given) override {
    note(stream.id + given.topic.size());
    if (stream.id % 8 == 3) codec_.greet(stream, greeting_, stream.id);
    if (stream.id % 8 == 7) codec_.finish(stream, codec::Ending::unavailable, given.subscriber);
  }
  codec::Flow on_stream_message(codec::StreamKey stream, const codec::StreamMessage& given) override {
    note(stream.id + given.data.size());
    if (given.author == 66) codec_.finish(stream, codec::Ending::slow, given.data);
    if (given.author == 67) codec_.give_up("67");
    return given.author == 68 ? codec::Flow::wait : codec::Flow::go_on;
  }
  void on_stream_publish_end(codec::StreamKey stream) override { note(stream.id); }
  void on_stream_last(codec::StreamKey stream, std::string_view topic) override {
    note(stream.id + topic.size());
    if (stream.id % 4 == 1) codec_.answer(stream, greeting_, stream.id);
  }
  void on_stream_gone(codec::StreamKey stream) override { note(stream.id); }
  void on_stream_window(codec::StreamKey stream) override {
    note(stream.id);
    const std::uint32_t sendable = codec_.sendable(stream);
    std::array<std::uint8_t, codec::StreamCodec::data_head_bytes> head;
    if (sendable == 0) return;
    codec_.write_data_head(stream, sendable, head);
    if (stream.id % 3 == 0) codec_.return_data(stream, sendable);
  }

  std::uint64_t commands = 0;

 private:
  void note(std::uint64_t what) { commands = commands * 31 + what + 1; }
  static constexpr std::array<std::uint8_t, 7> greeting_ = {0, 0, 0, 0, 2, 8, 1};
  codec::StreamCodec& codec_;
  std::uint32_t opened_ = 0;
};

struct Verdict {
  codec::DecodeStatus status{};
  std::uint64_t commands = 0;
  std::string replies;
  bool operator==(const Verdict&) const = default;
};

codec::GrpcLimits limits_of(std::uint8_t options) {
  codec::GrpcLimits limits;
  limits.http2.streams_max = options & 1 ? 3 : 50;
  limits.http2.resets = limits.http2.glitches = {50, 1};
  limits.message_bytes_max = 10'000;
  limits.assembly_bytes_max = 20'000;
  limits.answer_bytes_max = options & 2 ? 100 : 20'000;
  return limits;
}

/// Whole frames, of the kinds that a server sends.
void check_frames(base::Bytes replies) {
  while (!replies.empty()) {
    fuzz::require(replies.size() >= codec::frame_head_bytes, "a frame has its head");
    const codec::FrameHead head = codec::read_frame_head(replies);
    replies = replies.subspan(codec::frame_head_bytes);
    fuzz::require(head.length <= 16'384 && head.length <= replies.size(), "a frame is whole, and of the size that everybody takes");
    switch (static_cast<codec::FrameType>(head.type)) {
      case codec::FrameType::data:
      case codec::FrameType::headers:
      case codec::FrameType::rst_stream:
        fuzz::require(head.stream % 2 == 1, "a frame of a stream names one of the client's");
        break;
      case codec::FrameType::settings:
      case codec::FrameType::ping:
      case codec::FrameType::goaway:
        fuzz::require(head.stream == 0, "a frame of the connection names no stream");
        break;
      default:
        fuzz::require(head.type == static_cast<std::uint8_t>(codec::FrameType::window_update), "a frame that servers send");
    }
    replies = replies.subspan(head.length);
  }
}

Verdict run(base::Bytes input, std::uint8_t how, std::uint8_t options) {
  const codec::GrpcLimits limits = limits_of(options);
  const auto codec = codec::make_grpc_codec(limits);
  codec->set_now(1);
  if (options & 4) codec->set_credit(codec::Credit::withheld);
  Sink sink(*codec);
  Verdict verdict;
  fuzz::in_pieces(input, how, [&](base::MutableBytes piece) {
    for (codec::Decoded decoded = codec->decode(piece, sink);; decoded = codec->decode(piece, sink)) {
      verdict.status = decoded.status;
      fuzz::require(decoded.left < piece.size() || piece.empty(), "who waits has taken something");
      if (decoded.left == 0) return true;
      piece = piece.last(decoded.left);
    }
  });
  verdict.commands = sink.commands;
  verdict.replies = std::string(base::text_of(codec->replies()));
  check_frames(codec->replies());
  const std::size_t kept_max = limits.assembly_bytes_max + limits.answer_bytes_max + limits.http2.header_block_bytes_max + 100'000;
  fuzz::require(codec->buffered_bytes() <= codec->replies().size() + kept_max, "what is kept is bounded");
  fuzz::require(codec->open_streams() <= limits.http2.streams_max, "so are the streams");
  codec->ping();
  codec->consume_replies(codec->replies().size() / 2);
  codec->set_now(100'000);
  for (const codec::StreamKey stream : codec->overdue_greetings(1000)) codec->finish(stream, codec::Ending::slow, "late");
  for (const codec::StreamKey stream : codec->overdue_deadlines()) codec->finish(stream, codec::Ending::deadline, "late");
  codec->drain();
  codec->refuse_streams();
  codec->finish_some(1000, codec::Ending::unavailable, "over");
  fuzz::require(codec->done() && codec->open_streams() == 0, "after a drain and the last stream's end it is done");
  return verdict;
}

}  // namespace

FUZZ_TARGET(grpc_codec) {
  fuzz::Input input(bytes);
  const std::uint8_t how = input.byte();
  const std::uint8_t options = input.byte();
  fuzz::Bytes all;
  if ((options & 8) == 0) {
    all.assign(codec::http2_preface.begin(), codec::http2_preface.end());
    all.insert(all.end(), {0, 0, 0, 4, 0, 0, 0, 0, 0});  // SETTINGS
  }
  const base::Bytes rest = input.rest();
  all.insert(all.end(), rest.begin(), rest.end());
  fuzz::require(run(all, how, options) == run(all, 255, options), "the same commands and replies however it is cut");
}
