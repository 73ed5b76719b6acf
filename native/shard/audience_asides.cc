// The part of the audience that keeps what connections are to be told between publications (conn/asides.h).
// Owner: a shard's FanOut. Thread: that shard.
#include "native/shard/audience.h"

namespace shard {

using conn::Connection;

conn::Asides& Audience::asides_of(Connection& connection) {
  connection.has_asides = true;
  return asides_[connection.slot];
}

const conn::Asides* Audience::find_asides(const Connection& connection) const {
  return connection.has_asides ? &asides_.at(connection.slot) : nullptr;
}

void Audience::say_asides(Connection& connection) {
  conn::Asides& asides = asides_of(connection);
  asides.say_gaps(connection);
  asides.pass_seams(connection);
  if (asides.empty()) forget_asides(connection);
}

void Audience::forget_asides(Connection& connection) {
  if (!connection.has_asides) return;
  connection.has_asides = false;
  asides_.erase(connection.slot);
}

}  // namespace shard
