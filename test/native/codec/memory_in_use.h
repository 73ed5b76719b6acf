// How much memory the process has taken from its allocator.
// Owner: the test. Thread: main.
#pragma once

#include <malloc.h>

#include <cstddef>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool counts_memory = false;  // their allocators do not tell
#else
inline constexpr bool counts_memory = true;
#endif

/// Mapped blocks too. Freed ones may be kept by the thread's cache, some tens of kilobytes.
inline std::size_t memory_in_use() {
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}
