// Covers native/os/latency.cc. What it asks may be refused: then it must say why and change nothing.
// Owner: the test. Thread: one of its own for what is the thread's, a process of its own for what is the process's.
#include "native/os/latency.h"

#include <pthread.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <string>
#include <thread>

#include "test/native/vendor/doctest.h"

TEST_CASE("latency: the thread's own policy, or the reason why not") {
  std::thread([] {
    const int error = os::set_real_time();
    int policy = 0;
    sched_param parameters{};
    REQUIRE(::pthread_getschedparam(::pthread_self(), &policy, &parameters) == 0);
    CHECK((error == 0 || error == EPERM));
    CHECK(policy == (error == 0 ? SCHED_FIFO : SCHED_OTHER));
  }).join();
  int policy = 0;
  sched_param parameters{};
  ::pthread_getschedparam(::pthread_self(), &policy, &parameters);
  CHECK(policy == SCHED_OTHER);
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // they answer mlockall themselves, and lock nothing
TEST_CASE("latency: locked memory, or the reason why not") {
  const pid_t child = ::fork();
  if (child == 0) {
    const int error = os::lock_memory();
    std::ifstream status("/proc/self/status");
    std::string locked;
    for (std::string line; std::getline(status, line);) {
      if (line.starts_with("VmLck:")) locked = line;
    }
    const bool some = locked.find_first_of("123456789") != std::string::npos;
    ::_exit(some == (error == 0) && (error == 0 || error == EPERM || error == ENOMEM) ? 0 : 1);
  }
  REQUIRE(child > 0);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}
#endif
