// See utf8_kernels.h.
#include "native/codec/text/utf8_kernels.h"

#include <array>
#include <cstddef>

namespace base {
namespace {

struct Kernels {
  std::array<Utf8Kernel, 2> rows = {};
  std::size_t count = 0;

  void add(const Utf8Kernel& kernel) { rows[count++] = kernel; }
};

Kernels find_kernels() {
  Kernels found;
#if defined(__x86_64__)
  __builtin_cpu_init();  // some variable's initialiser may ask
  if (__builtin_cpu_supports("avx2")) found.add({"avx2", utf8_scan_avx2});
  if (__builtin_cpu_supports("ssse3")) found.add({"ssse3", utf8_scan_ssse3});
#elif defined(__aarch64__)
  found.add({"neon", utf8_scan_neon});
#endif
  return found;
}

}  // namespace

std::span<const Utf8Kernel> utf8_kernels() {
  static const Kernels kernels = find_kernels();
  return std::span(kernels.rows).first(kernels.count);
}

}  // namespace base
