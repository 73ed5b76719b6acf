// The shard's answering half: requests that need nothing but a reply get it in the turn that read them, all that came together in
// one write. A client that does not read its replies is not read either.
#include "native/shard/shard.h"

namespace shard {

using conn::Connection;
using conn::ConnectionTable;
using conn::State;
using metrics::Metric;

namespace {
/// From here on the replies of one connection leave, and it waits for its next turn: so many requests of one client do not hold
/// up the others', and what is refused by the kernel has a bound.
constexpr std::size_t reply_batch_bytes = 64 * 1024;
/// What a shard keeps of its room for replies after a large one.
constexpr std::size_t replies_room_max = 1024 * 1024;

bool in_lines(const Connection& connection) { return connection.protocol == codec::ProtocolId::responder_line; }

/// A topic's name in a request: without the end of its line.
std::string_view name_in(base::Bytes request) {
  std::string_view name = base::text_of(request);
  if (name.ends_with('\n')) name.remove_suffix(1);
  if (name.ends_with('\r')) name.remove_suffix(1);
  return name;
}
}  // namespace

void Shard::open_responder(Connection& connection) {
  if (connection.over_limit) return doom(connection, codec::Ending::lost, "too many connections");
  connection.codec = codec::protocol(connection.protocol).make_codec(engine_.options.codecs);
  connection.state = State::open;
  note(TracePoint::opened, connection, static_cast<std::uint64_t>(connection.protocol));
  if (engine_.connection_events.load(std::memory_order_relaxed)) post_event(connection_event(connection, EventKind::connection));
  arm(connection);
}

/// Whether the socket is to be read now: neither while replies wait, nor while requests do that were read before.
bool Shard::takes_requests(Connection& connection) {
  if (connection.has_outbound()) return false;
  if (connection.state == State::open) on_bytes(connection, {});
  return !connection.has_outbound() && !connection.in_read_queue;
}

codec::Flow Shard::on_request(base::Bytes request) {
  Connection& connection = *decoding_;
  if (connection.state != State::open) return codec::Flow::wait;
  metrics_.add(Metric::requests);
  const ResponderOptions& options = engine_.options.responder;
  switch (options.reply) {
    case Reply::echo:
      append_reply(request);
      break;
    case Reply::fixed:
      append_reply(base::bytes_of(options.text));
      break;
    case Reply::last:
      append_last(connection, name_in(request));
      break;
  }
  if (in_lines(connection) && options.reply != Reply::echo) replies_.push_back('\n');
  return replies_.size() < reply_batch_bytes ? codec::Flow::go_on : codec::Flow::wait;
}

void Shard::append_reply(base::Bytes reply) { replies_.insert(replies_.end(), reply.begin(), reply.end()); }

/// What the framing cannot carry counts as missing: nothing at all in `raw`, a line feed in `line`.
void Shard::append_last(const Connection& connection, std::string_view topic) {
  const topic::LastValueRef last = engine_.is_reserved(topic) ? nullptr : engine_.retained.find(topic);
  const std::string_view text = last ? base::text_of(last->payload) : std::string_view();
  const bool fits = in_lines(connection) ? text.find('\n') == std::string_view::npos : !text.empty();
  if (last && fits) return append_reply(last->payload);
  metrics_.add(Metric::requests_missed);
  append_reply(base::bytes_of(engine_.options.responder.missing));
}

void Shard::send_replies(Connection& connection) {
  const bool more = replies_.size() >= reply_batch_bytes;
  const os::IoResult result = kernel_.send(connection.fd, replies_);
  metrics_.add(Metric::writes);
  if (result.outcome == os::IoOutcome::ok) metrics_.add(Metric::bytes_sent, static_cast<std::int64_t>(result.bytes));
  if (result.outcome == os::IoOutcome::would_block) metrics_.add(Metric::writes_refused);
  if (result.outcome == os::IoOutcome::failed) doom(connection, codec::Ending::lost, "connection lost");
  const bool refused = connection.state != State::doomed && result.bytes < replies_.size();
  if (refused) connection.outbound_for_writing().append(base::Bytes(replies_).subspan(result.bytes));
  replies_.clear();
  if (replies_.capacity() > replies_room_max) std::vector<std::uint8_t>().swap(replies_);  // `= {}` would keep the room
  if (refused) {
    if (connection.peer.local) kernel_.watch_as(poller_, connection.fd, ConnectionTable::token(connection), os::Watch::edge_in_out);
    fan_out_.flush_private(connection);
  } else if (more) {
    read_later(connection);
  }
}

}  // namespace shard
