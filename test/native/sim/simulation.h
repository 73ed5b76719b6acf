// One life of an engine on the fake kernel, from a seed: start, a crowd, quiet, drain, end. No thread; shards are stepped in
// random order.
// Owner: the test. Thread: main.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "test/native/sim/oracle.h"

namespace sim {

struct Plan {
  std::uint64_t seed = 1;
  unsigned shards = 1;
  unsigned topics = 1;
  unsigned steps = 1000;
  unsigned clients_max = 12;
  std::size_t filler_bytes_max = 2000;
  std::size_t send_buffer_bytes = 64 * 1024;
  unsigned publish_in_thousand = 200;
  unsigned publish_between_calls_in_thousand = 0;
  bool hostile = true;  // clients that get stuck or leave
  bool sessions = false;
  unsigned calls_in_thousand = 0;          // of the control plane, between acts
  unsigned calls_between_in_thousand = 0;  // and between system calls
  unsigned congested_in_thousand = 0;
  Faults faults;
  shard::EngineOptions options;

  static Plan from_seed(std::uint64_t seed);
  /// The same life, with sessions and a control plane in it.
  static Plan with_sessions(std::uint64_t seed);
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

 private:
  void start();
  void crowd();
  void calm();
  void drain();
  void end();

  bool post(shard::Event&& event) override;
  bool congested() const override { return congested_; }
  void on_slow(const shard::Event& event, Watched& watched);
  Watched* find(const shard::Event& event);

  // Sessions (simulation_sessions.cc).
  void on_session_event(const shard::Event& event, Watched& watched);
  void on_session_message(const shard::Event& event, SessionRecord& record);
  void on_http_connection(const shard::Event& event);
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

  void act();
  void subscribe();
  void join_publisher();
  void publish(unsigned topic);
  void publish_from_socket();
  void someone_leaves();
  bool turn_everything();
  void check_all(bool settled);
  void check_drained(const Watched& watched);
  Watched& add_client(std::uint16_t port, const std::string& target, Pace pace);
  ClientSetup setup_of(std::uint16_t port, const std::string& target, Pace pace);
  Order order_of(unsigned topic) const;
  std::uint64_t published(unsigned topic) const;
  void fail(const std::string& what);
  bool failed() const { return !failure_.empty(); }

  Plan plan_;
  Random random_;
  FakeKernel kernel_;
  std::unique_ptr<shard::Engine> engine_;
  std::vector<std::unique_ptr<Watched>> clients_;
  std::vector<Watched*> witnesses_;  // by topic
  std::map<unsigned, const Watched*> sessions_;  // by publisher
  Excluded excluded_;
  std::vector<Visitor> visitors_;
  std::vector<int> taken_over_;  // sockets that are ours to close
  bool congested_ = false;
  std::map<unsigned, unsigned> next_sequence_;  // of publish() calls, by topic
  std::map<unsigned, std::map<unsigned, unsigned>> sent_;
  std::uint32_t next_address_ = 1;
  unsigned next_publisher_ = 1000;
  bool publishing_ = false;
  bool draining_ = false;
  bool drained_ = false;
  std::string failure_;
};

}  // namespace sim
