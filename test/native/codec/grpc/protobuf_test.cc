// Covers native/codec/grpc/protobuf.cc.
// Owner: the test. Thread: main.
#include "native/codec/grpc/protobuf.h"

#include <array>
#include <string>

#include "test/native/codec/wire.h"
#include "test/native/doctest_last.h"

using namespace wire;

namespace {

/// "number:value" or "number:hex", each followed by a space; "malformed" when it is.
std::string fields_of(Wire message) {
  message.shrink_to_fit();
  codec::ProtobufReader reader(message);
  std::string words;
  while (const auto field = reader.next()) {
    words += std::to_string(field->number) + ":";
    words += field->type == codec::WireType::varint ? std::to_string(field->value) : to_hex(base::text_of(field->bytes));
    words += " ";
  }
  CHECK(!reader.next().has_value());
  return reader.malformed() ? words + "malformed" : words;
}

}  // namespace

TEST_CASE("protobuf: fields of every type") {
  CHECK(fields_of({}) == "");
  CHECK(fields_of(hex("08 96 01")) == "1:150 ");
  CHECK(fields_of(hex("12 07 74657374696e67")) == "2:74657374696e67 ");
  CHECK(fields_of(hex("1a 03 08 96 01")) == "3:089601 ");
  CHECK(fields_of(hex("09 0102030405060708")) == "1:0102030405060708 ");
  CHECK(fields_of(hex("15 01020304 10 01")) == "2:01020304 2:1 ");
  CHECK(fields_of(hex("12 00")) == "2: ");
  CHECK(fields_of(hex("f8 ff ff ff 0f 01")) == "536870911:1 ");
}

TEST_CASE("protobuf: varints end within ten bytes and 64 bits") {
  CHECK(fields_of(hex("08 ff ff ff ff ff ff ff ff ff 01")) == "1:18446744073709551615 ");
  CHECK(fields_of(hex("08 ff ff ff ff ff ff ff ff ff 02")) == "malformed");
  CHECK(fields_of(hex("08 80 80 80 80 80 80 80 80 80 80 00")) == "malformed");
  CHECK(fields_of(hex("08 80 00")) == "1:0 ");
  CHECK(fields_of(hex("08 80")) == "malformed");
  CHECK(fields_of(hex("08")) == "malformed");
}

TEST_CASE("protobuf: what no message has") {
  CHECK(fields_of(hex("00 01")) == "malformed");                    // field 0
  CHECK(fields_of(hex("88 80 80 80 10 01")) == "malformed");        // a tag over 32 bits
  CHECK(fields_of(hex("0e 01")) == "malformed");                    // types 6 and 7
  CHECK(fields_of(hex("0f 01")) == "malformed");
  CHECK(fields_of(hex("08 01 12 05 61")) == "1:1 malformed");       // longer than what is left
  CHECK(fields_of(hex("12 ff ff ff ff ff ff ff ff ff 01 61")) == "malformed");
  CHECK(fields_of(hex("09 01020304050607")) == "malformed");
  CHECK(fields_of(hex("0d 010203")) == "malformed");
}

TEST_CASE("protobuf: groups, also within groups, are passed over; those that do not end as they began are malformed") {
  CHECK(fields_of(hex("0b 08 01 0c")) == "");
  CHECK(fields_of(hex("10 01 0b 0c 10 02")) == "2:1 2:2 ");
  CHECK(fields_of(hex("0b 12 03 0c0c0c 0d 01020304 09 0102030405060708 13 1b 1c 14 0c 08 07")) == "1:7 ");
  CHECK(fields_of(hex("0b 08 01")) == "malformed");     // no end
  CHECK(fields_of(hex("0b 08 01 14")) == "malformed");  // another's
  CHECK(fields_of(hex("0b 13 0c 14")) == "malformed");  // crossed
  CHECK(fields_of(hex("08 01 0c")) == "1:1 malformed");
  CHECK(fields_of(hex("0b 00 01 0c")) == "malformed");  // field 0 within
  const auto nested = [](std::size_t depth) {
    std::vector<std::uint8_t> bytes(depth, 0x0b);
    bytes.insert(bytes.end(), depth, 0x0c);
    return bytes;
  };
  CHECK(fields_of(nested(100)) == "");
  CHECK(fields_of(nested(101)) == "malformed");
  CHECK(fields_of(std::vector<std::uint8_t>(100'000, 0x0b)) == "malformed");
}

TEST_CASE("protobuf: written fields have the length that was measured") {
  for (const std::uint64_t value : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{127}, std::uint64_t{128}, std::uint64_t{1} << 35, UINT64_MAX}) {
    std::vector<std::uint8_t> out(codec::ProtobufWriter::number_bytes(value));
    codec::ProtobufWriter writer(out);
    writer.number(15, value);
    CHECK(writer.left().empty());
    CHECK(fields_of(out) == (value == 0 ? "" : "15:" + std::to_string(value) + " "));
  }
  for (const std::size_t length : {0u, 1u, 127u, 128u, 16383u, 16384u}) {
    const std::string text(length, 'x');
    std::vector<std::uint8_t> out(codec::ProtobufWriter::text_bytes(length));
    codec::ProtobufWriter writer(out);
    writer.text(2, text);
    CHECK(writer.left().empty());
    CHECK(fields_of(out) == (length == 0 ? "" : "2:" + to_hex(text) + " "));
  }
}
