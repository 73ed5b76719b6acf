// See http_answer.h.
#include "bench/load/http_answer.h"

#include <algorithm>
#include <charconv>
#include <string_view>

namespace load {
namespace {

/// The value of a header, without the blanks around it; empty when it is not there. Names have no case (RFC 9110 §5.1).
std::string_view header(std::string_view head, std::string_view name) {
  const auto same = [](char a, char b) { return (a | 0x20) == (b | 0x20); };
  for (std::size_t at = head.find("\r\n"); at != std::string_view::npos; at = head.find("\r\n", at)) {
    at += 2;
    const std::string_view line = head.substr(at, head.find("\r\n", at) - at);
    if (line.size() <= name.size() || line[name.size()] != ':') continue;
    if (!std::equal(name.begin(), name.end(), line.begin(), same)) continue;
    const std::size_t from = line.find_first_not_of(" \t", name.size() + 1);
    if (from == std::string_view::npos) return {};
    return line.substr(from, line.find_last_not_of(" \t") - from + 1);
  }
  return {};
}

}  // namespace

Unit read_http_answer(const std::uint8_t* at, const std::uint8_t* end) {
  const std::string_view text(reinterpret_cast<const char*>(at), static_cast<std::size_t>(end - at));
  const std::size_t head_end = text.find("\r\n\r\n");
  if (head_end == std::string_view::npos) return {};
  const std::string_view head = text.substr(0, head_end);
  const std::string_view length = header(head, "content-length");
  std::uint32_t body_bytes = 0;
  const auto [stop, failure] = std::from_chars(length.data(), length.data() + length.size(), body_bytes);
  const bool whole_number = failure == std::errc{} && stop == length.data() + length.size();
  if (!head.starts_with("HTTP/1.1 ") || !whole_number) return {.kind = Unit::Kind::broken};
  const std::size_t bytes = head_end + 4 + body_bytes;
  if (text.size() < bytes) return {};
  // soketi 1.6 says 200 to what it refuses.
  const bool taken = head.starts_with("HTTP/1.1 200") && !text.substr(head_end + 4, body_bytes).starts_with(R"({"error")");
  const bool last = header(head, "connection") == "close";
  const Unit::Kind kind = !taken ? Unit::Kind::refused : last ? Unit::Kind::taken_last : Unit::Kind::taken;
  return {kind, static_cast<std::uint32_t>(bytes)};
}

}  // namespace load
