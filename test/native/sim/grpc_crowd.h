// gRPC in a simulated life: connections of many streams, which subscribe, publish and ask, and grant windows as they like.
// Owner: the simulation. Thread: main.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "native/shard/engine.h"
#include "test/native/sim/grpc_client.h"
#include "test/native/sim/messages.h"
#include "test/native/sim/oracle.h"
#include "test/native/sim/world.h"

namespace sim {

/// A publication that a topic retained.
struct Retained {
  std::uint64_t offset = 0;
  Key key;
};

/// A subscribed stream: what it asked for, what came.
struct StreamSubscription {
  unsigned topic = 0;
  std::uint64_t begin_min = 0;               // the offset at which it begins is in these
  std::optional<std::uint64_t> begin_max;    // once it was told that it has begun
  bool wants_last = false;
  std::optional<std::uint64_t> since;
  std::optional<Retained> greeting;
  std::vector<Key> messages;
  bool left = false;
};

struct StreamPublisher {
  unsigned topic = 0;
  unsigned publisher = 0;
  unsigned sent = 0;
  bool counts = false;  // its answer says how many there were
  bool ended = false;
};

/// Last.
struct StreamQuestion {
  unsigned topic = 0;
  std::uint64_t published = 0;  // when it was asked
  std::optional<std::uint64_t> published_then;  // when the answer came
  std::optional<Retained> answer;
  bool left = false;
};

struct GrpcPeer {
  std::unique_ptr<GrpcClient> client;
  Pace pace = Pace::eager;
  std::map<std::uint32_t, StreamSubscription> subscriptions;
  std::map<std::uint32_t, StreamPublisher> publishers;
  std::map<std::uint32_t, StreamQuestion> questions;
  std::map<unsigned, std::uint64_t> skipped;  // by topic, as reported
  unsigned ended_slow = 0;                    // streams, as reported
  bool closed = false;                        // by the engine, as reported
  std::string trouble;

  bool is_open() const { return !client->is_over() && !closed && !client->goaway; }
};

class GrpcCrowd {
 public:
  explicit GrpcCrowd(World& world) : world_(world) {}

  void act();
  /// True when anything moved.
  bool step();
  /// Nobody is stuck or stingy any more.
  void calm();
  /// See Client::read_lost; all are over.
  void read_lost() {
    for (const auto& each : peers_) each->client->read_lost();
  }
  /// False when it is not of one of ours.
  bool on_event(const shard::Event& event);
  /// Everybody asks once more, also between the drain's two steps, where it is still answered.
  void ask_while_draining();

  /// Empty when all is right.
  std::string check(const std::map<unsigned, Order>& orders, bool settled) const;
  std::string check_drained() const;
  std::size_t present() const;
  std::size_t subscriptions() const;  // open
  std::uint64_t deliveries() const;
  std::size_t ended_slow() const;     // streams that were told so

 private:
  GrpcPeer* someone();
  void connect();
  void act_of(GrpcPeer& peer);
  void subscribe(GrpcPeer& peer);
  void begin_publishing(GrpcPeer& peer);
  void publish(GrpcPeer& peer);
  void publish_one(GrpcPeer& peer);
  void ask(GrpcPeer& peer);
  void leave_a_stream(GrpcPeer& peer);
  void grant(GrpcPeer& peer);
  void change(GrpcPeer& peer);
  void on_message(GrpcPeer& peer, std::uint32_t stream, const GrpcMessage& message);
  void look_at(GrpcPeer& peer);
  std::string text_for(StreamPublisher& publisher);

  World& world_;
  std::vector<std::unique_ptr<GrpcPeer>> peers_;
  std::map<std::string, GrpcPeer*> by_address_;
};

/// Empty when what came over a connection's streams is right (grpc_oracle.cc).
std::string check_peer(const GrpcPeer& peer, const std::map<unsigned, Order>& orders, const Plan& plan, bool settled);

}  // namespace sim
