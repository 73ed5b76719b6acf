// The Huffman code of HPACK strings (RFC 7541 §5.2 and Appendix B), decoding only: what we write is never compressed.
// Owner: nobody, pure functions. Thread: any.
#pragma once

#include <cstdint>
#include <vector>

#include "native/base/bytes.h"

namespace codec {

/// Five bits are the shortest code: what `decode_huffman` appends at most.
constexpr std::size_t huffman_decoded_bytes_max(std::size_t coded_bytes) { return coded_bytes * 8 / 5; }

/// Appends the text that `coded` stands for. False when it is no such code: an end of string within it, or padding that is
/// longer than seven bits or not of ones; what was appended by then is of no use.
bool decode_huffman(base::Bytes coded, std::vector<std::uint8_t>& out);

}  // namespace codec
