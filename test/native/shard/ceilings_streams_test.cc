// Ceilings of one publication to many streams of one connection: system calls, encodes and allocations. Whoever raises one says
// why in the commit.
// Owner: the test. Thread: main.
#include <memory>
#include <string>

#include "native/codec/grpc/grpc_message.h"
#include "native/shard/engine.h"
#include "test/native/codec/http2/http2_wire.h"
#include "test/native/shard/counted_allocations.h"
#include "test/native/shard/null_kernel.h"
#include "test/native/doctest_last.h"

using metrics::Metric;
using wire::operator+;

namespace {

struct NoEvents final : shard::EventSink {
  bool post(shard::Event&&) override { return true; }
  bool congested() const override { return false; }
};

std::string text_of(const h2::Wire& bytes) { return {bytes.begin(), bytes.end()}; }

/// A publisher's message in a DATA frame.
h2::Wire publication(std::uint32_t stream, std::size_t text_bytes) {
  const std::string text(text_bytes, 'x');
  const codec::Message message{7, text};
  h2::Wire bytes(codec::message_bytes(message));
  codec::write_message(message, bytes);
  return h2::data(stream, h2::grpc(bytes));
}

struct Measured {
  ceilings::Calls calls;
  std::size_t allocations = 0;
  std::int64_t encodes = 0;
  std::int64_t bytes_sent = 0;
};

/// Subscribers and their publisher, each a stream of one connection whose windows are as large as they can be.
class Streams {
 public:
  Streams(std::size_t subscribers, std::size_t text_bytes) : subscribers_(subscribers), text_bytes_(text_bytes) {
    shard::EngineOptions options;
    options.listeners = {{codec::ProtocolId::grpc, *os::Address::parse("127.0.0.1", 8004), false}};
    shard::StartError error;
    engine_ = shard::Engine::start(std::move(options), kernel_, events_, error);
    h2::Wire bytes = h2::bytes(codec::http2_preface) + h2::settings({{4, INT32_MAX}}) + h2::window_update(0, INT32_MAX - 65'535);
    for (std::size_t i = 0; i < subscribers; ++i) {
      const h2::Wire subscribe = h2::subscribe(static_cast<std::uint32_t>(2 * i + 1));
      bytes.insert(bytes.end(), subscribe.begin(), subscribe.end());
    }
    connection_ = kernel_.connect(8004, text_of(bytes + h2::call(publisher(), h2::publish_path)));
    while (stat(Metric::subscriptions_now) < static_cast<std::int64_t>(subscribers)) engine_->shard(0).turn(0);
    publish();  // the first one fills caches
  }

  Measured publish() {
    kernel_.incoming(connection_, text_of(publication(publisher(), text_bytes_)));
    const std::int64_t encodes = stat(Metric::encodes);
    const std::int64_t bytes_sent = stat(Metric::bytes_sent);
    const std::int64_t wanted = stat(Metric::deliveries) + static_cast<std::int64_t>(subscribers_);
    kernel_.calls = {};
    const std::size_t before = allocations;
    while (stat(Metric::deliveries) < wanted) engine_->shard(0).turn(0);
    return {kernel_.calls, allocations - before, stat(Metric::encodes) - encodes, stat(Metric::bytes_sent) - bytes_sent};
  }

 private:
  std::uint32_t publisher() const { return static_cast<std::uint32_t>(2 * subscribers_ + 1); }
  std::int64_t stat(Metric metric) const { return engine_->stats()[static_cast<std::size_t>(metric)]; }

  const std::size_t subscribers_;
  const std::size_t text_bytes_;
  NoEvents events_;
  ceilings::NullKernel kernel_;
  std::unique_ptr<shard::Engine> engine_;
  int connection_ = -1;
};

struct Ceiling {
  std::size_t subscribers;
  std::size_t text_bytes;
  std::size_t writes;  // 64 KiB each
};

}  // namespace

TEST_CASE("ceilings of one publication to the streams of one connection") {
  for (const Ceiling& ceiling : {Ceiling{1, 12, 1}, Ceiling{1000, 12, 1}, Ceiling{1000, 1000, 16}, Ceiling{19'000, 12, 9}}) {
    CAPTURE(ceiling.subscribers);
    CAPTURE(ceiling.text_bytes);
    Streams streams(ceiling.subscribers, ceiling.text_bytes);
    for (int i = 0; i < 3; ++i) {
      const Measured measured = streams.publish();
      CHECK(measured.encodes == 1);
      CHECK(measured.calls.receives == 1);
      CHECK(measured.calls.sends <= ceiling.writes);
      CHECK(measured.calls.waits <= ceiling.writes + 1);
      CHECK(measured.calls.maps == 0);
      CHECK(measured.calls.others == 0);
      // A head of nine bytes, gRPC's prefix of five, two for the author, two or three before the text; where a write ends within a
      // message there is one head more.
      CHECK(measured.bytes_sent <= static_cast<std::int64_t>(ceiling.subscribers * (ceiling.text_bytes + 19) + ceiling.writes * 9));
      if (counts_allocations) CHECK(measured.allocations == 0);
    }
  }
}
