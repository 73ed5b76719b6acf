// Runs a codec over wire bytes cut in every way and writes down what it commanded, one word per command:
//   text(Hello) binary(00ff) ignored ping(Hi) pong() close(1000,bye) and last: open, closed or failed(1002);
//   of a responder: request(its bytes)
//   of a session protocol: session(any text) client(event|channel|data) application-ping(the answer)
// Owner: the test. Thread: main.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "native/codec/websocket/websocket_codec.h"
#include "test/native/codec/wire.h"
#include "test/native/vendor/doctest.h"

namespace wire {

class Recorder final : public codec::MessageSink, public codec::SessionSink, public codec::RequestSink {
 public:
  codec::Flow on_message(codec::PayloadKind kind, base::Bytes payload) override {
    const std::string text(base::text_of(payload));
    commands += kind == codec::PayloadKind::text ? "text(" + text + ") " : "binary(" + to_hex(text) + ") ";
    return flow;
  }
  void on_ignored_message() override { commands += "ignored "; }
  void on_ping(base::Bytes payload) override { commands += "ping(" + std::string(base::text_of(payload)) + ") "; }
  void on_pong(base::Bytes payload) override { commands += "pong(" + std::string(base::text_of(payload)) + ") "; }
  void on_close(std::uint16_t code, std::string_view reason) override {
    commands += "close(" + std::to_string(code) + "," + std::string(reason) + ") ";
  }
  codec::Flow on_session_message(std::string_view text) override {
    commands += "session(" + std::string(text) + ") ";
    return flow;
  }
  codec::Flow on_client_publication(const codec::ClientPublication& publication) override {
    commands += "client(" + std::string(publication.event) + "|" + std::string(publication.channel) + "|" +
                std::string(publication.data) + ") ";
    last_message = publication.message;
    return flow;
  }
  void on_application_ping(std::string_view answer) override { commands += "application-ping(" + std::string(answer) + ") "; }

  codec::Flow on_request(base::Bytes request) override {
    commands += "request(" + std::string(base::text_of(request)) + ") ";
    return flow;
  }

  codec::Flow flow = codec::Flow::go_on;
  std::string commands;
  std::string last_message;  // of which a client's publication was made
};

/// Whichever kind of codec it is, but one with streams.
inline codec::Decoded decode(codec::Codec& codec, base::MutableBytes in, Recorder& recorder) {
  if (auto* const messages = dynamic_cast<codec::MessageCodec*>(&codec)) return messages->decode(in, recorder);
  if (auto* const session = dynamic_cast<codec::SessionCodec*>(&codec)) return session->decode(in, recorder);
  auto* const requests = dynamic_cast<codec::RequestCodec*>(&codec);
  REQUIRE(requests != nullptr);
  return requests->decode(in, recorder);
}

struct Setup {
  codec::WebSocketLimits limits = {};
  codec::DataFrames data_frames = codec::DataFrames::deliver;
  std::unique_ptr<codec::Codec> (*make_codec)(const codec::WebSocketLimits&) = nullptr;  // null: a WebSocketCodec
};

inline std::unique_ptr<codec::Codec> codec_of(const Setup& setup) {
  if (setup.make_codec != nullptr) return setup.make_codec(setup.limits);
  return std::make_unique<codec::WebSocketCodec>(setup.limits, setup.data_frames);
}

inline std::string word_of(const codec::Decoded& decoded) {
  switch (decoded.status) {
    case codec::DecodeStatus::open: return "open";
    case codec::DecodeStatus::closed: return "closed";
    case codec::DecodeStatus::failed: break;
  }
  REQUIRE(!decoded.reason.empty());
  REQUIRE(decoded.reason.size() <= 123);
  return "failed(" + std::to_string(codec::websocket_code_of(decoded.ending)) + ")";
}

/// A codec with its record. Each piece is decoded in a buffer of its exact size, so that ASan sees every stray access.
class Run {
 public:
  explicit Run(const Setup& setup = {}) : codec_(codec_of(setup)) {}

  void feed(Wire piece) {
    piece.shrink_to_fit();
    last_ = decode(*codec_, piece, recorder_);
  }
  void feed(const Wire& all, std::size_t from, std::size_t to) {
    feed(Wire(all.begin() + static_cast<std::ptrdiff_t>(from), all.begin() + static_cast<std::ptrdiff_t>(to)));
  }
  std::string result() const { return recorder_.commands + word_of(last_); }
  const codec::Decoded& last() const { return last_; }
  const Recorder& recorder() const { return recorder_; }

 private:
  std::unique_ptr<codec::Codec> codec_;
  Recorder recorder_;
  codec::Decoded last_;
};

inline std::string run_whole(const Wire& all, const Setup& setup = {}) {
  Run run(setup);
  run.feed(all);
  return run.result();
}

inline std::string run_in_pieces(const Wire& all, std::size_t piece_bytes, const Setup& setup = {}) {
  Run run(setup);
  for (std::size_t at = 0; at < all.size(); at += piece_bytes) run.feed(all, at, std::min(all.size(), at + piece_bytes));
  return run.result();
}

inline std::string run_split(const Wire& all, std::size_t split, const Setup& setup = {}) {
  Run run(setup);
  run.feed(all, 0, split);
  run.feed(all, split, all.size());
  return run.result();
}

/// The same commands whole, split in two at every boundary (near both ends only, when long), and byte by byte.
inline void check_commands(const Wire& all, const std::string& expected, const Setup& setup = {}) {
  CHECK(run_whole(all, setup) == expected);
  for (const std::size_t piece_bytes : {1u, 2u, 3u, 7u, 64u}) {
    CAPTURE(piece_bytes);
    CHECK(run_in_pieces(all, piece_bytes, setup) == expected);
  }
  constexpr std::size_t every = 600;
  for (std::size_t split = 0; split <= all.size(); ++split) {
    if (split == every && all.size() > 2 * every) split = all.size() - every;
    if (run_split(all, split, setup) == expected) continue;
    CAPTURE(split);
    CHECK(run_split(all, split, setup) == expected);
  }
}

}  // namespace wire
