// Listening on the path of a Unix socket: stale files, permissions, removal. For LinuxKernel.
// Owner: nobody, pure functions. Thread: the one that starts or stops the engine's listeners.
#pragma once

#include "native/os/kernel.h"

namespace os {

Listening listen_on_path(const ListenOptions& options);
/// Removes the socket's file when it is still the one that `listen_on_path` made.
void remove_path(const Endpoint& endpoint);

}  // namespace os
