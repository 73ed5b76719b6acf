#include "test/native/sim/world.h"

#include <algorithm>

namespace sim {

Pace World::any_pace() {
  const Pace paces[] = {Pace::eager, Pace::leisurely, Pace::slow, plan.hostile ? Pace::stuck : Pace::leisurely};
  return paces[random() % 4];
}

/// Large ones are rare, so that a life stays short: now and then one is as large as it may be.
Filler World::filler(std::size_t bytes_max) {
  Filler filler{between(random, 0, std::min(plan.filler_bytes_max, bytes_max))};
  if (!plan.everything) return filler;
  const Filling fillings[] = {Filling::letters, Filling::controls, Filling::controls, Filling::escapes, Filling::words};
  filler.filling = fillings[random() % 5];
  if (large_bytes_left == 0 || !chance(random, 40)) return filler;
  filler.bytes = chance(random, 400) ? bytes_max : between(random, 0, bytes_max);
  large_bytes_left -= std::min(large_bytes_left, filler.bytes);
  return filler;
}

std::uint64_t World::published(unsigned topic) {
  std::uint64_t& so_far = published_so_far[topic];
  const auto counts = engine->topic_count(topic_name(topic));
  return so_far = std::max(so_far, counts ? counts->published : 0);
}

}  // namespace sim
