// The protobuf wire format (protobuf.dev, "Encoding"): fields of a message one by one, and the few that we write.
// Owner: whoever reads or writes. Thread: any, one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "native/base/bytes.h"

namespace codec {

enum class WireType : std::uint8_t { varint = 0, fixed64 = 1, bytes = 2, group_start = 3, group_end = 4, fixed32 = 5 };

struct ProtobufField {
  std::uint32_t number = 0;
  WireType type{};
  std::uint64_t value = 0;  // of a varint; other numbers are nobody's here and not read
  base::Bytes bytes;        // of a string, bytes or a message

  bool is(std::uint32_t wanted, WireType wanted_type) const { return number == wanted && type == wanted_type; }
};

/// Reads a message's fields in their order. A field that a reader does not know, or whose type is another one, is to be passed
/// over; of equal numbers the last counts. Groups, which proto3 does not have but a later schema may, are passed over here.
class ProtobufReader {
 public:
  explicit ProtobufReader(base::Bytes message) : left_(message) {}

  /// Nothing: there are no more, or the message is malformed.
  std::optional<ProtobufField> next();
  /// Known once `next` has returned nothing.
  bool malformed() const { return malformed_; }

 private:
  std::optional<ProtobufField> next_of_any_type();
  bool skip_group(std::uint32_t number);
  std::optional<std::uint64_t> varint();
  std::optional<base::Bytes> take(std::uint64_t count);
  std::optional<ProtobufField> fail();

  base::Bytes left_;
  bool malformed_ = false;
};

constexpr std::size_t varint_bytes(std::uint64_t value) {
  std::size_t bytes = 1;
  for (; value >= 0x80; value >>= 7) ++bytes;
  return bytes;
}

/// Writes fields one behind the other into room that the caller has measured. Field numbers are below 16.
class ProtobufWriter {
 public:
  explicit ProtobufWriter(base::MutableBytes out) : left_(out) {}

  /// As proto3 wants it, nothing is written for a number that is 0, or an empty string.
  static constexpr std::size_t number_bytes(std::uint64_t value) { return value == 0 ? 0 : 1 + varint_bytes(value); }
  static constexpr std::size_t text_bytes(std::size_t length) { return length == 0 ? 0 : 1 + varint_bytes(length) + length; }

  void number(std::uint32_t field, std::uint64_t value);
  void text(std::uint32_t field, std::string_view text);
  /// The head of a string, bytes or message of that length, also of an empty one. What follows is written to `left`, and
  /// then passed over with `skip`.
  void head(std::uint32_t field, std::size_t length);
  base::MutableBytes left() const { return left_; }
  void skip(std::size_t bytes);

 private:
  void varint(std::uint64_t value);

  base::MutableBytes left_;
};

}  // namespace codec
