// See grpc_calls.h.
#include "bench/load/grpc_calls.h"

#include <algorithm>

#include "native/base/check.h"

namespace load {
namespace {

constexpr std::size_t prefix_bytes = 5;
constexpr std::size_t author_at = prefix_bytes + 1;
constexpr std::size_t author_bytes = 5;  // 2^28 to 2^31 - 1

// RFC 7541 Appendix A.
constexpr std::uint8_t method_post = 0x83;
constexpr std::uint8_t scheme_http = 0x86;
constexpr std::uint8_t authority_name = 1;
constexpr std::uint8_t path_name = 4;
constexpr std::uint8_t content_type_name = 31;

/// RFC 7541 §5.1, with `first` in the bits in front of the prefix.
void append_integer(std::vector<std::uint8_t>& out, std::uint8_t first, std::uint8_t prefix_max, std::size_t value) {
  if (value < prefix_max) return out.push_back(static_cast<std::uint8_t>(first | value));
  out.push_back(first | prefix_max);
  for (value -= prefix_max; value >= 128; value >>= 7) out.push_back(static_cast<std::uint8_t>(value | 0x80));
  out.push_back(static_cast<std::uint8_t>(value));
}

void append_string(std::vector<std::uint8_t>& out, std::string_view text) {
  append_integer(out, 0, 0x7f, text.size());
  out.insert(out.end(), text.begin(), text.end());
}

/// A literal without indexing, its name from the static table.
void append_field(std::vector<std::uint8_t>& out, std::uint8_t name, std::string_view value) {
  append_integer(out, 0, 0x0f, name);
  append_string(out, value);
}

void append_field(std::vector<std::uint8_t>& out, std::string_view name, std::string_view value) {
  out.push_back(0);
  append_string(out, name);
  append_string(out, value);
}

void append_varint(std::vector<std::uint8_t>& out, std::uint64_t value) {
  for (; value >= 128; value >>= 7) out.push_back(static_cast<std::uint8_t>(value | 0x80));
  out.push_back(static_cast<std::uint8_t>(value));
}

void append_text(std::vector<std::uint8_t>& out, std::uint8_t field, std::string_view text) {
  out.push_back(static_cast<std::uint8_t>(field << 3 | 2));
  append_varint(out, text.size());
  out.insert(out.end(), text.begin(), text.end());
}

/// Fills in the length behind the flag.
std::vector<std::uint8_t> with_prefix(std::vector<std::uint8_t> out) {
  const std::size_t length = out.size() - prefix_bytes;
  for (int i = 0; i < 4; ++i) out[static_cast<std::size_t>(1 + i)] = static_cast<std::uint8_t>(length >> (24 - 8 * i));
  return out;
}

}  // namespace

std::vector<std::uint8_t> request_headers(std::string_view method, std::string_view authority, std::string_view topic) {
  std::vector<std::uint8_t> out = {method_post, scheme_http};
  append_field(out, path_name, method);
  append_field(out, authority_name, authority);
  append_field(out, content_type_name, "application/grpc");
  append_field(out, "te", "trailers");
  if (!topic.empty()) append_field(out, "topic", topic);
  return out;
}

std::vector<std::uint8_t> message_bytes(std::uint32_t author, std::string_view data) {
  std::vector<std::uint8_t> out(prefix_bytes);
  if (author != 0) {
    out.push_back(1 << 3);
    append_varint(out, author);
  }
  if (!data.empty()) append_text(out, 2, data);
  return with_prefix(std::move(out));
}

std::vector<std::uint8_t> text_request_bytes(std::string_view text) {
  std::vector<std::uint8_t> out(prefix_bytes);
  if (!text.empty()) append_text(out, 1, text);
  return with_prefix(std::move(out));
}

std::string data_text(std::uint32_t bytes) {
  std::string text(bytes, 'a');
  for (std::uint32_t i = 0; i < bytes; ++i) text[i] = static_cast<char>('A' + i * 7 % 26);
  return text;
}

void stamp_author(std::span<std::uint8_t> message, std::uint32_t author) {
  CHECK(author >= ExpectedMessages::first_author && author >> 31 == 0);
  for (std::size_t i = 0; i < author_bytes; ++i, author >>= 7) {
    message[author_at + i] = static_cast<std::uint8_t>((author & 0x7f) | (i + 1 < author_bytes ? 0x80 : 0));
  }
}

ExpectedMessages::ExpectedMessages(std::uint32_t author, std::string_view data) : message_(message_bytes(author, data)), author_(author) {
  CHECK(author >= first_author);
}

std::uint32_t ExpectedMessages::take(std::span<const std::uint8_t> piece) {
  std::uint32_t completed = 0;
  while (!piece.empty() && !broken_) {
    const std::size_t count = std::min(piece.size(), message_.size() - at_);
    broken_ = !std::equal(piece.begin(), piece.begin() + static_cast<std::ptrdiff_t>(count), message_.begin() + static_cast<std::ptrdiff_t>(at_));
    piece = piece.subspan(count);
    at_ += count;
    if (broken_ || at_ < message_.size()) continue;
    at_ = 0;
    set_author(author_ + 1);
    ++completed;
  }
  return completed;
}

void ExpectedMessages::set_author(std::uint32_t author) {
  author_ = author;
  stamp_author(message_, author);
}

}  // namespace load
