// Fuzzes native/codec/responder_codec.cc: however lines are cut, and whenever the sink lets the codec wait, the requests are the
// same, none is lost, and they are what cutting the whole at its line feeds gives. The first bytes say how it is cut and how
// often the sink waits.
// Owner: the fuzzer. Thread: main.
#include "native/codec/responder_codec.h"

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

Outcome decoded(base::Bytes bytes, std::uint8_t how, unsigned waits_every) {
  codec::LineCodec codec;
  fuzz::OnlyRequests sink(waits_every);
  Outcome outcome;
  const auto take = [&](base::MutableBytes piece) {
    outcome.failed = codec.decode(piece, sink).status == codec::DecodeStatus::failed;
    return !outcome.failed;
  };
  fuzz::in_pieces(bytes, how, take);
  // What it kept back while the sink waited.
  for (std::size_t before = SIZE_MAX; !outcome.failed && before != sink.texts.size();) {
    before = sink.texts.size();
    take({});
  }
  outcome.requests = std::move(sink.texts);
  return outcome;
}

}  // namespace

FUZZ_TARGET(responder_codec) {
  fuzz::Input input(bytes);
  std::uint8_t how = input.byte();
  const unsigned waits_every = static_cast<unsigned>(input.below(5));
  // Long lines need not be long inputs: a few bytes stand for many.
  fuzz::Bytes text;
  std::size_t long_ones = 0;
  for (const std::uint8_t byte : input.rest()) text.insert(text.end(), byte == 0xFF && ++long_ones <= 17 ? 8192 : 1, byte);
  if (long_ones > 0) how |= 8;  // not byte by byte
  const Outcome wanted = expected(base::text_of(text));
  fuzz::require(decoded(text, 255, 0) == wanted, "lines of the whole");
  fuzz::require(decoded(text, how, waits_every) == wanted, "lines of pieces, with waits");

  codec::RawCodec raw;
  fuzz::OnlyRequests sink(waits_every);
  std::vector<std::string> pieces;
  fuzz::in_pieces(text, how == 0 ? 1 : how, [&](base::MutableBytes piece) {
    pieces.emplace_back(base::text_of(piece));
    return raw.decode(piece, sink).status == codec::DecodeStatus::open;
  });
  fuzz::require(sink.texts == pieces, "each chunk is a request");
}
