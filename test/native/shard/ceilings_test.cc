// Ceilings that noise cannot touch: system calls, encodes and allocations of one publication, for 1, 1000 and 19,000
// subscribers. Whoever raises one says why in the commit.
#include <cstdlib>
#include <memory>
#include <new>
#include <string>

#include "native/shard/engine.h"
#include "test/native/shard/null_kernel.h"

#include "test/native/doctest_last.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool counts_allocations = false;  // the sanitizers need operator new for themselves
static std::size_t allocations = 0;
#else
constexpr bool counts_allocations = true;
static thread_local std::size_t allocations = 0;

void* operator new(std::size_t bytes) {
  ++allocations;
  if (void* const memory = std::malloc(bytes)) return memory;
  std::abort();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
#endif

namespace {

struct NoEvents final : shard::EventSink {
  bool post(shard::Event&&) override { return true; }
  bool congested() const override { return false; }
};

std::string handshake() {
  return "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
         "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
}

/// 1024 bytes of text, masked with zeros.
std::string publication() {
  return std::string("\x81\xFE\x04\x00\x00\x00\x00\x00", 8) + std::string(1024, 'x');
}

struct Measured {
  ceilings::Calls calls;
  std::size_t allocations = 0;
  std::int64_t encodes = 0;
  std::int64_t deliveries = 0;
};

class Crowd {
 public:
  explicit Crowd(std::size_t subscribers) : subscribers_(subscribers) {
    shard::EngineOptions options;
    options.connections_max = options.connections_per_address_max = subscribers + 1;
    options.listeners = {{codec::ProtocolId::websocket_publish, *os::Address::parse("127.0.0.1", 8001), false},
                         {codec::ProtocolId::websocket_subscribe, *os::Address::parse("127.0.0.1", 8002), false}};
    shard::StartError error;
    engine_ = shard::Engine::start(std::move(options), kernel_, events_, error);
    publisher_ = kernel_.connect(8001, handshake());
    for (std::size_t i = 0; i < subscribers; ++i) kernel_.connect(8002, handshake());
    while (stat(metrics::Metric::handshakes_completed) < static_cast<std::int64_t>(subscribers + 1)) engine_->shard(0).turn(0);
    publish();  // the first one fills caches
  }

  Measured publish() {
    const std::string bytes = publication();
    kernel_.incoming(publisher_, bytes);
    const std::int64_t encodes = stat(metrics::Metric::encodes);
    const std::int64_t deliveries = stat(metrics::Metric::deliveries);
    kernel_.calls = {};
    const std::size_t before = allocations;
    do {
      engine_->shard(0).turn(0);
    } while (stat(metrics::Metric::deliveries) < deliveries + static_cast<std::int64_t>(subscribers_));
    return {kernel_.calls, allocations - before, stat(metrics::Metric::encodes) - encodes,
            stat(metrics::Metric::deliveries) - deliveries};
  }

 private:
  std::int64_t stat(metrics::Metric metric) const { return engine_->stats()[static_cast<std::size_t>(metric)]; }

  const std::size_t subscribers_;
  NoEvents events_;
  ceilings::NullKernel kernel_;
  std::unique_ptr<shard::Engine> engine_;
  int publisher_ = -1;
};

struct Ceiling {
  std::size_t subscribers;
  std::size_t waits;    // the poller is asked again after 1024 writes
  std::size_t batches;  // 64 writes each: system calls with io_uring
};

}  // namespace

TEST_CASE("ceilings of one publication") {
  for (const Ceiling& ceiling : {Ceiling{1, 1, 1}, Ceiling{1000, 1, 16}, Ceiling{19'000, 19, 298}}) {
    CAPTURE(ceiling.subscribers);
    Crowd crowd(ceiling.subscribers);
    if (counts_allocations) REQUIRE(allocations > ceiling.subscribers);  // the counter counts
    for (int i = 0; i < 3; ++i) {
      const Measured measured = crowd.publish();
      CHECK(measured.deliveries == static_cast<std::int64_t>(ceiling.subscribers));
      CHECK(measured.encodes == 1);
      CHECK(measured.calls.sends == ceiling.subscribers);
      CHECK(measured.calls.batches <= ceiling.batches);
      CHECK(measured.calls.waits <= ceiling.waits);
      CHECK(measured.calls.receives == 1);
      CHECK(measured.calls.maps == 0);
      CHECK(measured.calls.others == 0);
      if (counts_allocations) CHECK(measured.allocations == 0);
    }
  }
}
