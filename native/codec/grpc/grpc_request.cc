// See grpc_request.h.
// Owner: the decoder's stack. Thread: the connection's shard.
#include "native/codec/grpc/grpc_request.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "native/base/check.h"
#include "native/codec/http1/http_text.h"

namespace codec {
namespace {

constexpr std::size_t topic_bytes_kept_max = 1024;  // longer ones are no topics; cut, they still are none

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

/// application/grpc, which means protobuf, or +proto; parameters may follow.
bool is_grpc_type(std::string_view value) {
  const std::string_view type = trim_space(value.substr(0, value.find(';')));
  return equal_ignoring_case(type, "application/grpc") || equal_ignoring_case(type, "application/grpc+proto");
}

std::optional<std::uint64_t> number_of(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number > INT64_MAX) return std::nullopt;
  return number;
}

/// gRPC over HTTP/2, "Timeout": 1 to 8 digits and a unit. The longest are 11,400 years, which 64 bits do not hold: as long as they do.
std::optional<std::uint64_t> timeout_ns_of(std::string_view text) {
  constexpr std::size_t digits_max = 8;
  if (text.size() < 2 || text.size() > digits_max + 1) return std::nullopt;
  if (!std::all_of(text.begin(), text.end() - 1, is_digit)) return std::nullopt;
  const std::uint64_t number = *number_of(text.substr(0, text.size() - 1));
  constexpr std::uint64_t second_ns = 1'000'000'000;
  const auto times = [&](std::uint64_t unit_ns) { return number > UINT64_MAX / 2 / unit_ns ? UINT64_MAX / 2 : number * unit_ns; };
  switch (text.back()) {
    case 'H': return times(3600 * second_ns);
    case 'M': return times(60 * second_ns);
    case 'S': return times(second_ns);
    case 'm': return times(1'000'000);
    case 'u': return times(1000);
    case 'n': return times(1);
    default: return std::nullopt;
  }
}

}  // namespace

void GrpcRequest::on_field(const HpackField& field) {
  ++fields_;
  bytes_ += field.name.size() + field.value.size() + hpack_field_overhead;
  // Whatever is still to come is decoded for the table's sake, and not looked at.
  too_large_ = too_large_ || fields_ > limits_.fields_max || bytes_ > limits_.list_bytes_max;
  if (too_large_ || malformed_) return;
  malformed_ = !is_good_value(field.value);
  if (field.name.starts_with(':')) take_pseudo(field);
  else take_regular(field);
}

void GrpcRequest::take_pseudo(const HpackField& field) {
  const std::uint8_t bit = pseudo_of(field.name);
  if (block_ == HeaderBlock::trailers || regular_seen_ || bit == 0 || (pseudo_seen_ & bit) != 0) malformed_ = true;
  pseudo_seen_ |= bit;
  if (bit == Pseudo::method) is_post_ = field.value == "POST";
  if (bit == Pseudo::path) {
    method_ = find_grpc_method(field.value);
    if (field.value.empty()) malformed_ = true;
  }
}

void GrpcRequest::take_regular(const HpackField& field) {
  regular_seen_ = true;
  if (!is_good_name(field.name) || is_of_connection(field.name)) malformed_ = true;
  if (field.name == "te") {
    takes_trailers_ = equal_ignoring_case(field.value, "trailers");
    if (!takes_trailers_) malformed_ = true;  // §8.2.2: no other value
  } else if (field.name == "content-type") {
    is_grpc_ = is_grpc_type(field.value);
  } else if (field.name == "content-length") {
    const auto length = number_of(field.value);
    if (!length || (content_length_ && *content_length_ != *length)) malformed_ = true;
    content_length_ = length;
  } else if (field.name == "grpc-encoding") {
    names_encoding_ = field.value != "identity";
  } else if (field.name == "grpc-timeout") {
    take_timeout(field.value);
  } else if (field.name == "topic") {
    take_topic(field.value);
  }
}

/// Whoever stands between may have joined several fields of one name to a list (gRPC over HTTP/2, "Custom-Metadata"). Which of them
/// is meant nobody knows, so that a topic with a comma in its name can be named in the message only.
void GrpcRequest::take_topic(std::string_view text) {
  several_topics_ = several_topics_ || topic_ || text.find(',') != std::string_view::npos;
  topic_ = std::string(text.substr(0, topic_bytes_kept_max + 1));
}

void GrpcRequest::take_timeout(std::string_view text) {
  const auto ns = timeout_ns_of(text);
  bad_timeout_ = bad_timeout_ || !ns;
  if (!ns) return;
  const std::uint64_t ms = std::max<std::uint64_t>(1, (*ns + 999'999) / 1'000'000);
  timeout_ms_ = ms < grpc_timeout_ms_max ? std::optional(static_cast<std::uint32_t>(ms)) : std::nullopt;
}

bool GrpcRequest::malformed() const {
  // Of a list that is too large not everything was looked at.
  return malformed_ || (block_ == HeaderBlock::request && !too_large_ && (pseudo_seen_ & required) != required);
}

HttpStatus GrpcRequest::http_status() const {
  if (too_large_) return HttpStatus::header_fields_too_large;
  if (!is_post_) return HttpStatus::method_not_allowed;
  if (!is_grpc_) return HttpStatus::unsupported_media_type;
  return HttpStatus::ok;
}

GrpcStatus GrpcRequest::status() const {
  if (!method_) return GrpcStatus::unimplemented;
  if (bad_timeout_) return GrpcStatus::internal;  // as grpc-go says of it
  return takes_trailers_ && !several_topics_ ? GrpcStatus::ok : GrpcStatus::invalid_argument;
}

std::string_view GrpcRequest::status_text() const {
  CHECK(status() != GrpcStatus::ok);
  if (!method_) return "unknown method";
  if (bad_timeout_) return "grpc-timeout is not 1 to 8 digits and a unit";
  return takes_trailers_ ? "the metadata names several topics" : "the request must say te: trailers";
}

}  // namespace codec
