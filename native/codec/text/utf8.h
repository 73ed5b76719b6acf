// UTF-8 validation (RFC 3629), whole or chunk by chunk, by the widest vectors that the processor has (utf8_kernels.h).
// Owner: the codec that validates with it. Thread: any, one at a time.
#pragma once

#include <cstdint>

#include "native/base/bytes.h"
#include "native/codec/text/utf8_kernels.h"

namespace base {

/// Validates a text that arrives in chunks. Fails at the first byte that no valid text could have there: overlong forms,
/// surrogates and code points over U+10FFFF are noticed at their second byte, not at the end of the sequence.
class Utf8Validator {
 public:
  /// False when the text so far cannot be the start of a valid one; it stays false until `reset`.
  bool feed(Bytes chunk);
  /// The same by a kernel of the caller's choice, or by none (null): for tests and benchmarks.
  bool feed_by(Utf8Scan scan, Bytes chunk);
  /// True when everything fed was valid and the last sequence is whole.
  bool complete() const { return needed_ == 0; }
  void reset() { *this = Utf8Validator(); }

 private:
  bool start_sequence(std::uint8_t lead);
  bool continue_sequence(std::uint8_t byte);
  bool fail();
  bool failed() const { return low_ > high_; }

  std::uint8_t needed_ = 0;   // continuation bytes still to come
  std::uint8_t low_ = 0x80;   // bounds of the next one; the first is narrower after E0, ED, F0 and F4
  std::uint8_t high_ = 0xBF;  // below low_: failed
};

bool is_valid_utf8(Bytes text);

}  // namespace base
