// Fuzzes lines: however they are cut, and whenever the sink lets the codec wait, the requests are the same, and none is lost.
// The first byte says how the rest is cut and how often the sink waits.
// Owner: libFuzzer. Thread: main.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "native/codec/responder_codec.h"

namespace {

class Requests final : public codec::CommandSink {
 public:
  explicit Requests(unsigned waits_every) : waits_every_(waits_every) {}

  codec::Flow on_request(base::Bytes request) override {
    texts.emplace_back(request.begin(), request.end());
    return waits_every_ != 0 && texts.size() % waits_every_ == 0 ? codec::Flow::wait : codec::Flow::go_on;
  }
  codec::Flow on_message(codec::PayloadKind, base::Bytes) override { std::abort(); }
  void on_ignored_message() override { std::abort(); }
  void on_ping(base::Bytes) override { std::abort(); }
  void on_pong() override { std::abort(); }
  codec::Flow on_session_message(std::string_view) override { std::abort(); }
  void on_close(std::uint16_t, std::string_view) override { std::abort(); }
  codec::Flow on_client_publication(const codec::ClientPublication&) override { std::abort(); }
  void on_application_ping(std::string_view) override { std::abort(); }

  std::vector<std::string> texts;

 private:
  const unsigned waits_every_;
};

struct Outcome {
  std::vector<std::string> requests;
  codec::DecodeStatus status = codec::DecodeStatus::open;

  friend bool operator==(const Outcome&, const Outcome&) = default;
};

Outcome decoded(std::vector<std::uint8_t> bytes, std::size_t piece, unsigned waits_every) {
  codec::LineCodec codec;
  Requests sink(waits_every);
  Outcome outcome;
  for (std::size_t at = 0; at < bytes.size() && outcome.status == codec::DecodeStatus::open; at += piece) {
    const std::size_t length = std::min(piece, bytes.size() - at);
    outcome.status = codec.decode(base::MutableBytes(bytes).subspan(at, length), sink).status;
  }
  // What it kept back while the sink waited.
  for (std::size_t before = SIZE_MAX; outcome.status == codec::DecodeStatus::open && before != sink.texts.size();) {
    before = sink.texts.size();
    outcome.status = codec.decode({}, sink).status;
  }
  outcome.requests = std::move(sink.texts);
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::vector<std::uint8_t> input(data + 1, data + size);
  const std::size_t piece = 1 + data[0] % 16 * 61;
  if (decoded(input, input.size() + 1, 0) != decoded(input, piece, data[0] / 16)) std::abort();
  return 0;
}
