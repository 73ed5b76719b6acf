// The engine's options, complete and validated (src/config holds the bounds and the defaults for users).
// Owner: the engine; never changed after start. Thread: any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "native/codec/http1/forwarded.h"
#include "native/codec/http1/http_host.h"
#include "native/codec/protocol.h"
#include "native/conn/slow_policy.h"
#include "native/os/endpoint.h"
#include "native/os/networks.h"
#include "native/topic/histories.h"
#include "native/shard/client_options.h"
#include "native/topic/idempotency.h"
#include "native/topic/retained.h"
#include "native/transport/tls_context.h"
#include "native/transport/transport.h"

namespace shard {

struct ListenerOptions {
  codec::ProtocolId protocol{};
  os::Endpoint address;
  bool optional = false;  // the machine may lack the address: skip it then
  codec::WebRules web = {};  // of protocols whose targets name topics; sessions' pages are the control plane's affair
  bool proxy_protocol = false;  // trusted proxies begin with a PROXY header
  bool asks = false;            // the control plane decides who may do what, before anything is done
  transport::TransportId transport = transport::TransportId::plain;
  std::size_t tls_context = 0;  // of the transport `tls`: its index in EngineOptions::tls
};

/// Whose word on the addresses of their clients is taken.
struct ProxyOptions {
  os::Networks trusted;
  codec::ForwardedHeader header = codec::ForwardedHeader::x_forwarded_for;  // by which they tell, in requests
};

/// How long silence is borne before the peer is pinged, and how long its answer may take.
struct Patience {
  std::uint32_t ping_interval_ms = 30'000;
  std::uint32_t pong_ms = 10'000;
};

enum class Reply : std::uint8_t {
  fixed,  // the configured text
  echo,   // the request
  last,   // the last message of the topic that the request names
};

struct ResponderOptions {
  Reply reply = Reply::fixed;
  std::string text = "respuesta";
  std::string missing = "none";       // where a topic has no last message, or none that its framing can carry
  std::uint32_t idle_ms = 300'000;    // without a request that was read; 0: for ever
};

/// What a thread does for a shorter way from a packet to its handler. Beyond `cpus`, which everybody may set.
struct LatencyOptions {
  std::uint32_t spin_us = 0;  // how long a shard asks again before it sleeps
  bool real_time = false;     // SCHED_FIFO
  bool lock_memory = false;
};

struct EngineOptions {
  std::vector<ListenerOptions> listeners;
  std::shared_ptr<transport::TlsContexts> tls;  // null: no listener has it. What is in it may change (TlsContexts::set).
  unsigned shards = 1;
  bool reuse_port = false;
  std::vector<int> cpus;  // shard k runs on cpus[k % size]; empty: wherever the system likes

  ProxyOptions proxies;
  std::size_t connections_max = 10'000;
  std::size_t connections_per_address_max = 10'000;
  ClientOptions clients;
  std::uint32_t control_frames_per_second_max = 100;
  std::size_t topics_max = 100'000;
  std::string epoch_seed;  // 7 to 20 characters of [0-9A-Za-z] that no earlier run had; empty: made of the time of day
  /// Prefixes of topics that belong to a session protocol's tenants: the other protocols' clients are refused there.
  std::vector<std::string> reserved_topics;
  std::size_t log_bytes_max = 256 * 1024 * 1024;
  int send_buffer_bytes = 64 * 1024;
  codec::HttpLimits http;
  codec::TopicLimits topics;
  codec::CodecLimits codecs;
  std::size_t streams_max = 1'000'000;                  // open, over all connections; over it a new one is UNAVAILABLE
  std::size_t stream_bytes_max = 256 * 1024 * 1024;     // half-sent messages and unread answers, over all connections
  std::size_t received_bytes_max = 256 * 1024 * 1024;   // half-sent messages of connections without streams, all together

  std::uint32_t handshake_ms = 10'000;
  std::uint32_t keep_alive_ms = 75'000;  // a connection between two requests, where the first one was refused and left it open
  std::uint32_t message_ms = 30'000;  // from a message's first byte to its last
  Patience idle;
  Patience sessions{120'000, 30'000};
  /// With what a drain closes sessions. 4100..4199: they come back after a second, to the next process, so the listeners stay open until
  /// the end; others: they come back at once, to another one, so nobody is let in from the beginning on (shard_drain.cc).
  std::uint16_t session_drain_code = 4100;
  std::uint32_t close_ms = 5'000;

  ResponderOptions responder;
  topic::RetainLimits retain;
  topic::HistoryLimits history;
  topic::IdempotencyLimits idempotency;
  LatencyOptions latency;

  std::vector<conn::SlowRule> slow_rules{{"*", conn::SlowPolicyId::disconnect, {}}};
};

}  // namespace shard
