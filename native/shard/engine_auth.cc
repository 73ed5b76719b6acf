// The engine's part of who may do what: what the control plane says goes to the shards.
#include <algorithm>
#include <utility>

#include "native/shard/engine.h"

namespace shard {

void Engine::answer(conn::ConnectionId id, AuthVerdict verdict) {
  Message message;
  message.kind = MessageKind::verdict;
  message.auth = std::make_unique<AuthOrder>();
  message.auth->verdict = std::move(verdict);
  post_to(id, std::move(message));
}

void Engine::order_all(MessageKind kind, const AuthOrder& order, std::uint32_t number) {
  for (const auto& shard : context_.shards) {
    Message message;
    message.kind = kind;
    message.number = number;
    message.auth = std::make_unique<AuthOrder>(order);
    shard->post(std::move(message));
  }
}

void Engine::revoke(std::vector<std::uint32_t> standings, std::uint32_t within_ms) {
  AuthOrder order;
  order.standings = std::move(standings);
  std::sort(order.standings.begin(), order.standings.end());
  order_all(MessageKind::revoke, order, within_ms);
}

void Engine::shift_ends(std::int64_t wall_clock_ahead_ms) {
  AuthOrder order;
  order.wall_clock_ahead_ms = wall_clock_ahead_ms;
  order_all(MessageKind::shift_ends, order, 0);
}

}  // namespace shard
