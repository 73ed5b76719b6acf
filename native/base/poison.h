// Tells AddressSanitizer which parts of memory that we deal out ourselves may not be touched now; without it, nothing.
// Owner: whoever owns the memory. Thread: any.
#pragma once

#include "native/base/bytes.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#endif

namespace base {

#if defined(__SANITIZE_ADDRESS__)
/// What is left free between neighbours, so that a step over an end is seen.
inline constexpr std::size_t guard_bytes = 4096;
inline void poison(Bytes bytes) { __asan_poison_memory_region(bytes.data(), bytes.size()); }
inline void unpoison(Bytes bytes) { __asan_unpoison_memory_region(bytes.data(), bytes.size()); }
#else
inline constexpr std::size_t guard_bytes = 0;
inline void poison(Bytes) {}
inline void unpoison(Bytes) {}
#endif

}  // namespace base
