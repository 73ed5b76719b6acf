#include "native/shard/roles/respond_role.h"

namespace shard {

using codec::Ending;
using conn::Connection;
using conn::State;
using metrics::Metric;

namespace {
/// From here on the replies of one connection leave, and it waits for its next turn: so many requests of one client do not hold
/// up the others', and what is refused by the kernel has a bound.
constexpr std::size_t reply_batch_bytes = 64 * 1024;
/// Of connections whose silence has no bound.
constexpr std::uint32_t look_again_ms = 3'600'000;

bool in_lines(const Connection& connection) { return connection.protocol == codec::ProtocolId::responder_line; }

/// A topic's name in a request: without the end of its line.
std::string_view name_in(base::Bytes request) {
  std::string_view name = base::text_of(request);
  if (name.ends_with('\n')) name.remove_suffix(1);
  if (name.ends_with('\r')) name.remove_suffix(1);
  return name;
}
}  // namespace

/// Of a local one nothing is asked of the poller before its replies are refused.
os::Watch RespondRole::watch_for(const Connection& connection) const {
  return connection.peer.local && connection.state == State::handshake ? os::Watch::edge_in : os::Watch::edge_in_out;
}

void RespondRole::begin(Connection& connection) {
  if (connection.over_limit) return host_.doom(connection, Ending::lost, "too many connections");
  connection.tells_drained = true;  // then it reads on
  host_.open(connection, {});
}

/// Neither while replies wait, nor while requests do that were read before.
bool RespondRole::takes_reads(Connection& connection) {
  if (connection.has_outbound()) return false;
  if (connection.state == State::open) host_.take_bytes(connection, {});
  return !connection.has_outbound() && !connection.in_read_queue;
}

void RespondRole::on_bytes(Connection& connection, base::MutableBytes bytes) {
  CHECK(decoding_ == nullptr && replies_.empty());
  decoding_ = &connection;
  const codec::Decoded decoded = static_cast<codec::RequestCodec&>(*connection.codec).decode(bytes, *this);
  decoding_ = nullptr;
  if (!replies_.empty()) send_replies(connection);
  act_on(connection, decoded, bytes);
}

codec::Flow RespondRole::on_request(base::Bytes request) {
  CHECK(decoding_ != nullptr);
  Connection& connection = *decoding_;
  if (connection.state != State::open) return codec::Flow::wait;
  metrics().add(Metric::requests);
  const ResponderOptions& responder = options().responder;
  switch (responder.reply) {
    case Reply::echo:
      replies_.append(request);
      break;
    case Reply::fixed:
      replies_.append(base::bytes_of(responder.text));
      break;
    case Reply::last:
      append_last(connection, name_in(request));
      break;
  }
  if (in_lines(connection) && responder.reply != Reply::echo) replies_.append(base::bytes_of("\n"));
  return replies_.size() < reply_batch_bytes ? codec::Flow::go_on : codec::Flow::wait;
}

/// What the framing cannot carry counts as missing: nothing at all in `raw`, a line feed in `line`.
void RespondRole::append_last(const Connection& connection, std::string_view topic) {
  EngineContext& engine = host_.engine();
  const topic::LastValueRef last = engine.is_reserved(topic) ? nullptr : engine.retained.find(topic);
  const std::string_view text = last ? base::text_of(last->payload) : std::string_view();
  const bool fits = in_lines(connection) ? text.find('\n') == std::string_view::npos : !text.empty();
  if (last && fits) return replies_.append(last->payload);
  metrics().add(Metric::requests_missed);
  replies_.append(base::bytes_of(options().responder.missing));
}

void RespondRole::send_replies(Connection& connection) {
  CHECK(!replies_.empty());
  const bool more = replies_.size() >= reply_batch_bytes;
  const bool refused = replies_.send(connection) == Replied::refused;
  if (refused) {
    if (connection.peer.local) host_.watch_writable(connection);
    fan_out().flush_private(connection);
  } else if (more) {
    host_.read_later(connection);
  }
}

/// It was not read meanwhile.
void RespondRole::on_sent_all(Connection& connection) { host_.read_later(connection); }

// Silence: its peer cannot be asked, and is let go.

std::uint32_t RespondRole::silence_ms(const Connection&) const {
  const std::uint32_t idle_ms = options().responder.idle_ms;
  return idle_ms > 0 ? idle_ms : look_again_ms;
}

void RespondRole::on_silence(Connection& connection) {
  if (options().responder.idle_ms > 0) return host_.begin_close(connection, Ending::normal, "idle for too long");
  connection.heard_ms = host_.now_ms();  // its silence has no bound: it is looked at again as if it had just spoken
}

/// There is no close frame: the end of our stream, behind the replies, says it all.
void RespondRole::say_goodbye(Connection& connection, std::uint16_t, std::string_view) { connection.linger_after = true; }

bool RespondRole::has_unfinished(Connection& connection) {
  if (Role::has_unfinished(connection)) return true;
  return connection.state == State::open && connection.has_outbound();
}

}  // namespace shard
