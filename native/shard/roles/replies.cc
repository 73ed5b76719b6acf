#include "native/shard/roles/replies.h"

namespace shard {

using conn::Connection;
using conn::State;
using metrics::Metric;

namespace {
/// What a role keeps of its room for replies after a large one.
constexpr std::size_t room_max = 1024 * 1024;
}  // namespace

Replied Replies::send(Connection& connection) {
  os::IoResult result{os::IoOutcome::would_block, 0};
  if (!connection.has_outbound()) {
    result = host_.transports().send(connection.transport, connection.fd, bytes_);
    host_.metrics().add(Metric::writes);
    if (result.outcome == os::IoOutcome::ok) host_.metrics().add(Metric::bytes_sent, static_cast<std::int64_t>(result.bytes));
    if (result.outcome == os::IoOutcome::would_block) host_.metrics().add(Metric::writes_refused);
    if (result.outcome == os::IoOutcome::failed) host_.doom(connection, codec::Ending::lost, "connection lost");
  }
  CHECK(result.bytes <= bytes_.size());
  const bool rest = result.bytes < bytes_.size();
  const bool refused = connection.state != State::doomed && (rest || host_.transports().wants_write(connection.transport, connection.fd));
  if (rest && refused) connection.outbound_for_writing().append(base::Bytes(bytes_).subspan(result.bytes));
  bytes_.clear();
  if (bytes_.capacity() > room_max) std::vector<std::uint8_t>().swap(bytes_);  // `= {}` would keep the room
  return refused ? Replied::refused : Replied::sent;
}

}  // namespace shard
