#include "native/shard/roles/http_handover.h"

#include <string>
#include <utility>

#include "native/base/check.h"
#include "native/shard/roles/role.h"

namespace shard {

using codec::Ending;
using conn::Connection;
using metrics::Metric;

namespace {

HttpConnection event_of(const Connection& connection, int fd, base::Bytes head) {
  return {connection.protocol, fd, connection.listener, connection.peer.text(), std::string(base::text_of(head))};
}

bool post(RoleHost& host, HttpConnection&& event) {
  const bool taken = host.engine().events.post(std::move(event));
  if (!taken) host.metrics().add(Metric::events_dropped);
  host.metrics().add(Metric::http_connections);
  return taken;
}

void hand_over_socket(RoleHost& host, Connection& connection, base::Bytes head) {
  host.unwatch(connection);
  connection.handed_over = post(host, event_of(connection, connection.fd, head));
  host.doom(connection, Ending::normal, "");
}

void hand_over_pair(RoleHost& host, Connection& connection, base::Bytes head) {
  const os::SocketPair pair = host.kernel().open_pair();
  if (pair.ours < 0) {
    host.warn("handover-failed", "no descriptors for the HTTP request of " + connection.peer.text());
    return host.doom(connection, Ending::overloaded, "no descriptors");
  }
  HttpConnection event = event_of(connection, pair.theirs, head);
  event.secure = true;
  event.certificate = host.transports().identity(connection.transport, connection.fd);
  if (!post(host, std::move(event))) {
    host.kernel().close(pair.theirs);
    host.kernel().close(pair.ours);
    return host.doom(connection, Ending::normal, "");
  }
  connection.role = codec::Role::relay;
  connection.state = conn::State::open;
  host.role_of(connection).on_handed_over(connection, pair.ours);
}

}  // namespace

void hand_over(RoleHost& host, Connection& connection, base::Bytes head) {
  CHECK(connection.fd >= 0 && !connection.handed_over);
  const bool is_plain = connection.transport == transport::TransportId::plain;
  is_plain ? hand_over_socket(host, connection, head) : hand_over_pair(host, connection, head);
}

}  // namespace shard
