// What every fuzz target is made of: a name, an input taken apart, and what must hold. A new target is one file here with one
// FUZZ_TARGET in it, and its seeds in seeds.cc.
// Owner: the fuzzer. Thread: main.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "native/base/bytes.h"

namespace fuzz {

using Bytes = std::vector<std::uint8_t>;
using Target = void (*)(base::Bytes input);

/// Makes a target known by its name.
struct Registration {
  Registration(const char* name, Target target);
};
/// Null when there is none of that name.
Target find_target(std::string_view name);
std::vector<std::string> target_names();

/// Ends the process with the reason when it does not hold.
void require(bool holds, const char* what);

/// Takes values off an input's front; behind its end there are zeros.
class Input {
 public:
  explicit Input(base::Bytes bytes) : left_(bytes) {}

  bool empty() const { return left_.empty(); }
  std::uint8_t byte() {
    if (left_.empty()) return 0;
    const std::uint8_t value = left_.front();
    left_ = left_.subspan(1);
    return value;
  }
  /// 0 to bound - 1.
  std::size_t below(std::size_t bound) { return (bound <= 256 ? byte() : byte() << 8 | byte()) % bound; }
  base::Bytes bytes(std::size_t count) {
    const base::Bytes front = left_.first(std::min(count, left_.size()));
    left_ = left_.subspan(front.size());
    return front;
  }
  base::Bytes rest() { return bytes(left_.size()); }
  /// At most 255 bytes.
  std::string text() { return std::string(base::text_of(bytes(byte()))); }

 private:
  base::Bytes left_;
};

/// The same text with every byte that no UTF-8 may have there replaced.
std::string valid_utf8(std::string_view text);

/// Hands `all` on in pieces, each in a buffer of its exact size so that ASan sees every stray access. `how` decides their
/// lengths: 0 one by one, 255 all at once, else at random of different magnitudes. Stops when `take` returns false.
template <typename Take>
void in_pieces(base::Bytes all, std::uint8_t how, Take take) {
  std::minstd_rand random(how);
  while (!all.empty()) {
    const std::size_t most = how == 0 ? 1 : how == 255 ? all.size() : std::size_t{1} << (how % 13);
    const std::size_t length = std::min(all.size(), 1 + random() % most);
    Bytes piece(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(how == 255 ? all.size() : length));
    all = all.subspan(piece.size());
    if (!take(base::MutableBytes(piece))) return;
  }
}

}  // namespace fuzz

#define FUZZ_TARGET(name)                                              \
  static void fuzz_##name(base::Bytes bytes);                          \
  static const fuzz::Registration registration_##name(#name, fuzz_##name); \
  static void fuzz_##name(base::Bytes bytes)
