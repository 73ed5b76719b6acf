// Allocations of this thread, counted where no sanitizer needs operator new for itself (counted_allocations.cc).
// Owner: the test. Thread: any, each its own count.
#pragma once

#include <cstddef>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool counts_allocations = false;
#else
inline constexpr bool counts_allocations = true;
#endif

inline thread_local std::size_t allocations = 0;
