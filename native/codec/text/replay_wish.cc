// See replay_wish.h.
// Owner: nobody. Thread: any.
#include "native/codec/text/replay_wish.h"

#include <algorithm>
#include <charconv>

#include "native/codec/http1/http_text.h"

namespace codec {
namespace {

constexpr std::size_t epoch_chars_min = 8;
constexpr std::size_t epoch_chars_max = 32;

bool is_epoch_char(char c) {
  const char lower = to_lower_ascii(c);
  return is_digit(c) || (lower >= 'a' && lower <= 'z') || c == '_';
}

bool is_epoch(std::string_view text) {
  return text.size() >= epoch_chars_min && text.size() <= epoch_chars_max && std::all_of(text.begin(), text.end(), is_epoch_char);
}

/// Digits alone, without leading zeros.
std::optional<std::uint64_t> number_of(std::string_view text, std::uint64_t most) {
  if (text.empty() || !std::all_of(text.begin(), text.end(), is_digit) || (text.size() > 1 && text[0] == '0')) return std::nullopt;
  std::uint64_t number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec != std::errc() || number > most) return std::nullopt;
  return number;
}

}  // namespace

std::string position_text(std::string_view epoch, std::uint64_t next_offset) {
  return std::string(epoch) + "-" + (next_offset == 0 ? "-1" : std::to_string(next_offset - 1));
}

std::optional<ReplayWish> parse_since(std::string_view text) {
  ReplayWish wish;
  if (text.empty() || text == "live") return wish;
  if (text == "beginning") {
    wish.from = ReplayWish::From::beginning;
    return wish;
  }
  const std::size_t dash = text.find('-');
  if (dash == std::string_view::npos || !is_epoch(text.substr(0, dash))) return std::nullopt;
  wish.from = ReplayWish::From::since;
  wish.epoch = text.substr(0, dash);
  const std::string_view offset = text.substr(dash + 1);
  if (offset == "-1") return wish;
  const auto has = number_of(offset, offset_max);
  if (!has) return std::nullopt;
  wish.offset = *has + 1;
  return wish;
}

std::optional<ReplayWish> parse_last(std::string_view text) {
  ReplayWish wish;
  if (text.empty()) return wish;
  const auto last = number_of(text, UINT32_MAX);
  if (!last || *last == 0) return std::nullopt;
  wish.from = ReplayWish::From::last;
  wish.last = static_cast<std::uint32_t>(*last);
  return wish;
}

}  // namespace codec
