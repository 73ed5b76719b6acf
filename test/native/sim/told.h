// What events tell, for tests that look at events of many kinds.
// Owner: pure functions. Thread: any.
#pragma once

#include <string>
#include <variant>

#include "native/shard/events.h"

namespace sim {

template <typename Kind>
bool is(const shard::Event& event) {
  return std::holds_alternative<Kind>(event);
}

/// The connection's; 0: it is of none.
inline conn::ConnectionId id_of(const shard::Event& event) {
  return std::visit(
      [](const auto& each) -> conn::ConnectionId {
        if constexpr (requires { each.id; }) return each.id;
        else return 0;
      },
      event);
}

/// Empty: it tells none.
inline std::string peer_of(const shard::Event& event) {
  return std::visit(
      [](const auto& each) -> std::string {
        if constexpr (requires { each.peer; }) return each.peer;
        else return "";
      },
      event);
}

/// The first of its kind; null: there is none.
template <typename Kind, typename Events>
const Kind* first_of(const Events& events) {
  for (const shard::Event& event : events) {
    if (const Kind* const found = std::get_if<Kind>(&event)) return found;
  }
  return nullptr;
}

}  // namespace sim
