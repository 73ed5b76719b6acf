// See wire.h.
#include "bench/load/wires.h"

#include <utility>

namespace load {
namespace {

using Row = std::pair<std::string_view, const Wire& (*)()>;

constexpr Row table[] = {
    {"ws", websocket_wire},
    {"socketio", socketio_wire},
    {"nats", nats_wire},
    {"redis", redis_wire},
    {"mqtt", mqtt_wire},
    {"pusher", pusher_wire},
};

}  // namespace

const Wire* find_wire(std::string_view scheme) {
  for (const auto& [name, wire] : table) {
    if (name == scheme) return &wire();
  }
  return nullptr;
}

std::string wire_schemes() {
  std::string text;
  for (const auto& [name, wire] : table) text += (text.empty() ? "" : ", ") + std::string(name) + "://";
  return text;
}

}  // namespace load
