// A lock for what takes tens of nanoseconds: who finds it taken asks again for about a microsecond before it sleeps, since to sleep and to be
// woken would take many times as long as the lock is held.
// Owner: whoever has it as a member. Thread: any.
#pragma once

#include <pthread.h>

namespace os {

/// For std::lock_guard. Never held across a system call, or anything else whose time has no bound.
class ShortMutex {
 public:
  ShortMutex() = default;
  ShortMutex(const ShortMutex&) = delete;
  ShortMutex& operator=(const ShortMutex&) = delete;
  ~ShortMutex() { ::pthread_mutex_destroy(&mutex_); }

  void lock() { ::pthread_mutex_lock(&mutex_); }
  bool try_lock() { return ::pthread_mutex_trylock(&mutex_) == 0; }
  void unlock() { ::pthread_mutex_unlock(&mutex_); }

 private:
#ifdef PTHREAD_ADAPTIVE_MUTEX_INITIALIZER_NP  // glibc's: a bounded number of attempts, fewer where they did not help
  pthread_mutex_t mutex_ = PTHREAD_ADAPTIVE_MUTEX_INITIALIZER_NP;
#else
  pthread_mutex_t mutex_ = PTHREAD_MUTEX_INITIALIZER;
#endif
};

}  // namespace os
