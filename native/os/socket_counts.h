// What Linux has counted of a TCP connection (tcp(7), TCP_INFO).
// Owner: nobody. Thread: any.
#pragma once

#include "native/os/kernel.h"

namespace os {

/// One or two system calls of less than a microsecond.
SocketCounts socket_counts_of(int fd);

}  // namespace os
