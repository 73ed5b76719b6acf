// See grpc_reflection.h.
// Owner: nobody. Thread: any.
#include "native/codec/grpc/grpc_reflection.h"

#include <array>
#include <initializer_list>
#include <string_view>

#include "native/codec/grpc/grpc_status.h"
#include "native/codec/grpc/proto/descriptors.h"
#include "native/codec/grpc/protobuf.h"
#include "native/codec/text/utf8.h"

namespace codec {
namespace {

using Encoded = std::vector<std::uint8_t>;

/// Field numbers of google/protobuf/descriptor.proto.
namespace file_field {
constexpr std::uint32_t package = 2;
constexpr std::uint32_t message = 4;
constexpr std::uint32_t enumeration = 5;
constexpr std::uint32_t service = 6;
}  // namespace file_field
constexpr std::uint32_t name_field = 1;  // of all of them
/// What a message may contain: fields, messages, enumerations; of a service: its methods.
constexpr std::initializer_list<std::uint32_t> message_parts = {2, 3, 4};
constexpr std::initializer_list<std::uint32_t> service_parts = {2};

/// Field numbers of ServerReflectionRequest and ServerReflectionResponse.
namespace request_field {
constexpr std::uint32_t host = 1;
constexpr std::uint32_t file_by_filename = 3;
constexpr std::uint32_t file_containing_symbol = 4;
constexpr std::uint32_t list_services = 7;
}  // namespace request_field
namespace answer_field {
constexpr std::uint32_t valid_host = 1;
constexpr std::uint32_t original_request = 2;
constexpr std::uint32_t file_descriptor = 4;
constexpr std::uint32_t list_services = 6;
constexpr std::uint32_t error = 7;
}  // namespace answer_field

std::string_view text_in(base::Bytes message, std::uint32_t number) {
  ProtobufReader reader(message);
  std::string_view text;
  while (const auto field = reader.next()) {
    if (field->is(number, WireType::bytes)) text = base::text_of(field->bytes);
  }
  return text;
}

/// Takes `name` and the dot behind it from the front of `symbol`.
bool take_name(std::string_view& symbol, std::string_view name) {
  if (name.empty()) return true;
  if (!symbol.starts_with(name)) return false;
  const std::string_view rest = symbol.substr(name.size());
  if (!rest.empty() && (rest.front() != '.' || rest.size() == 1)) return false;
  symbol = rest.empty() ? rest : rest.substr(1);
  return true;
}

bool has_part(base::Bytes thing, std::string_view name, std::initializer_list<std::uint32_t> numbers) {
  ProtobufReader reader(thing);
  while (const auto field = reader.next()) {
    for (const std::uint32_t number : numbers) {
      if (field->is(number, WireType::bytes) && text_in(field->bytes, name_field) == name) return true;
    }
  }
  return false;
}

/// Whether the file declares `symbol`: a message, enumeration or service, or one part of such.
bool declares(base::Bytes file, std::string_view symbol) {
  if (!take_name(symbol, text_in(file, file_field::package)) || symbol.empty()) return false;
  ProtobufReader reader(file);
  while (const auto field = reader.next()) {
    const bool is_service = field->is(file_field::service, WireType::bytes);
    const bool is_message = field->is(file_field::message, WireType::bytes);
    if (!is_service && !is_message && !field->is(file_field::enumeration, WireType::bytes)) continue;
    std::string_view rest = symbol;
    if (!take_name(rest, text_in(field->bytes, name_field))) continue;
    if (rest.empty()) return true;
    if (is_service && has_part(field->bytes, rest, service_parts)) return true;
    if (is_message && has_part(field->bytes, rest, message_parts)) return true;
  }
  return false;
}

void append_head(Encoded& out, std::uint32_t number, std::size_t length) {
  std::array<std::uint8_t, 11> head;
  ProtobufWriter writer(head);
  writer.head(number, length);
  out.insert(out.end(), head.begin(), head.end() - static_cast<std::ptrdiff_t>(writer.left().size()));
}

void append_field(Encoded& out, std::uint32_t number, base::Bytes bytes) {
  append_head(out, number, bytes.size());
  out.insert(out.end(), bytes.begin(), bytes.end());
}

/// ErrorResponse { int32 error_code = 1; string error_message = 2; }
void append_error(Encoded& out, GrpcStatus status, std::string_view text) {
  Encoded error = {1 << 3, static_cast<std::uint8_t>(status)};
  append_field(error, 2, base::bytes_of(text));
  append_field(out, answer_field::error, error);
}

/// ListServiceResponse { repeated ServiceResponse service = 1; } of ServiceResponse { string name = 1; }
void append_services(Encoded& out) {
  Encoded list;
  for (const DescriptorFile& file : descriptor_files) {
    const std::string_view package = text_in(file.descriptor, file_field::package);
    ProtobufReader reader(file.descriptor);
    while (const auto field = reader.next()) {
      if (!field->is(file_field::service, WireType::bytes)) continue;
      const std::string_view service = text_in(field->bytes, name_field);
      Encoded name(package.begin(), package.end());
      if (!package.empty()) name.push_back('.');
      name.insert(name.end(), service.begin(), service.end());
      Encoded response;
      append_field(response, 1, name);
      append_field(list, 1, response);
    }
  }
  append_field(out, answer_field::list_services, list);
}

/// FileDescriptorResponse { repeated bytes file_descriptor_proto = 1; }. No file of ours imports another.
template <typename Wanted>
void append_file(Encoded& out, Wanted wanted) {
  for (const DescriptorFile& file : descriptor_files) {
    if (!wanted(file)) continue;
    Encoded files;
    append_field(files, 1, file.descriptor);
    return append_field(out, answer_field::file_descriptor, files);
  }
  append_error(out, GrpcStatus::not_found, "no such file or symbol");
}

void append_answer(Encoded& out, const ProtobufField& asked) {
  const std::string_view text = base::text_of(asked.bytes);
  switch (asked.number) {
    case request_field::file_by_filename:
      return append_file(out, [&](const DescriptorFile& file) { return file.name == text; });
    case request_field::file_containing_symbol:
      return append_file(out, [&](const DescriptorFile& file) { return declares(file.descriptor, text); });
    case request_field::list_services:
      return append_services(out);
    default:
      return append_error(out, GrpcStatus::not_found, "there are no extensions");
  }
}

}  // namespace

std::optional<Encoded> reflection_answer(base::Bytes request) {
  ProtobufReader reader(request);
  base::Bytes host;
  std::optional<ProtobufField> asked;
  while (const auto field = reader.next()) {
    if (field->type != WireType::bytes) continue;
    if (field->number == request_field::host) host = field->bytes;
    if (field->number >= request_field::file_by_filename && field->number <= request_field::list_services) asked = field;
  }
  if (reader.malformed() || !base::is_valid_utf8(host)) return std::nullopt;
  Encoded answer;
  append_field(answer, answer_field::valid_host, host);
  append_field(answer, answer_field::original_request, request);
  if (asked) append_answer(answer, *asked);
  else append_error(answer, GrpcStatus::invalid_argument, "nothing is asked for");
  return answer;
}

}  // namespace codec
