// Connections for the control plane's HTTP server. Owner: nobody. Thread: the connection's shard.
#pragma once

#include "native/shard/roles/role_host.h"

namespace shard {

/// Hands a connection over with what was read of it: its socket itself, which is the control plane's from here on; or, where a transport lies
/// between, one end of a pair, which a RelayRole serves as long as both ends live.
void hand_over(RoleHost& host, conn::Connection& connection, base::Bytes head);

}  // namespace shard
