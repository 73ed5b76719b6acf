// Covers what native/shard/fan_out.cc counts as delivered where a pass writes directly: frames, not the publications that an
// encoding cannot say or that leave the subscriber out.
// Owner: the test. Thread: main.
#include "native/shard/fan_out.h"

#include <memory>

#include "test/native/shard/null_kernel.h"
#include "test/native/topic/topic_fixture.h"
#include "test/native/doctest_last.h"

using namespace fixture;
using metrics::Metric;

namespace {

/// Takes at most `taken_max` bytes of each write.
struct TakingKernel final : ceilings::NullKernel {
  void send_batch(std::span<os::SendOp> ops) override {
    NullKernel::send_batch(ops);
    for (os::SendOp& op : ops) op.result.bytes = std::min(op.result.bytes, taken_max);
  }
  std::size_t taken_max = SIZE_MAX;
};

struct Owner final : shard::FanOutOwner {
  bool may_join(const conn::Connection&) const override { return true; }
  bool on_joined(conn::Connection&, const topic::TopicRef&, topic::Join&) override { return true; }
  void on_write_failed(conn::Connection&) override {}
  void on_rest_unread(conn::Connection&) override {}
  void on_blocked(conn::Connection&) override {}
  void on_drained(conn::Connection&) override {}
  void on_streams_written(conn::Connection&) override {}
  void on_slow(const shard::SlowReport&, conn::SlowAction) override {}
  void on_unsent(const shard::SlowReport&) override {}
  void on_heard(std::uint64_t) override {}
};

/// One shard's fan out with subscribers of a topic, one topic each, in an encoding that cannot say everything.
struct Scene {
  explicit Scene(std::size_t subscribers) {
    rules.push_back({"*", conn::SlowPolicyId::disconnect, {}});
    fan_out = std::make_unique<shard::FanOut>(0, kernel, transports, memory, connections, block, rules, owner);
    for (std::size_t i = 0; i < subscribers; ++i) {
      conn::Connection& connection = connections.add();
      connection.state = conn::State::open;
      connection.id = 100 + i;
      connection.fd = static_cast<int>(100 + i);
      kernel.watch(0, connection.fd, connection.id, os::Watch::edge_in_out);
      fan_out->audience().subscribe(connection, topic, grpc);
    }
  }
  /// Until nothing is left to be written.
  void run() {
    fan_out->log_ready(topic, grpc);
    while (fan_out->has_work()) fan_out->run();
  }

  TakingKernel kernel;
  metrics::Block block;
  transport::Transports transports{{kernel, block}};
  topic::LogMemory memory{kernel, 64 << 20};
  conn::ConnectionTable connections;
  std::vector<conn::SlowRule> rules;
  Owner owner;
  topic::TopicRef topic = std::make_shared<topic::Topic>("t");
  std::unique_ptr<shard::FanOut> fan_out;
};

}  // namespace

TEST_CASE("fan out: a publication that the encoding cannot say is delivered to nobody, wherever it stands among others") {
  for (const std::size_t taken_max : {SIZE_MAX, std::size_t{100}, std::size_t{1}}) {
    CAPTURE(taken_max);
    Scene scene(3);
    scene.kernel.taken_max = taken_max;
    std::int64_t said = 0;
    for (const bool is_text : {true, false, false, true, true, false}) {
      if (is_text) {
        publish(*scene.topic, scene.memory, std::string(50, 'x'));
        ++said;
      } else {
        publish_binary(*scene.topic, scene.memory);
      }
    }
    scene.run();
    CHECK(scene.block.get(Metric::deliveries) == 3 * said);
    publish_binary(*scene.topic, scene.memory);
    publish(*scene.topic, scene.memory, "last");
    scene.run();
    CHECK(scene.block.get(Metric::deliveries) == 3 * (said + 1));
  }
}

TEST_CASE("fan out: who is left out of a publication has it not delivered, beside one that nobody gets") {
  Scene scene(3);
  publish(*scene.topic, scene.memory, "for all");
  publish_binary(*scene.topic, scene.memory);
  publish_without(101, *scene.topic, scene.memory, "for two");
  publish_binary(*scene.topic, scene.memory);
  publish(*scene.topic, scene.memory, "for all");
  scene.run();
  CHECK(scene.block.get(Metric::deliveries) == 3 + 2 + 3);
}
