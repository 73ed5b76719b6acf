// Covers native/os/short_mutex.h.
// Owner: the test. Thread: main, and four more.
#include "native/os/short_mutex.h"

#include <mutex>
#include <thread>
#include <vector>

#include "test/native/doctest_last.h"

TEST_CASE("short mutex: one at a time, and what one has written the next one sees") {
  os::ShortMutex mutex;
  int count = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 20'000; ++n) {
        std::lock_guard guard(mutex);
        ++count;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(count == 80'000);
}

TEST_CASE("short mutex: who only tries is told that it is taken, and may sleep until it is free") {
  os::ShortMutex mutex;
  mutex.lock();
  CHECK(!mutex.try_lock());
  bool had_it = false;
  std::thread other([&] {
    std::lock_guard guard(mutex);
    had_it = true;
  });
  CHECK(!had_it);
  mutex.unlock();
  other.join();
  CHECK(had_it);
  CHECK(mutex.try_lock());
  mutex.unlock();
}
