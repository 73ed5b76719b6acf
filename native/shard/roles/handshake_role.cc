#include "native/shard/roles/handshake_role.h"

#include <algorithm>
#include <string>

#include "native/shard/roles/auth_door.h"

namespace shard {

using codec::Ending;
using conn::Connection;
using conn::State;

namespace {

int status_of(Ending ending) {
  switch (ending) {
    case Ending::deadline: return 408;
    case Ending::violation: return 400;
    default: return 503;
  }
}

}  // namespace

void HandshakeRole::begin(Connection& connection) {
  CHECK(is_beginning(connection));
  connection.state = State::handshake;
}

/// Who is not let in yet has no more than one head kept.
std::size_t HandshakeRole::read_bytes_max(const Connection& connection, std::size_t usual) const {
  if (!is_beginning(connection) || !asks(host_, connection)) return usual;
  const std::size_t head_bytes_max = options().http.head_bytes_max;
  const std::size_t kept = connection.unread ? connection.unread->bytes.size() : 0;
  return std::min(usual, kept < head_bytes_max ? head_bytes_max - kept : 1);
}

void HandshakeRole::refuse(Connection& connection, Ending ending, std::string_view reason) {
  handshake_.refuse(connection, {status_of(ending), std::string(reason)});
}

void HandshakeRole::on_bytes(Connection& connection, base::MutableBytes bytes) {
  if (connection.state == State::handshake) return handshake_.on_bytes(connection, bytes);
  on_open_bytes(connection, bytes);
}

}  // namespace shard
