// The table of roles, and a shard's objects of them.
// Owner: a shard. Thread: that shard's; `has_handshake` any.
#pragma once

#include <array>
#include <cstddef>
#include <memory>

#include "native/shard/roles/role.h"

namespace shard {

inline constexpr std::size_t role_count = 0
#define ROLE(id, type, handshake) +1
#include "native/shard/roles/roles.def"
#undef ROLE
    ;

/// Whether its connections begin with a handshake in which a client can be told to come back.
bool has_handshake(codec::Role role);

class Roles {
 public:
  /// `host` outlives them.
  explicit Roles(RoleHost& host);

  Role& of(const conn::Connection& connection) const { return *roles_[static_cast<std::size_t>(connection.role)]; }

 private:
  std::array<std::unique_ptr<Role>, role_count> roles_;
};

}  // namespace shard
