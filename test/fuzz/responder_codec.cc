// Fuzzes native/codec/responder/responder_codec.cc: however lines are cut, and whenever the sink lets the codec wait, the requests are the
// same, none is lost, and they are what cutting the whole at its line feeds gives. Read as the shard reads, the codec says of each
// moment whether a line is unfinished, since when, and what it keeps for it. The first bytes say how it is cut and how often the
// sink waits.
// Owner: the fuzzer. Thread: main.
#include "native/codec/responder/responder_codec.h"

#include <algorithm>

#include "test/fuzz/fuzz.h"
#include "test/fuzz/only_requests.h"

namespace {

struct Outcome {
  std::vector<std::string> requests;
  bool failed = false;

  friend bool operator==(const Outcome&, const Outcome&) = default;
};

/// What the header says, in so many words.
Outcome expected(std::string_view text) {
  Outcome outcome;
  for (std::size_t end; (end = text.find('\n')) != std::string_view::npos; text.remove_prefix(end + 1)) {
    outcome.failed = end > codec::line_bytes_max;
    if (outcome.failed) return outcome;
    outcome.requests.emplace_back(text.substr(0, end + 1));
  }
  outcome.failed = text.size() > codec::line_bytes_max;
  return outcome;
}

/// Whether the sink waits or not, all pieces are fed; what is kept back comes at the end.
Outcome fed(base::Bytes bytes, std::uint8_t how, unsigned waits_every) {
  codec::LineCodec codec;
  fuzz::OnlyRequests sink(waits_every);
  Outcome outcome;
  const auto take = [&](base::MutableBytes piece) {
    outcome.failed = codec.decode(piece, sink).status == codec::DecodeStatus::failed;
    return !outcome.failed;
  };
  fuzz::in_pieces(bytes, how, take);
  for (std::size_t before = SIZE_MAX; !outcome.failed && before != sink.texts.size();) {
    before = sink.texts.size();
    take({});
  }
  outcome.requests = std::move(sink.texts);
  return outcome;
}

/// As the shard reads: nothing new before the sink has taken what there is.
class Reader {
 public:
  explicit Reader(unsigned waits_every) : sink_(waits_every) {}

  bool take(base::MutableBytes piece) {
    decode(piece);
    while (!failed_ && sink_.waits) decode({});
    return !failed_;
  }
  Outcome outcome() { return {std::move(sink_.texts), failed_}; }

 private:
  void decode(base::MutableBytes piece) {
    const bool nothing_kept = kept_ == 0;
    const std::size_t requests = sink_.texts.size();
    kept_ += piece.size();
    kept_most_ = std::max(kept_most_, kept_);
    sink_.waits = false;
    failed_ = codec_.decode(piece, sink_).status == codec::DecodeStatus::failed;
    if (failed_) return;
    for (std::size_t i = requests; i < sink_.texts.size(); ++i) kept_ -= sink_.texts[i].size();
    const codec::Unfinished unfinished = codec_.unfinished();
    fuzz::require(unfinished.any == (kept_ > 0 && !sink_.waits), "a line is unfinished when its end has not come");
    if (unfinished.any) fuzz::require(unfinished.anew == (nothing_kept || sink_.texts.size() > requests), "it has begun when nothing was kept, or behind a line");
    fuzz::require(unfinished.bytes <= std::max<std::size_t>(room_kept_max, 2 * kept_most_), "memory grows with what is kept");
    if (kept_ == 0) fuzz::require(unfinished.bytes <= room_kept_max, "little memory is kept for nothing");
    fuzz::require(sink_.waits || kept_ <= codec::line_bytes_max, "a line has a bound");
  }

  static constexpr std::size_t room_kept_max = 4096;  // between two lines
  codec::LineCodec codec_;
  fuzz::OnlyRequests sink_;
  std::size_t kept_ = 0;  // bytes that have come and are no request's
  std::size_t kept_most_ = 0;
  bool failed_ = false;
};

Outcome read(base::Bytes bytes, std::uint8_t how, unsigned waits_every) {
  Reader reader(waits_every);
  fuzz::in_pieces(bytes, how, [&](base::MutableBytes piece) { return reader.take(piece); });
  return reader.outcome();
}

/// Each chunk is a request, whatever the sink says, and nothing is ever kept.
void check_raw(base::Bytes bytes, std::uint8_t how, unsigned waits_every) {
  codec::RawCodec raw;
  fuzz::OnlyRequests sink(waits_every);
  std::vector<std::string> pieces;
  fuzz::in_pieces(bytes, how, [&](base::MutableBytes piece) {
    pieces.emplace_back(base::text_of(piece));
    const bool open = raw.decode(piece, sink).status == codec::DecodeStatus::open;
    fuzz::require(!raw.unfinished().any && raw.unfinished().bytes == 0, "a chunk is whole");
    return open;
  });
  fuzz::require(raw.decode({}, sink).status == codec::DecodeStatus::open, "nothing is no request");
  fuzz::require(sink.texts == pieces, "each chunk is a request");
}

}  // namespace

FUZZ_TARGET(responder_codec) {
  fuzz::Input input(bytes);
  std::uint8_t how = input.byte();
  const unsigned waits_every = static_cast<unsigned>(input.below(5));
  // Long lines need not be long inputs: a few bytes stand for many, which are not cut into single ones then.
  fuzz::Bytes text;
  std::size_t long_ones = 0;
  for (const std::uint8_t byte : input.rest()) text.insert(text.end(), byte == 0xFF && ++long_ones <= 17 ? 8192 : 1, byte);
  if (long_ones > 0 && how != 255) how = static_cast<std::uint8_t>(8 + how % 5);
  const Outcome wanted = expected(base::text_of(text));
  fuzz::require(fed(text, 255, 0) == wanted, "lines of the whole");
  fuzz::require(fed(text, how, waits_every) == wanted, "lines of pieces, with waits");
  fuzz::require(read(text, how, waits_every) == wanted, "lines as the shard reads them");
  check_raw(text, how, waits_every);
}
