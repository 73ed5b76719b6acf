// Wide UTF-8 validation, one kernel for each instruction set: each is one file beside this one and a row in utf8_kernels.cc.
// Owner: nobody. Thread: any.
#pragma once

#include <cstdint>
#include <span>

namespace base {

/// From `begin`, where a character starts, as far as the text is certainly valid: a place where a character starts. It may stop
/// early, for what is short, not valid, or cut by `end`: who is right about that is the validator, byte by byte.
using Utf8Scan = const std::uint8_t* (*)(const std::uint8_t* begin, const std::uint8_t* end);

struct Utf8Kernel {
  const char* name;
  Utf8Scan scan;
};

/// Those that this processor can run, the fastest first; none where no kernel was written for its kind.
std::span<const Utf8Kernel> utf8_kernels();

#if defined(__x86_64__)
const std::uint8_t* utf8_scan_avx2(const std::uint8_t* begin, const std::uint8_t* end);
const std::uint8_t* utf8_scan_ssse3(const std::uint8_t* begin, const std::uint8_t* end);
#elif defined(__aarch64__)
const std::uint8_t* utf8_scan_neon(const std::uint8_t* begin, const std::uint8_t* end);
#endif

}  // namespace base
