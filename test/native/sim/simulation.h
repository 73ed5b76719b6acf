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
  Faults faults;
  shard::EngineOptions options;

  static Plan from_seed(std::uint64_t seed);
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
  bool congested() const override { return false; }
  void on_slow(const shard::Event& event, Watched& watched);
  Watched* find(const shard::Event& event);

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
  std::map<std::uint64_t, Watched*> by_id_;
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
