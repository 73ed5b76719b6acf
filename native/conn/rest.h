// What of a connection's bytes holds a log though no subscriber stands there any more: the rest of a frame whose beginning is on the wire.
// Owner: nobody, pure functions. Thread: the connection's shard.
#pragma once

#include <cstddef>

#include "native/conn/connection.h"

namespace conn {

/// The rest of a frame that has left its place in the log: it holds its segment whatever has become of its subscriber. One that has
/// left, skipped or caught up has no lag to be judged by, and one that is being closed has no subscriber.
struct Rest {
  topic::Topic* topic = nullptr;  // null: there is none
  std::size_t bytes = 0;
};

inline Rest rest_of(const Connection& connection) {
  if (connection.outbound && !connection.outbound->pinned().empty()) {
    return {connection.outbound->pinned_topic().get(), connection.outbound->pinned().size()};
  }
  if (connection.streams && !connection.streams->rest.empty()) {
    return {connection.streams->rest.topic.get(), connection.streams->rest.payload.size()};
  }
  return {};
}

/// Of a connection that nothing is written to any more: lets go of it, and of all that waits behind it.
inline void drop_rest(Connection& connection) {
  CHECK(connection.state == State::doomed);
  connection.outbound.reset();
  if (connection.streams) connection.streams->rest = FrameRest();
}

}  // namespace conn
