// An engine on the fake kernel, of one shard unless asked otherwise, for tests of one thing at a time.
// Owner: the test. Thread: main.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "native/shard/engine.h"
#include "native/shard/event_backlog.h"
#include "test/native/sim/client.h"
#include "test/native/sim/grpc_client.h"
#include "test/native/sim/pusher_client.h"
#include "test/native/sim/tls_peer.h"
#include "test/native/sim/told.h"

namespace sim {

class EngineOnFake : private shard::EventSink {
 public:
  static constexpr std::uint16_t session_port = 8003;
  static constexpr std::uint16_t grpc_port = 8004;
  static constexpr std::uint16_t http_port = 8005;

  /// `asks`: of each listener for which somebody is to be asked who may do what; sessions' never is.
  explicit EngineOnFake(shard::EngineOptions options = {}, bool asks = false) : kernel(1), random_(1) {
    options.listeners = {{codec::ProtocolId::websocket_publish, *os::Address::parse("127.0.0.1", 8001), false},
                         {codec::ProtocolId::websocket_subscribe, *os::Address::parse("127.0.0.1", 8002), false},
                         {codec::ProtocolId::pusher, *os::Address::parse("127.0.0.1", session_port), false},
                         {codec::ProtocolId::grpc, *os::Address::parse("127.0.0.1", grpc_port), false},
                         {codec::ProtocolId::http, *os::Address::parse("127.0.0.1", http_port), false}};
    for (shard::ListenerOptions& each : options.listeners) each.asks = asks && each.protocol != codec::ProtocolId::pusher;
    if (options.tls) secure(options);
    shard::StartError error;
    engine = shard::Engine::start(std::move(options), kernel, *this, error);
    engine->set_connection_events(true);
  }

  Client& subscriber(const std::string& target, std::size_t send_buffer_bytes = 64 * 1024) {
    return add<Client>(8002, target, send_buffer_bytes);
  }
  TextClient& text_subscriber(const std::string& target, std::size_t send_buffer_bytes = 64 * 1024) {
    return add<TextClient>(8002, target, send_buffer_bytes);
  }
  Client& publisher(const std::string& target) { return add<Client>(8001, target, 64 * 1024); }
  PusherClient& session(const std::string& target = "/app/key", std::size_t send_buffer_bytes = 64 * 1024) {
    return add<PusherClient>(session_port, target, send_buffer_bytes);
  }
  GrpcClient& grpc(GrpcSetup setup = {}) {
    setup.port = grpc_port;
    setup.address = address_of(same_address ? 1 : static_cast<std::uint32_t>(1'000'000 + grpc_clients.size()));
    return *grpc_clients.emplace_back(std::make_unique<GrpcClient>(kernel, setup));
  }

  shard::PublishStatus publish(const std::string& topic, const std::string& payload) {
    return engine->publish(topic, {codec::PayloadKind::text, base::bytes_of(payload)}).status;
  }
  shard::PublishStatus publish_binary(const std::string& topic, const std::string& payload) {
    return engine->publish(topic, {codec::PayloadKind::binary, base::bytes_of(payload)}).status;
  }
  /// A message as clients verify it; the sequence counts on.
  shard::PublishStatus publish(const std::string& topic, std::size_t filler_bytes) {
    return publish(topic, payload_of({0, 0, sequence_++}, filler_bytes));
  }

  /// The engine turns and clients move, until nothing does; time goes on by `ms` a round.
  void settle(std::int64_t ms = 0) {
    for (int quiet = 0; quiet < 4; ++quiet) {
      if (step(ms)) quiet = 0;
    }
  }
  /// One round of it; true when a client has moved.
  bool step(std::int64_t ms = 0) {
    const std::uint64_t moves_before = kernel.layer_moves;
    turn(ms);
    bool moved = false;
    for (const auto& each : clients) moved = each->step() || moved;
    for (const auto& each : grpc_clients) moved = each->step() || moved;
    return moved || kernel.layer_moves != moves_before;
  }
  void turn(std::int64_t ms = 0) {
    kernel.advance_ns(ms * 1'000'000);
    for (unsigned i = 0; i < engine->shards(); ++i) engine->shard(i).turn(0);
  }
  std::int64_t stat(metrics::Metric metric) const { return engine->stats()[static_cast<std::size_t>(metric)]; }
  template <typename Kind>
  std::size_t count() const {
    return static_cast<std::size_t>(std::count_if(events.begin(), events.end(), is<Kind>));
  }

  /// The control plane takes what waits for it.
  std::vector<shard::Event> deliver() {
    if (backlog) backlog->clear();
    return std::exchange(events, {});
  }

  FakeKernel kernel;
  std::vector<shard::Event> events;
  std::unique_ptr<shard::Engine> engine;
  std::vector<std::unique_ptr<Client>> clients;
  std::vector<std::unique_ptr<GrpcClient>> grpc_clients;
  bool same_address = false;
  bool congested_now = false;  // the control plane has enough to do
  std::optional<shard::EventBacklog> backlog;  // and when this much waits for it
  std::uint64_t batch_now = 0;  // which batch gathers for it; 0: it does not tell
  bool closed = false;         // it takes no events any more

 private:
  template <typename Kind>
  Kind& add(std::uint16_t port, const std::string& target, std::size_t send_buffer_bytes) {
    ClientSetup setup;
    setup.port = port;
    setup.target = target;
    setup.send_buffer_bytes = send_buffer_bytes;
    setup.address = address_of(same_address ? 1 : static_cast<std::uint32_t>(clients.size()));
    auto made = std::make_unique<Kind>(kernel, random_, setup);
    Kind& kind = *made;
    clients.push_back(std::move(made));
    return kind;
  }
  /// Every listener speaks TLS by the first context, and every peer too.
  void secure(shard::EngineOptions& options) {
    for (shard::ListenerOptions& each : options.listeners) each.transport = transport::TransportId::tls;
    kernel.layer = [] { return std::make_unique<TlsPeer>(); };
  }
  bool congested() const override { return congested_now || (backlog && backlog->full()); }
  std::uint64_t batch() const override { return batch_now; }
  bool post(shard::Event&& event) override {
    if (closed) return false;
    if (backlog) backlog->add(event);
    events.push_back(std::move(event));
    return true;
  }

  Random random_;
  unsigned sequence_ = 0;
};

}  // namespace sim
