// See protobuf.h.
// Owner: whoever reads or writes. Thread: any.
#include "native/codec/grpc/protobuf.h"

#include <algorithm>
#include <array>

#include "native/base/check.h"

namespace codec {

namespace {
/// Groups within groups, as deep as protobuf's own libraries go.
constexpr std::size_t depth_max = 100;
}  // namespace

std::optional<ProtobufField> ProtobufReader::next() {
  for (;;) {
    const auto field = next_of_any_type();
    if (!field) return std::nullopt;
    if (field->type == WireType::group_end) return fail();  // of no group
    if (field->type != WireType::group_start) return field;
    if (!skip_group(field->number)) return fail();
  }
}

/// What is behind a group's start up to its end, which has the same number.
bool ProtobufReader::skip_group(std::uint32_t number) {
  std::array<std::uint32_t, depth_max> open;
  open[0] = number;
  for (std::size_t depth = 1; depth > 0;) {
    const auto field = next_of_any_type();
    if (!field) return false;
    if (field->type == WireType::group_end && field->number != open[--depth]) return false;
    if (field->type != WireType::group_start) continue;
    if (depth == depth_max) return false;
    open[depth++] = field->number;
  }
  return true;
}

std::optional<ProtobufField> ProtobufReader::next_of_any_type() {
  if (left_.empty() || malformed_) return std::nullopt;
  const auto tag = varint();
  if (!tag || *tag > UINT32_MAX || *tag >> 3 == 0) return fail();
  ProtobufField field;
  field.number = static_cast<std::uint32_t>(*tag >> 3);
  field.type = static_cast<WireType>(*tag & 7);
  std::optional<std::uint64_t> length;
  switch (field.type) {
    case WireType::varint:
      length = varint();
      if (!length) return fail();
      field.value = *length;
      return field;
    case WireType::fixed64:
      length = 8;
      break;
    case WireType::bytes:
      length = varint();
      break;
    case WireType::fixed32:
      length = 4;
      break;
    case WireType::group_start:
    case WireType::group_end:
      return field;
    default:
      return fail();
  }
  const auto bytes = length ? take(*length) : std::nullopt;
  if (!bytes) return fail();
  field.bytes = *bytes;
  return field;
}

/// At most ten bytes, and of the tenth only the bit that 64 leave room for.
std::optional<std::uint64_t> ProtobufReader::varint() {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64 && !left_.empty(); shift += 7) {
    const std::uint8_t byte = left_.front();
    left_ = left_.subspan(1);
    if (shift == 63 && byte > 1) return std::nullopt;
    value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
    if ((byte & 0x80) == 0) return value;
  }
  return std::nullopt;
}

std::optional<base::Bytes> ProtobufReader::take(std::uint64_t count) {
  if (count > left_.size()) return std::nullopt;
  const base::Bytes taken = left_.first(static_cast<std::size_t>(count));
  left_ = left_.subspan(taken.size());
  return taken;
}

std::optional<ProtobufField> ProtobufReader::fail() {
  malformed_ = true;
  return std::nullopt;
}

void ProtobufWriter::number(std::uint32_t field, std::uint64_t value) {
  if (value == 0) return;
  varint(field << 3 | static_cast<std::uint32_t>(WireType::varint));
  varint(value);
}

void ProtobufWriter::text(std::uint32_t field, std::string_view text) {
  if (text.empty()) return;
  head(field, text.size());
  CHECK(text.size() <= left_.size());
  std::copy(text.begin(), text.end(), left_.begin());
  skip(text.size());
}

void ProtobufWriter::head(std::uint32_t field, std::size_t length) {
  CHECK(field > 0 && field < 16);
  varint(field << 3 | static_cast<std::uint32_t>(WireType::bytes));
  varint(length);
}

void ProtobufWriter::skip(std::size_t bytes) {
  CHECK(bytes <= left_.size());
  left_ = left_.subspan(bytes);
}

void ProtobufWriter::varint(std::uint64_t value) {
  CHECK(left_.size() >= varint_bytes(value));
  std::size_t at = 0;
  for (; value >= 0x80; value >>= 7) left_[at++] = static_cast<std::uint8_t>(value | 0x80);
  left_[at++] = static_cast<std::uint8_t>(value);
  left_ = left_.subspan(at);
}

}  // namespace codec
