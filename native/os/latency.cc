#include "native/os/latency.h"

#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include <cerrno>

namespace os {

int set_real_time() {
  sched_param parameters{};
  parameters.sched_priority = ::sched_get_priority_min(SCHED_FIFO);
  return ::pthread_setschedparam(::pthread_self(), SCHED_FIFO, &parameters);
}

int lock_memory() {
  rlimit limit{};
  ::getrlimit(RLIMIT_MEMLOCK, &limit);
  if (limit.rlim_cur != RLIM_INFINITY) {
    limit.rlim_cur = limit.rlim_max = RLIM_INFINITY;
    if (::setrlimit(RLIMIT_MEMLOCK, &limit) != 0) return EPERM;
  }
  // On fault: else all that is only reserved (V8's heap, the stacks of threads) would become resident.
  return ::mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) == 0 ? 0 : errno;
}

}  // namespace os
