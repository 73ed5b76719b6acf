// Fuzzes native/codec/text/utf8.h against RFC 3629 read code point by code point, and base64 against itself.
// Owner: the fuzzer. Thread: main.
#include <cstdint>
#include <optional>

#include "native/base/base64.h"
#include "native/codec/text/utf8.h"
#include "test/fuzz/fuzz.h"

namespace {

/// The length of the sequence at the front, 0 when there is none.
std::size_t sequence_bytes(base::Bytes text) {
  const std::uint8_t lead = text.front();
  const std::size_t length = lead < 0x80 ? 1 : lead >= 0xC0 && lead < 0xE0 ? 2 : lead >= 0xE0 && lead < 0xF0 ? 3 : lead >= 0xF0 && lead < 0xF8 ? 4 : 0;
  if (length == 0 || length > text.size()) return 0;
  std::uint32_t code_point = length == 1 ? lead : lead & (0x7Fu >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((text[i] & 0xC0) != 0x80) return 0;
    code_point = code_point << 6 | (text[i] & 0x3Fu);
  }
  constexpr std::uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool is_surrogate = code_point >= 0xD800 && code_point < 0xE000;
  return code_point < least[length] || is_surrogate || code_point > 0x10FFFF ? 0 : length;
}

/// Where the text stops being whole sequences.
base::Bytes behind_valid(base::Bytes text) {
  while (!text.empty()) {
    const std::size_t length = sequence_bytes(text);
    if (length == 0) break;
    text = text.subspan(length);
  }
  return text;
}

/// Whether some bytes more make it one whole sequence; these are the bounds of what may follow any lead.
bool can_be_completed(fuzz::Bytes start) {
  if (start.size() > 3) return false;
  for (const std::uint8_t next : {0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF}) {
    start.push_back(next);
    if (sequence_bytes(start) == start.size() || can_be_completed(start)) return true;
    start.pop_back();
  }
  return false;
}

}  // namespace

FUZZ_TARGET(text) {
  fuzz::Input input(bytes);
  const std::uint8_t how = input.byte();
  const base::Bytes text = input.rest();
  const base::Bytes bad = behind_valid(text);
  fuzz::require(base::is_valid_utf8(text) == bad.empty(), "the same verdict as RFC 3629, read plainly");

  const bool may_go_on = bad.empty() || can_be_completed(fuzz::Bytes(bad.begin(), bad.end()));
  base::Utf8Validator validator;
  bool fed = true;
  fuzz::in_pieces(text, how, [&](base::MutableBytes piece) { return fed = validator.feed(piece); });
  fuzz::require(fed == may_go_on, "refused as soon as no text could go on like this, however it is cut");
  if (fed) fuzz::require(validator.complete() == bad.empty(), "complete when the last sequence is whole");
  const std::string valid = fuzz::valid_utf8(base::text_of(text));
  fuzz::require(base::is_valid_utf8(base::bytes_of(valid)), "the repaired text is valid");

  const std::string coded = base::base64_encode(text);
  fuzz::Bytes out(text.size());
  fuzz::require(base::base64_decode(coded, out) == text.size() && std::equal(out.begin(), out.end(), text.begin()), "base64 there and back");
  fuzz::Bytes room(text.size());
  const std::optional<std::size_t> decoded = base::base64_decode(base::text_of(text), room);
  // What it takes is what it writes, but for the bits that are not used.
  if (decoded) fuzz::require(base::base64_encode(base::Bytes(room).first(*decoded)).size() == text.size(), "base64 of the same length");
}
