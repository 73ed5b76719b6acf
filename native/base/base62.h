// Numbers in as few characters as may stand in a URL, a header and a JSON string, and are no separator anywhere.
// Owner: nobody, pure functions. Thread: any.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace base {

inline constexpr std::string_view base62_digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Without leading zeros: 1 to 11 characters.
inline std::string base62_of(std::uint64_t number) {
  std::string text;
  do {
    text.insert(text.begin(), base62_digits[number % 62]);
    number /= 62;
  } while (number > 0);
  return text;
}

}  // namespace base
