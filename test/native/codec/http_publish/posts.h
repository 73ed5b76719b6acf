// Runs an HttpPublishCodec over wire bytes cut in every way and writes down what it commanded, one word per command:
//   head(target) continue post(text|binary,payload,key) refused(413) other(the bytes it was given back) and last: open or closed.
// Owner: the test. Thread: main.
#pragma once

#include <string>
#include <vector>

#include "native/codec/http_publish/http_publish_codec.h"
#include "test/native/doctest_last.h"

namespace posts {

class Recorder final : public codec::PostSink {
 public:
  bool takes(const codec::HttpRequest& request) override {
    other = request.method != "POST";
    return !other;
  }
  std::optional<codec::HttpRefusal> on_head(const codec::HttpRequest& request, codec::PostHead& head) override {
    head.target = request.target;
    commands += "head(" + head.target + ") ";
    if (head.target == "/refused") return codec::HttpRefusal{403, "this one is"};
    return std::nullopt;
  }
  void on_continue() override { continued = true; }
  codec::PostFlow on_post(const codec::Post& post) override {
    if (again > 0 && again-- > 0) return codec::PostFlow::again;
    commands += std::string("post(") + (post.kind == codec::PayloadKind::text ? "text," : "binary,") + std::string(base::text_of(post.payload));
    commands += post.head.key.empty() ? ") " : "," + post.head.key + ") ";
    return flow;
  }
  void on_refused(const codec::PostHead& head, const codec::HttpRefusal& refusal) override {
    CHECK(refusal.closes == head.closes);
    CHECK(!refusal.reason.empty());
    commands += "refused(" + std::to_string(refusal.status) + ") ";
  }

  std::string commands;
  codec::PostFlow flow = codec::PostFlow::go_on;
  unsigned again = 0;  // so often
  bool continued = false;
  bool other = false;  // a request that it does not take has come
};

struct Setup {
  codec::CodecLimits limits = {};
  unsigned again = 0;
  codec::PostFlow flow = codec::PostFlow::go_on;
};

/// A codec with its record, fed as a shard does: what it leaves comes again, before anything else.
class Run {
 public:
  explicit Run(const Setup& setup = {}) : codec_(setup.limits) {
    recorder_.again = setup.again;
    recorder_.flow = setup.flow;
  }

  void feed(std::string_view bytes) {
    if (over_) return;
    std::vector<std::uint8_t> piece(bytes.begin(), bytes.end());  // of its exact size: ASan sees every stray access
    do {
      const codec::Decoded decoded = codec_.decode(piece, recorder_);
      if (decoded.status == codec::DecodeStatus::closed) return end("closed");
      piece.assign(piece.end() - static_cast<std::ptrdiff_t>(decoded.left), piece.end());
      if (recorder_.other) return give_back(piece);
    } while (!piece.empty() || codec_.keeps_post());
  }
  void end(const char* word) {
    over_ = true;
    word_ = word;
  }
  std::string result() const { return recorder_.commands + word_; }
  const Recorder& recorder() const { return recorder_; }
  codec::HttpPublishCodec& codec() { return codec_; }

 private:
  void give_back(const std::vector<std::uint8_t>& left) {
    std::vector<std::uint8_t> bytes = codec_.take_kept();
    bytes.insert(bytes.end(), left.begin(), left.end());
    recorder_.commands += "other(" + std::string(base::text_of(bytes)) + ") ";
    over_ = true;
  }

  codec::HttpPublishCodec codec_;
  Recorder recorder_;
  bool over_ = false;
  const char* word_ = "open";
};

/// The same commands whole, byte by byte, in small pieces, and split in two at every boundary; and when requests have to be given again.
inline void check(const std::string& bytes, const std::string& expected, const Setup& setup = {}) {
  const auto in_pieces = [&](std::size_t piece_bytes, const Setup& how) {
    Run run(how);
    for (std::size_t at = 0; at < bytes.size(); at += piece_bytes) run.feed(std::string_view(bytes).substr(at, piece_bytes));
    return run.result();
  };
  for (const std::size_t piece_bytes : {bytes.size(), std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{7}, std::size_t{64}}) {
    CAPTURE(piece_bytes);
    CHECK(in_pieces(piece_bytes, setup) == expected);
  }
  for (std::size_t split = 0; split <= bytes.size(); ++split) {
    Run run(setup);
    run.feed(std::string_view(bytes).substr(0, split));
    run.feed(std::string_view(bytes).substr(split));
    if (run.result() == expected) continue;
    CAPTURE(split);
    CHECK(run.result() == expected);
  }
  Setup again = setup;
  again.again = 3;
  CHECK(in_pieces(bytes.size(), again) == expected);
  CHECK(in_pieces(1, again) == expected);
}

}  // namespace posts
