// See roles.h. (A preprocessor row cannot include its header; add it below.)
#include "native/shard/roles/roles.h"

#include "native/shard/roles/event_role.h"
#include "native/shard/roles/message_role.h"
#include "native/shard/roles/post_role.h"
#include "native/shard/roles/relay_role.h"
#include "native/shard/roles/respond_role.h"
#include "native/shard/roles/session_role.h"
#include "native/shard/roles/stream_role.h"

namespace shard {
namespace {

struct Row {
  codec::Role id{};
  bool handshake = false;
};

constexpr std::array<Row, role_count> rows{{
#define ROLE(id, type, handshake) {codec::Role::id, handshake},
#include "native/shard/roles/roles.def"
#undef ROLE
}};

constexpr bool in_order() {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (static_cast<std::size_t>(rows[i].id) != i) return false;
  }
  return true;
}
static_assert(in_order());

}  // namespace

bool has_handshake(codec::Role role) { return rows[static_cast<std::size_t>(role)].handshake; }

Roles::Roles(RoleHost& host)
    : roles_{
#define ROLE(id, type, handshake) std::make_unique<type>(host),
#include "native/shard/roles/roles.def"
#undef ROLE
      } {
}

}  // namespace shard
