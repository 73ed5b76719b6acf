// The part of fan out that deals with connections of many streams: a subscriber each, one write for all of them.
#include "native/shard/fan_out.h"

namespace shard {

using conn::Connection;
using conn::Lane;
using conn::Subscriber;
using conn::TopicSlice;
using metrics::Metric;

/// That of the connection stopped them all in the queue's order; there they still are.
void FanOut::on_stream_window(Connection& connection, codec::StreamKey stream) {
  if (stream.id == 0) {
    connection.stalled = false;
    return;
  }
  conn::Streams& streams = *connection.streams;
  const auto found = streams.find(stream);
  if (!found) return;
  const conn::Subscription& subscription = connection.subscriptions[*found];
  Subscriber& subscriber = subscription.slice->subscribers[subscription.index];
  if (subscriber.lane != Lane::blocked) return;
  streams.wake(subscriber);
  streams.enqueue(subscriber.stream);
}

WriteOutcome FanOut::write_streams(Connection& connection) {
  CHECK(connection.streams != nullptr && !connection.blocked);
  conn::StreamWrite& write = stream_write_;
  write.collect(connection);
  os::IoResult result;
  if (!write.empty() || transports_.wants_write(connection.transport, connection.fd)) {
    const std::span<const os::Piece> pieces = write.pieces();
    const auto only = [&] { return base::Bytes(static_cast<const std::uint8_t*>(pieces[0].bytes), pieces[0].length); };
    result = pieces.size() == 1 ? transports_.send(connection.transport, connection.fd, only())
                                : transports_.send_gather(connection.transport, connection.fd, pieces);
    metrics_.add(Metric::writes);
  }
  if (result.outcome == os::IoOutcome::would_block) metrics_.add(Metric::writes_refused);
  metrics_.add(Metric::bytes_sent, static_cast<std::int64_t>(result.bytes));
  connection.streams->written_bytes += result.bytes;
  const std::uint64_t delivered = write.consume(result.bytes);
  connection.streams->delivered += delivered;
  metrics_.add(Metric::deliveries, static_cast<std::int64_t>(delivered));
  for (const conn::StreamWrite::Frame& frame : write.sent()) {
    TopicSlice& slice = *frame.slice;
    slice.note_move_from(frame.cursor);
    const bool has_all = frame.cursor + frame.payload.size() == slice.window.head_position();
    if (has_all && slice.takes_pass_for_move()) lanes_.mark_dirty(slice);
  }
  owner_.on_streams_written(connection);
  if (write.has_stalled_one() || connection.stalled) {
    slow_watch_.on_stalled(connection);
    owner_.on_blocked(connection);
  }
  switch (result.outcome) {
    case os::IoOutcome::would_block:
      return WriteOutcome::would_block;
    case os::IoOutcome::end:
    case os::IoOutcome::failed:
      return WriteOutcome::failed;
    case os::IoOutcome::ok:
      break;
  }
  const bool has_queued = connection.streams->has_queued() && !connection.stalled;
  const bool has_more = has_queued || transports_.wants_write(connection.transport, connection.fd);
  return result.bytes == write.bytes() && !has_more ? WriteOutcome::drained : WriteOutcome::partial;
}

}  // namespace shard
