// The shard's part of who may do what: answers that come, accesses that fall, and a wall clock that is set. (Questions, and what becomes of an
// answer: roles/auth_door.h.)
#include <algorithm>
#include <random>

#include "native/shard/roles/auth_door.h"
#include "native/shard/shard.h"

namespace shard {

using conn::Access;
using conn::Connection;
using conn::State;

/// For a connection that is gone, or that does not wait for it any more, it is nothing.
void Shard::take_verdict(Message& message) {
  Connection* const connection = connections_.find_id(message.connection);
  if (connection == nullptr || !connection->authorization) return;
  role_of(*connection).on_verdict(*connection, std::move(message.auth->verdict));
}

/// `change`: of an access; true when its end has moved.
template <typename Change>
void Shard::change_ends(Change change) {
  for (std::uint32_t slot = 0; slot < connections_.slots(); ++slot) {
    Connection& connection = connections_.at(slot);
    if (!connection.authorization || connection.state != State::open) continue;
    std::vector<Access*> accesses;  // each once, however many streams have it
    connection.authorization->for_each_access([&](Access& each) { accesses.push_back(&each); });
    std::sort(accesses.begin(), accesses.end());
    accesses.erase(std::unique(accesses.begin(), accesses.end()), accesses.end());
    if (std::count_if(accesses.begin(), accesses.end(), [&](Access* each) { return change(*each); }) == 0) continue;
    connection.authorization->find_end();
    arm(connection);
  }
}

/// Those that have fallen end like tokens that expire, spread in random order: who comes back with another credential does not come with
/// all others.
void Shard::revoke(const Message& message) {
  const std::vector<std::uint32_t>& fallen = message.auth->standings;
  const std::int64_t now_ms = clock_ms(*this);
  std::minstd_rand random(now_ms_ + index_);
  std::uniform_int_distribution<std::uint32_t> within_ms(0, message.number);
  change_ends([&](Access& access) {
    if (!std::binary_search(fallen.begin(), fallen.end(), access.standing)) return false;
    access.ends_ms = std::min(access.ends_ms, now_ms + within_ms(random));
    access.fallen = true;
    return true;
  });
}

void Shard::shift_ends(const Message& message) {
  const std::int64_t ahead_ms = message.auth->wall_clock_ahead_ms;
  change_ends([&](Access& access) {
    if (access.ends_ms == conn::never_ms || access.fallen) return false;
    access.ends_ms -= ahead_ms;
    return true;
  });
}

}  // namespace shard
