// The wires there are; a new one is a function here, its file, and its row in wires.cc.
// Owner: nobody. Thread: any.
#pragma once

#include "bench/load/wire.h"

namespace load {

const Wire& websocket_wire();  // RFC 6455, the topic is the path; over TLS too
const Wire& socketio_wire();   // Socket.IO 4 over its WebSocket transport, the topic is the query's `topic`
const Wire& nats_wire();       // NATS text protocol
const Wire& redis_wire();      // RESP2 PUBLISH and SUBSCRIBE
const Wire& mqtt_wire();       // MQTT 3.1.1, QoS 0
const Wire& pusher_wire();     // Pusher protocol 7: its HTTP API on one side, WebSocket on the other

}  // namespace load
