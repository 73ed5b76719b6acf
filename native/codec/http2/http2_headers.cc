// See http2_headers.h.
// Owner: the decoder's stack. Thread: the connection's shard.
#include "native/codec/http2/http2_headers.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "native/codec/http1/http_text.h"

namespace codec {
namespace {

/// Bits of `pseudo_seen_`; RFC 9113 §8.3.1.
enum Pseudo : std::uint8_t { method = 1, scheme = 2, path = 4, authority = 8 };

constexpr std::uint8_t required = Pseudo::method | Pseudo::scheme | Pseudo::path;

std::uint8_t pseudo_of(std::string_view name) {
  if (name == ":method") return Pseudo::method;
  if (name == ":scheme") return Pseudo::scheme;
  if (name == ":path") return Pseudo::path;
  if (name == ":authority") return Pseudo::authority;
  return 0;
}

/// §8.2: lower case, nothing that HTTP/1.1 could not carry.
bool is_good_name(std::string_view name) {
  return is_token(name) && std::none_of(name.begin(), name.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

/// §8.2.1.
bool is_good_value(std::string_view value) {
  const auto is_space = [](char c) { return c == ' ' || c == '\t'; };
  if (!value.empty() && (is_space(value.front()) || is_space(value.back()))) return false;
  return std::none_of(value.begin(), value.end(), [](char c) { return c == '\0' || c == '\r' || c == '\n'; });
}

/// §8.2.2: fields that are about one HTTP/1.1 connection.
bool is_of_connection(std::string_view name) {
  constexpr std::array<std::string_view, 5> names = {"connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"};
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::optional<std::uint64_t> number_of(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number > INT64_MAX) return std::nullopt;
  return number;
}

}  // namespace

void Http2Headers::on_field(const HpackField& field) {
  ++fields_;
  bytes_ += field.name.size() + field.value.size() + hpack_field_overhead;
  // Whatever is still to come is decoded for the table's sake, and not looked at.
  too_large_ = too_large_ || fields_ > limits_.fields_max || bytes_ > limits_.list_bytes_max;
  if (too_large_ || malformed_) return;
  malformed_ = !is_good_value(field.value);
  if (field.name.starts_with(':')) check_pseudo(field);
  else check_regular(field);
  if (!malformed_ && user_ != nullptr) user_->on_field(field.name, field.value);
}

void Http2Headers::check_pseudo(const HpackField& field) {
  const std::uint8_t bit = pseudo_of(field.name);
  const bool of_trailers = user_ == nullptr;
  if (of_trailers || regular_seen_ || bit == 0 || (pseudo_seen_ & bit) != 0) malformed_ = true;
  pseudo_seen_ |= bit;
  if (bit == Pseudo::path && field.value.empty()) malformed_ = true;
}

void Http2Headers::check_regular(const HpackField& field) {
  regular_seen_ = true;
  if (!is_good_name(field.name) || is_of_connection(field.name)) malformed_ = true;
  if (field.name == "te" && !equal_ignoring_case(field.value, "trailers")) malformed_ = true;  // §8.2.2: no other value
  if (field.name == "content-length") take_content_length(field.value);
}

void Http2Headers::take_content_length(std::string_view text) {
  const auto length = number_of(text);
  if (!length || (content_length_ && *content_length_ != *length)) malformed_ = true;
  content_length_ = length;
}

bool Http2Headers::malformed() const {
  // Of a list that is too large not everything was looked at.
  return malformed_ || (user_ != nullptr && !too_large_ && (pseudo_seen_ & required) != required);
}

}  // namespace codec
