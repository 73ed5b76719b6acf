// Small pieces of HTTP's grammar (RFC 9110 §5.6) that the parser and the upgrade share.
// Owner: nobody, pure functions. Thread: any.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace codec {

inline char to_lower_ascii(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

inline bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return to_lower_ascii(x) == to_lower_ascii(y); });
}

/// Without the optional white space (RFC 9110 §5.6.3) around it; an empty result still points into `text`.
inline std::string_view trim_space(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

inline bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// RFC 9110 §5.6.2.
inline bool is_token_char(char c) {
  const char lower = to_lower_ascii(c);
  if ((lower >= 'a' && lower <= 'z') || is_digit(c)) return true;
  return c != '\0' && std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

inline bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_token_char);
}

/// Calls `visit(part)` for every part of `text` between separators, empty ones included, until it returns false.
template <typename Visit>
bool for_each_part(std::string_view text, char separator, Visit visit) {
  for (;;) {
    const std::size_t end = text.find(separator);
    if (!visit(text.substr(0, end))) return false;
    if (end == std::string_view::npos) return true;
    text.remove_prefix(end + 1);
  }
}

}  // namespace codec
