// What the rooms of a simulated life share.
// Owner: the simulation. Thread: main.
#pragma once

#include <cstdint>
#include <map>
#include <memory>

#include "native/shard/engine.h"
#include "test/native/sim/client.h"
#include "test/native/sim/plan.h"

namespace sim {

struct World {
  const Plan& plan;
  Random& random;
  FakeKernel& kernel;
  const std::unique_ptr<shard::Engine>& engine;
  std::uint32_t next_address = 1;
  unsigned next_publisher = 1000;
  std::size_t large_bytes_left = plan.large_bytes;
  std::map<unsigned, std::uint64_t> published_so_far = {};

  unsigned any_topic() { return static_cast<unsigned>(random() % plan.topics); }
  Pace any_pace();
  /// Of a message that may have `bytes_max` of it.
  Filler filler(std::size_t bytes_max);
  /// A publisher's number, which ends with its topic.
  unsigned publisher_of(unsigned topic, unsigned kind) { return kind + next_publisher++ * 10 + topic; }
  std::size_t message_bytes_max() const { return plan.options.codecs.websocket.message_bytes_max; }
  /// So far, also when the topic is gone.
  std::uint64_t published(unsigned topic);
};

}  // namespace sim
