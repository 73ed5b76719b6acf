// What the certificate of a connection's client says. Owner: nobody, pure functions. Thread: the connection's shard.
#pragma once

#include <optional>

#include "native/transport/identity.h"
#include "native/transport/tls_library.h"

namespace transport {

/// Nothing when there is none, or it was not verified.
std::optional<Identity> identity_of(const openssl::Ssl* ssl);
/// Whether there is one whose time is over.
bool has_expired(const openssl::Ssl* ssl);

}  // namespace transport
