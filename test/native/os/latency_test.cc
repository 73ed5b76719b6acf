// Covers native/os/latency.cc. What it asks may be refused: then it must say why and change nothing.
// Owner: the test. Thread: one of its own for what is the thread's, a process of its own for what is the process's.
#include "native/os/latency.h"

#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
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
#ifdef COUNTS_LINES  // npm run coverage
extern "C" void __gcov_dump();
#endif

namespace {

/// Whether any memory of this process is locked.
bool has_locked_memory() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmLck:")) return line.find_first_of("123456789") != std::string::npos;
  }
  return false;
}

/// Runs it in a process of its own; what it returns.
template <typename Task>
bool in_child(Task task) {
  const pid_t child = ::fork();
  if (child == 0) {
    const bool holds = task();
#ifdef COUNTS_LINES
    __gcov_dump();
#endif
    ::_exit(holds ? 0 : 1);
  }
  REQUIRE(child > 0);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace

TEST_CASE("latency: locked memory, or the reason why not") {
  CHECK(in_child([] {
    const int error = os::lock_memory();
    return has_locked_memory() == (error == 0) && (error == 0 || error == EPERM || error == ENOMEM);
  }));
}

TEST_CASE("latency: nothing is locked where the limit is finite and may not be lifted") {
  CHECK(in_child([] {
    const rlimit little{64 * 1024, 64 * 1024};
    if (::setrlimit(RLIMIT_MEMLOCK, &little) != 0) return false;
    const uid_t user = ::geteuid();
    const auto unchanged = static_cast<uid_t>(-1);
    if (user == 0 && ::setresuid(unchanged, 65534, unchanged) != 0) return false;
    const bool holds = os::lock_memory() == EPERM && !has_locked_memory();
    return ::setresuid(unchanged, user, unchanged) == 0 && holds;
  }));
}

TEST_CASE("latency: an unlimited limit is left as it is") {
  CHECK(in_child([] {
    rlimit limit{RLIM_INFINITY, RLIM_INFINITY};
    if (::setrlimit(RLIMIT_MEMLOCK, &limit) != 0) return true;  // not ours to lift
    const int error = os::lock_memory();
    return ::getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && limit.rlim_cur == RLIM_INFINITY && has_locked_memory() == (error == 0);
  }));
}
#endif
