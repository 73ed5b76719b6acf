// What the latency profile asks of the system for a thread or for the process; each may be refused.
// Owner: nobody, free functions. Thread: as said.
#pragma once

namespace os {

/// SCHED_FIFO with the lowest real-time priority for the calling thread. Returns 0, or the errno of the refusal.
int set_real_time();
/// Keeps all memory of this process, present and future, from being swapped out, once it is used. Returns 0 or the errno. EPERM
/// also where the limit of locked memory is finite and cannot be lifted: beyond it allocations would begin to fail.
int lock_memory();

}  // namespace os
