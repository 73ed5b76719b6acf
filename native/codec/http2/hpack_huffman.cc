// See hpack_huffman.h. The code is canonical: within a length codes ascend with their symbols, and a shorter one is a smaller
// number when both are aligned left. So the lengths alone define it, and a table of 31 bounds decodes it.
// Owner: nobody. Thread: any.
#include "native/codec/http2/hpack_huffman.h"

#include <array>
#include <cstddef>

namespace codec {
namespace {

constexpr unsigned symbol_count = 257;
constexpr unsigned end_of_string = 256;
constexpr unsigned code_bits_max = 30;

/// RFC 7541 Appendix B: how many bits the code of each symbol has.
constexpr std::array<std::uint8_t, symbol_count> code_bits = {
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
    6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
    13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
    15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
    20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
    22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
    26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
    20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
    30,
};

/// The codes of one length. `end` is the first 32-bit window, read from the left, that is none of them and no shorter one.
struct Length {
  std::uint64_t end = 0;
  std::uint32_t first_code = 0;
  std::uint16_t first_index = 0;  // into the symbols in the order of their codes
};

struct Code {
  std::array<Length, code_bits_max + 1> lengths{};
  std::array<std::uint16_t, symbol_count> symbols{};
  std::array<std::uint8_t, 256> bits_by_first_byte{};  // the length of the code that begins so, when it fits; else 9
};

constexpr Code code = [] {
  Code made;
  std::uint32_t next = 0;
  std::uint16_t index = 0;
  for (unsigned bits = 1; bits <= code_bits_max; ++bits) {
    next <<= 1;
    Length& length = made.lengths[bits];
    length.first_code = next;
    length.first_index = index;
    for (std::uint16_t symbol = 0; symbol < symbol_count; ++symbol) {
      if (code_bits[symbol] != bits) continue;
      made.symbols[index++] = symbol;
      ++next;
    }
    length.end = std::uint64_t{next} << (32 - bits);
  }
  for (unsigned byte = 0; byte < 256; ++byte) {
    unsigned bits = 1;
    while (bits <= 8 && (std::uint64_t{byte} << 24) >= made.lengths[bits].end) ++bits;
    made.bits_by_first_byte[byte] = static_cast<std::uint8_t>(bits);
  }
  return made;
}();

static_assert(code.lengths[code_bits_max].end == std::uint64_t{1} << 32);  // the code is complete: every window begins with one

/// Bits from the left of a string; ones follow its end, as padding would.
class Window {
 public:
  explicit Window(base::Bytes in) : in_(in) {}

  /// How many bits of the string are left.
  std::size_t left() const { return in_.size() * 8 + held_; }
  std::uint32_t peek() {
    while (held_ <= 56 - 8 && !in_.empty()) {
      bits_ = bits_ << 8 | in_.front();
      in_ = in_.subspan(1);
      held_ += 8;
    }
    if (held_ >= 32) return static_cast<std::uint32_t>(bits_ >> (held_ - 32));
    const unsigned missing = 32 - held_;
    return static_cast<std::uint32_t>(bits_ << missing | ((std::uint64_t{1} << missing) - 1));
  }
  void skip(unsigned bits) {
    held_ -= bits;
    bits_ &= (std::uint64_t{1} << held_) - 1;
  }

 private:
  base::Bytes in_;
  std::uint64_t bits_ = 0;  // the lowest `held_` of them
  unsigned held_ = 0;
};

}  // namespace

bool decode_huffman(base::Bytes coded, std::vector<std::uint8_t>& out) {
  Window window(coded);
  for (;;) {
    const std::uint32_t next = window.peek();
    unsigned bits = code.bits_by_first_byte[next >> 24];
    if (bits > 8) {
      while (next >= code.lengths[bits].end) ++bits;
    }
    const std::size_t left = window.left();
    if (bits > left) return left < 8 && next == UINT32_MAX;  // RFC 7541 §5.2: the padding is the start of the end of string
    const Length& length = code.lengths[bits];
    const std::uint16_t symbol = code.symbols[length.first_index + ((next >> (32 - bits)) - length.first_code)];
    if (symbol == end_of_string) return false;
    out.push_back(static_cast<std::uint8_t>(symbol));
    window.skip(bits);
  }
}

}  // namespace codec
