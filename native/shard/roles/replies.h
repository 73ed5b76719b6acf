// Replies to what one read brought, which leave together: what the kernel refuses of them becomes private bytes of their connection.
// Owner: a role. Thread: its shard's.
#pragma once

#include <cstdint>
#include <vector>

#include "native/shard/roles/role_host.h"

namespace shard {

enum class Replied : std::uint8_t {
  sent,     // all have left, or the connection is lost
  refused,  // the rest is the connection's, and leaves when it can (Role::on_sent_all)
};

class Replies {
 public:
  /// `host` outlives it.
  explicit Replies(RoleHost& host) : host_(host) {}

  bool empty() const { return bytes_.empty(); }
  std::size_t size() const { return bytes_.size(); }
  void append(base::Bytes bytes) { bytes_.insert(bytes_.end(), bytes.begin(), bytes.end()); }
  /// Offers all of them to the kernel, behind the private bytes that wait already. It is empty afterwards.
  Replied send(conn::Connection& connection);

 private:
  RoleHost& host_;
  std::vector<std::uint8_t> bytes_;
};

}  // namespace shard
