// Fuzzes native/codec/http_publish/: however requests are cut, and however often the sink has one given again or lets the codec wait, the same
// ones are answered in the same order, none twice and none lost; a payload is text only where it is UTF-8, and none is over its limit; what is
// kept is no more than what has come. The first bytes say how it is cut, how often the sink waits, and the limit.
// Owner: the fuzzer. Thread: main.
#include "native/codec/http_publish/http_publish_codec.h"

#include "native/codec/text/utf8.h"
#include "test/fuzz/fuzz.h"

namespace {

class Answers final : public codec::PostSink {
 public:
  Answers(unsigned again_every, unsigned wait_every, std::size_t body_bytes_max)
      : again_every_(again_every), wait_every_(wait_every), body_bytes_max_(body_bytes_max) {}

  bool takes(const codec::HttpRequest& request) override {
    gave_back = request.method != "POST";
    return !gave_back;
  }
  std::optional<codec::HttpRefusal> on_head(const codec::HttpRequest& request, codec::PostHead& head) override {
    head.target = request.target;
    if (head.target == "/no") return codec::HttpRefusal{403, "no"};
    return std::nullopt;
  }
  void on_continue() override {}
  codec::PostFlow on_post(const codec::Post& post) override {
    fuzz::require(post.payload.size() <= body_bytes_max_, "a payload is within its limit");
    fuzz::require(post.kind == codec::PayloadKind::binary || base::is_valid_utf8(post.payload), "text is UTF-8");
    if (again_every_ != 0 && ++asked_ % again_every_ != 0) return codec::PostFlow::again;
    words.push_back(post.head.target + "|" + post.head.key + "|" + std::string(base::text_of(post.payload)));
    return wait_every_ != 0 && words.size() % wait_every_ == 0 ? codec::PostFlow::wait : codec::PostFlow::go_on;
  }
  void on_refused(const codec::PostHead& head, const codec::HttpRefusal& refusal) override {
    const std::string answer = codec::write_http_refusal(refusal, 0);
    fuzz::require(refusal.closes == head.closes && answer.ends_with(refusal.body ? refusal.reason + "\n" : "\r\n\r\n"), "a refusal can be told");
    words.push_back(std::to_string(refusal.status));
  }

  std::vector<std::string> words;
  bool gave_back = false;

 private:
  const unsigned again_every_;
  const unsigned wait_every_;
  const std::size_t body_bytes_max_;
  unsigned asked_ = 0;
};

struct Outcome {
  std::vector<std::string> words;
  bool closed = false;
  bool gave_back = false;

  friend bool operator==(const Outcome&, const Outcome&) = default;
};

Outcome fed(base::Bytes bytes, std::uint8_t how, Answers sink, const codec::CodecLimits& limits) {
  codec::HttpPublishCodec codec(limits);
  Outcome outcome;
  std::size_t come = 0;
  fuzz::in_pieces(bytes, how, [&](base::MutableBytes piece) {
    come += piece.size();
    fuzz::Bytes left(piece.begin(), piece.end());
    do {
      const codec::Decoded decoded = codec.decode(left, sink);
      outcome.closed = decoded.status == codec::DecodeStatus::closed;
      if (outcome.closed || sink.gave_back) break;
      fuzz::require(decoded.left <= left.size(), "no more is left than was given");
      left.erase(left.begin(), left.end() - static_cast<std::ptrdiff_t>(decoded.left));
    } while (!left.empty() || codec.keeps_post());
    fuzz::require(codec.unfinished().bytes <= 3 * come + 16'384, "memory grows with what has come");
    return !outcome.closed && !sink.gave_back;
  });
  outcome.words = std::move(sink.words);
  outcome.gave_back = sink.gave_back;
  return outcome;
}

/// How a head that is refused as a whole depends on nothing but what has come: but where the body of a refused request ends, only one who has it
/// all can tell. So those are compared up to the first of them.
Outcome up_to_refusal(Outcome outcome) {
  for (std::size_t i = 0; i < outcome.words.size(); ++i) {
    if (outcome.words[i].size() != 3 || outcome.words[i].find('|') != std::string::npos) continue;
    outcome.words.resize(i + 1);
    outcome.closed = outcome.gave_back = false;
  }
  return outcome;
}

}  // namespace

FUZZ_TARGET(http_publish) {
  fuzz::Input input(bytes);
  const std::uint8_t how = input.byte();
  const auto again_every = static_cast<unsigned>(input.below(4));
  const auto wait_every = static_cast<unsigned>(input.below(4));
  codec::CodecLimits limits;
  limits.websocket.message_bytes_max = input.byte() % 2 == 0 ? 100 : 65'536;
  const base::Bytes all = input.rest();
  const std::size_t most = limits.websocket.message_bytes_max;
  const Outcome whole = up_to_refusal(fed(all, 255, Answers(0, 0, most), limits));
  fuzz::require(up_to_refusal(fed(all, how, Answers(again_every, wait_every, most), limits)) == whole, "the same however it arrives, with waits");
  if (all.size() < 1000) fuzz::require(up_to_refusal(fed(all, 0, Answers(0, 0, most), limits)) == whole, "the same byte by byte");
}
