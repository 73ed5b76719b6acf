// Fuzzes native/codec/grpc/protobuf.cc, grpc_message.cc and grpc_reflection.cc: what the writer wrote is read as it was; any bytes are
// read as a slow reader of the format's own reads them; requests that are read can be written again.
// Owner: the fuzzer. Thread: main.
#include "native/codec/grpc/protobuf.h"

#include "native/codec/grpc/grpc_message.h"
#include "native/codec/grpc/grpc_reflection.h"
#include "native/codec/text/utf8.h"
#include "test/fuzz/fuzz.h"

namespace {

constexpr std::string_view malformed = "malformed";

std::string words_of(std::uint32_t number, codec::WireType type, std::uint64_t value, base::Bytes bytes) {
  std::string words = std::to_string(number) + ":" + std::to_string(static_cast<int>(type)) + ":";
  if (type == codec::WireType::varint) words += std::to_string(value);
  if (type == codec::WireType::bytes) words += base::text_of(bytes);
  return words + ";";
}

std::string read(base::Bytes message) {
  codec::ProtobufReader reader(message);
  std::string words;
  while (const auto field = reader.next()) words += words_of(field->number, field->type, field->value, field->bytes);
  return reader.malformed() ? std::string(malformed) : words;
}

/// Ten octets at most, as everybody's; nothing: it does not end.
bool take_varint(base::Bytes& left, std::uint64_t& value) {
  value = 0;
  for (unsigned octet = 0; octet < 10; ++octet) {
    if (octet == left.size()) return false;
    const std::uint64_t bits = left[octet] & 0x7Fu;
    if (octet == 9 && bits > 1) return false;  // over 64 bits
    value |= bits << (7 * octet);
    if ((left[octet] & 0x80) != 0) continue;
    left = left.subspan(octet + 1);
    return true;
  }
  return false;
}

/// Reads fields to the end, or of a group to its end; false when they are malformed. Groups are passed over, 100 within each other.
bool read_fields(base::Bytes& left, std::uint64_t group, unsigned depth, std::string& words) {
  while (!left.empty()) {
    std::uint64_t tag, value = 0;
    if (!take_varint(left, tag) || tag >> 3 == 0 || tag >> 3 > 0x1FFFFFFF) return false;
    base::Bytes bytes;
    std::uint64_t length = 0;
    std::string passed_over;
    switch (tag & 7) {
      case 3:
        if (depth == 100 || !read_fields(left, tag >> 3, depth + 1, passed_over)) return false;
        continue;
      case 4: return group == tag >> 3;
      case 0:
        if (!take_varint(left, value)) return false;
        break;
      case 1: length = 8; break;
      case 2:
        if (!take_varint(left, length)) return false;
        break;
      case 5: length = 4; break;
      default: return false;
    }
    if (length > left.size()) return false;
    bytes = left.first(length);
    left = left.subspan(length);
    words += words_of(static_cast<std::uint32_t>(tag >> 3), static_cast<codec::WireType>(tag & 7), value, bytes);
  }
  return group == 0;
}

std::string expected(base::Bytes message) {
  std::string words;
  return read_fields(message, 0, 0, words) ? words : std::string(malformed);
}

void check_written(fuzz::Input& input) {
  fuzz::Bytes out(64 * 1024);
  codec::ProtobufWriter writer(out);
  std::string words;
  std::size_t measured = 0;
  for (int fields = 0; fields < 50 && !input.empty(); ++fields) {
    const auto number = static_cast<std::uint32_t>(1 + input.below(15));
    if (input.below(2) == 0) {
      std::uint64_t value = 0;
      for (std::size_t octets = input.below(9); octets > 0; --octets) value = value << 8 | input.byte();
      writer.number(number, value);
      measured += codec::ProtobufWriter::number_bytes(value);
      if (value != 0) words += words_of(number, codec::WireType::varint, value, {});
    } else {
      const std::string text = input.text();
      writer.text(number, text);
      measured += codec::ProtobufWriter::text_bytes(text.size());
      if (!text.empty()) words += words_of(number, codec::WireType::bytes, 0, base::bytes_of(text));
    }
  }
  const std::size_t written = out.size() - writer.left().size();
  fuzz::require(written == measured, "as long as measured");
  fuzz::require(read(base::Bytes(out).first(written)) == words, "what was written is read");
}

void check_requests(base::Bytes bytes) {
  const bool whole = expected(bytes) != malformed;
  if (const auto request = codec::read_publish_request(bytes)) {
    fuzz::require(whole && base::is_valid_utf8(base::bytes_of(request->message.data)), "a message is well-formed, its data UTF-8");
    fuzz::Bytes out(codec::message_bytes(request->message));
    codec::write_message(request->message, out);
    const auto again = codec::read_publish_request(out);
    fuzz::require(again && again->message.author == request->message.author && again->message.data == request->message.data && again->topic.empty(), "a message there and back");
  }
  if (const auto request = codec::read_subscribe_request(bytes)) {
    fuzz::require(whole && base::is_valid_utf8(base::bytes_of(request->subscriber)), "a subscriber's name is UTF-8");
  }
  if (codec::read_text_request(bytes, 1)) fuzz::require(whole, "a request is well-formed");
  if (const auto answer = codec::reflection_answer(bytes)) fuzz::require(whole && expected(*answer) != malformed, "an answer is well-formed");
}

}  // namespace

FUZZ_TARGET(protobuf) {
  fuzz::Input input(bytes);
  if (input.below(3) == 0) return check_written(input);
  const base::Bytes view = input.rest();
  const fuzz::Bytes message(view.begin(), view.end());
  fuzz::require(read(message) == expected(message), "read as the format says");
  check_requests(message);
}
