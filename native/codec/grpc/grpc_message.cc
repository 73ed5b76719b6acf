// See grpc_message.h.
// Owner: nobody. Thread: any.
#include "native/codec/grpc/grpc_message.h"

#include "native/base/check.h"
#include "native/codec/grpc/protobuf.h"
#include "native/codec/http2/http2_frame.h"
#include "native/codec/text/utf8.h"

namespace codec {
namespace {

/// int32 on the wire is the number's 64-bit two's complement, so that negative ones need ten bytes.
std::uint64_t to_wire(std::int32_t number) { return static_cast<std::uint64_t>(std::int64_t{number}); }
std::int32_t from_wire(std::uint64_t value) { return static_cast<std::int32_t>(static_cast<std::uint32_t>(value)); }

/// Strings of proto3 are UTF-8.
bool take_text(const ProtobufField& field, std::string_view& into) {
  into = base::text_of(field.bytes);
  return base::is_valid_utf8(field.bytes);
}

}  // namespace

void write_grpc_prefix(std::size_t message_bytes, base::MutableBytes out) {
  CHECK(message_bytes <= UINT32_MAX && out.size() >= grpc_prefix_bytes);
  out[0] = 0;
  write_u32(static_cast<std::uint32_t>(message_bytes), out.subspan(1));
}

std::size_t message_bytes(const Message& message) {
  return ProtobufWriter::number_bytes(to_wire(message.author)) + ProtobufWriter::text_bytes(message.data.size());
}

void write_message(const Message& message, base::MutableBytes out) {
  ProtobufWriter writer(out);
  writer.number(1, to_wire(message.author));
  writer.text(2, message.data);
  CHECK(writer.left().empty());
}

std::optional<PublishRequest> read_publish_request(base::Bytes bytes) {
  ProtobufReader reader(bytes);
  PublishRequest request;
  while (const auto field = reader.next()) {
    if (field->is(1, WireType::varint)) request.message.author = from_wire(field->value);
    if (field->is(2, WireType::bytes) && !take_text(*field, request.message.data)) return std::nullopt;
    if (field->is(3, WireType::bytes)) request.topic = field->bytes;
  }
  return reader.malformed() ? std::nullopt : std::optional(request);
}

std::optional<SubscribeRequest> read_subscribe_request(base::Bytes bytes) {
  ProtobufReader reader(bytes);
  SubscribeRequest request;
  while (const auto field = reader.next()) {
    if (field->is(1, WireType::bytes) && !take_text(*field, request.subscriber)) return std::nullopt;
    if (field->is(2, WireType::bytes)) request.topic = field->bytes;
    if (field->is(3, WireType::varint)) request.since = field->value;
    if (field->is(4, WireType::varint)) request.last = static_cast<std::uint32_t>(field->value);
  }
  return reader.malformed() ? std::nullopt : std::optional(request);
}

std::optional<std::string_view> read_text_request(base::Bytes bytes, std::uint32_t field_number) {
  ProtobufReader reader(bytes);
  std::string_view text;
  while (const auto field = reader.next()) {
    if (field->is(field_number, WireType::bytes) && !take_text(*field, text)) return std::nullopt;
  }
  return reader.malformed() ? std::nullopt : std::optional(text);
}

}  // namespace codec
