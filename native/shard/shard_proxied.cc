// The shard's part of connections that come through trusted proxies: whose they are is known only when the proxy has said it, by a PROXY
// header or in the request's head. Until then they count against no address, and from then on once, against their client's.
#include <string>

#include "native/codec/http1/proxy_header.h"
#include "native/shard/shard.h"

namespace shard {

using conn::Connection;
using conn::State;
using metrics::Metric;

void Shard::on_proxy_header_bytes(Connection& connection, base::MutableBytes bytes) {
  std::unique_ptr<conn::Unread> earlier = std::move(connection.unread);
  if (earlier) {
    earlier->bytes.insert(earlier->bytes.end(), bytes.begin(), bytes.end());
    bytes = earlier->bytes;
  }
  const codec::ProxyParsed parsed = codec::parse_proxy_header(bytes);
  switch (parsed.status) {
    case codec::ProxyStatus::incomplete:
      CHECK(bytes.size() < codec::proxy_header_bytes_max);
      if (!earlier) {
        earlier = std::make_unique<conn::Unread>();
        earlier->bytes.assign(bytes.begin(), bytes.end());
      }
      connection.unread = std::move(earlier);
      return;
    case codec::ProxyStatus::malformed:
      return role_of(connection).refuse(connection, codec::Ending::violation, parsed.problem);
    case codec::ProxyStatus::complete:
      break;
  }
  settle_received(connection, 0);
  if (parsed.client && !take_client(connection, *parsed.client)) return;
  const base::MutableBytes rest = bytes.subspan(parsed.consumed);
  if (!begin_transport(connection, false)) return doom(connection, codec::Ending::lost, "not served");
  if (connection.state == State::securing) {
    transports_.give(connection.transport, connection.fd, rest);
    return read_later(connection);
  }
  role_of(connection).begin(connection);
  if (!rest.empty()) decode_by_state(connection, rest);
  role_of(connection).on_first_read(connection);
}

bool Shard::find_client(Connection& connection, const codec::HttpRequest& request) {
  const ProxyOptions& proxies = engine_.options.proxies;
  const auto client = codec::forwarded_client(proxies.header, request, proxies.trusted);
  return !client || take_client(connection, *client);
}

/// The connection is the client's from here on, and counts as such. One that is a trusted proxy itself may tell of its own client.
bool Shard::take_client(Connection& connection, const os::Address& client) {
  CHECK(connection.from_proxy && !connection.counted);
  connection.peer = client;
  connection.from_proxy = engine_.options.proxies.trusted.contains(client);
  if (connection.from_proxy) return true;
  const Admission admission = engine_.addresses.take(client, now_ns_);
  connection.counted = has_place(admission);
  if (admission == Admission::within) return true;
  const bool too_often = comes_too_often(admission);
  if (too_often || !connection.over_limit) metrics_.add(too_often ? Metric::handshakes_over_rate : Metric::connections_refused);
  connection.over_rate = connection.over_rate || too_often;
  connection.over_limit = connection.over_limit || !too_often;
  if (has_place(admission)) return true;
  const char* const reason = too_often ? "too many connections a second" : "too many connections at once";
  const bool told = engine_.warn("connection-refused", "refused " + client.text() + " without a word: " + reason);
  if (!told) metrics_.add(Metric::events_dropped);
  doom(connection, codec::Ending::lost, "too many connections");
  return false;
}

}  // namespace shard
