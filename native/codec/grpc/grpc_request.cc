// See grpc_request.h.
// Owner: its GrpcCodec. Thread: the connection's shard.
#include "native/codec/grpc/grpc_request.h"

#include <algorithm>
#include <charconv>

#include "native/base/check.h"
#include "native/codec/http1/http_text.h"

namespace codec {
namespace {

constexpr std::size_t topic_bytes_kept_max = 1024;  // longer ones are no topics; cut, they still are none

/// application/grpc, which means protobuf, or +proto; parameters may follow.
bool is_grpc_type(std::string_view value) {
  const std::string_view type = trim_space(value.substr(0, value.find(';')));
  return equal_ignoring_case(type, "application/grpc") || equal_ignoring_case(type, "application/grpc+proto");
}

/// gRPC over HTTP/2, "Timeout": 1 to 8 digits and a unit. The longest are 11,400 years, which 64 bits do not hold: as long as they do.
std::optional<std::uint64_t> timeout_ns_of(std::string_view text) {
  constexpr std::size_t digits_max = 8;
  if (text.size() < 2 || text.size() > digits_max + 1) return std::nullopt;
  if (!std::all_of(text.begin(), text.end() - 1, is_digit)) return std::nullopt;
  std::uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size() - 1, number);
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

void GrpcRequest::on_field(std::string_view name, std::string_view value) {
  if (asked_ != nullptr) keep(name, value);
  if (name == ":method") {
    is_post_ = value == "POST";
  } else if (name == ":path") {
    method_ = find_grpc_method(value);
  } else if (name == "te") {
    takes_trailers_ = equal_ignoring_case(value, "trailers");
  } else if (name == "content-type") {
    is_grpc_ = is_grpc_type(value);
  } else if (name == "grpc-encoding") {
    names_encoding_ = value != "identity";
  } else if (name == "grpc-timeout") {
    take_timeout(value);
  } else if (name == "topic") {
    take_topic(value);
  }
}

/// No value has a line end (RFC 9113 §8.2.1).
void GrpcRequest::keep(std::string_view name, std::string_view value) {
  if (std::find(asked_->begin(), asked_->end(), name) == asked_->end()) return;
  fields_.append(name).append(": ").append(value).append("\n");
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

HttpStatus GrpcRequest::http_status() const {
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
