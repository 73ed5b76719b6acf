// One life of an engine on the fake kernel, from a seed: start, a crowd, quiet, drain, end. No thread; shards are stepped in
// random order.
// Owner: the test. Thread: main.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "test/native/sim/askers.h"
#include "test/native/sim/grpc_crowd.h"
#include "test/native/sim/oracle.h"
#include "test/native/sim/plan.h"
#include "test/native/sim/world.h"

namespace sim {

/// What was told of slow consumers, for the counters.
struct Tally {
  std::uint64_t events = 0;
  std::uint64_t skipped = 0;
  std::map<std::pair<unsigned, conn::SlowPolicyId>, std::uint64_t> by_topic;
  std::uint64_t connections_closed = 0;
};

/// A plain HTTP request on the sessions' port.
struct Visitor {
  int socket = -1;
  std::string unsent;
  std::string head;
  bool taken_over = false;
};

class Simulation final : private shard::EventSink {
 public:
  explicit Simulation(Plan plan);
  ~Simulation();

  /// Empty when everything held; else the first thing that did not.
  std::string run();
  /// Of the whole life.
  const std::array<std::int64_t, metrics::metric_count>& stats() const { return stats_; }

 private:
  void start();
  void crowd();
  void calm();
  void drain();
  void end();

  bool post(shard::Event&& event) override;
  bool congested() const override { return congested_; }
  void tally(const shard::Event& event);
  void on_slow(const shard::Slow& event, Watched& watched);
  Watched* find(const shard::Event& event);

  // Sessions (simulation_sessions.cc).
  void on_session_event(const shard::Event& event, Watched& watched);
  void on_session_message(const shard::SessionMessage& event, SessionRecord& record);
  void on_http_connection(const shard::HttpConnection& event);
  void act_for_sessions();
  void open_session();
  void visit();
  void speak();
  void call();
  void call_accept(SessionRecord& record);
  void call_join(Watched& watched, unsigned topic);
  void call_leave(SessionRecord& record, unsigned topic);
  void call_send(SessionRecord& record);
  void end_congestion_and_visits();
  void close_taken_over();
  void check_sessions(bool settled);
  const Watched* someone_to_exclude();

  // Counters and what is kept (simulation_counts.cc).
  void check_settled();
  void check_retained();
  void check_ended();
  std::uint64_t count_deliveries();
  std::uint64_t count_subscriptions() const;
  void check_count(metrics::Metric metric, std::uint64_t expected, const std::string& name);
  std::size_t present() const;
  std::int64_t stat(metrics::Metric metric) const { return engine_->stats()[static_cast<std::size_t>(metric)]; }

  void act();
  void subscribe();
  void join_publisher();
  void publish(unsigned topic);
  void publish_from_socket();
  unsigned any_kind_of_publisher();
  Filler filler_for(const Key& key);
  void someone_leaves();
  bool turn_everything();
  void check_all(bool settled);
  void check_drained(const Watched& watched);
  Watched& add_client(std::uint16_t port, const std::string& target, Pace pace);
  Watched& add_client(std::unique_ptr<Client> client);
  ClientSetup setup_of(std::uint16_t port, const std::string& target, Pace pace);
  Order order_of(unsigned topic);
  std::map<unsigned, Order> orders();
  std::map<unsigned, std::uint64_t> kept_at_least() const;
  void fail(const std::string& what);
  bool failed() const { return !failure_.empty(); }

  Plan plan_;
  Random random_;
  FakeKernel kernel_;
  std::unique_ptr<shard::Engine> engine_;
  World world_;
  GrpcCrowd grpc_;
  Askers askers_;
  Tally tally_;
  std::vector<std::unique_ptr<Watched>> clients_;
  std::map<std::string, Watched*> by_address_;
  std::map<conn::ConnectionId, Watched*> by_session_;
  std::vector<Watched*> witnesses_;  // by topic
  std::map<unsigned, const Watched*> sessions_;  // by publisher
  Excluded excluded_;
  std::vector<Visitor> visitors_;
  std::vector<int> taken_over_;  // sockets that are ours to close
  bool congested_ = false;
  std::map<unsigned, unsigned> next_sequence_;  // of publish() calls, by publisher
  std::uint64_t published_ = 0;                 // when all was quiet
  std::map<unsigned, std::map<unsigned, unsigned>> sent_;
  std::array<std::int64_t, metrics::metric_count> stats_{};
  bool publishing_ = false;
  bool draining_ = false;
  bool drained_ = false;
  std::string failure_;
};

}  // namespace sim
