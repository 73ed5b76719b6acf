// See wire.h.
#include "bench/load/wires.h"

namespace load {
namespace {

struct Row {
  std::string_view scheme;
  const Wire& (*wire)();
  bool secure = false;
};

constexpr Row table[] = {
    {"ws", websocket_wire},
    {"wss", websocket_wire, true},
    {"socketio", socketio_wire},
    {"nats", nats_wire},
    {"redis", redis_wire},
    {"mqtt", mqtt_wire},
    {"pusher", pusher_wire},
};

}  // namespace

Scheme find_scheme(std::string_view name) {
  for (const auto& [scheme, wire, secure] : table) {
    if (scheme == name) return {&wire(), secure};
  }
  return {nullptr, false};
}

std::string wire_schemes() {
  std::string text;
  for (const Row& row : table) text += (text.empty() ? "" : ", ") + std::string(row.scheme) + "://";
  return text;
}

}  // namespace load
