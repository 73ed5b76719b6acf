// Covers native/codec/grpc/grpc_message.cc.
// Owner: the test. Thread: main.
#include "native/codec/grpc/grpc_message.h"

#include <climits>
#include <string>

#include "test/native/codec/wire.h"
#include "test/native/doctest_last.h"

using namespace wire;

namespace {

Wire written(std::int32_t author, const std::string& data) {
  const codec::Message message = {author, data};
  Wire out(codec::message_bytes(message));
  codec::write_message(message, out);
  return out;
}

std::string hex_of(const Wire& bytes) { return to_hex(std::string(bytes.begin(), bytes.end())); }

/// "author|data|topic in hex", or "malformed".
std::string publication(Wire bytes) {
  bytes.shrink_to_fit();
  const auto request = codec::read_publish_request(bytes);
  if (!request) return "malformed";
  return std::to_string(request->message.author) + "|" + std::string(request->message.data) + "|" + to_hex(base::text_of(request->topic));
}

std::string subscription(Wire bytes) {
  bytes.shrink_to_fit();
  const auto request = codec::read_subscribe_request(bytes);
  if (!request) return "malformed";
  return std::string(request->subscriber) + "|" + std::string(base::text_of(request->topic)) + "|" +
         (request->since ? std::to_string(*request->since) : "-") + "|" + std::to_string(request->last);
}

}  // namespace

TEST_CASE("grpc message: on the wire as protoc's code writes it") {
  CHECK(hex_of(written(0, "")) == "");
  CHECK(hex_of(written(7, "")) == "0807");
  CHECK(hex_of(written(0, "hi")) == "12026869");
  CHECK(hex_of(written(300, "hi")) == "08ac0212026869");
  CHECK(hex_of(written(-1, "x")) == "08ffffffffffffffffff01120178");
  CHECK(hex_of(written(INT_MAX, "")) == "08ffffffff07");
  CHECK(hex_of(written(INT_MIN, "")) == "0880808080f8ffffffff01");
  CHECK(hex_of(written(1, std::string(128, 'a'))).starts_with("080112800161"));
}

TEST_CASE("grpc message: what is written is read back") {
  for (const std::int32_t author : {0, 1, -1, 127, 128, INT_MAX, INT_MIN}) {
    for (const std::size_t length : {0u, 1u, 127u, 128u, 70'000u}) {
      const std::string data(length, 'd');
      CHECK(publication(written(author, data)) == std::to_string(author) + "|" + data + "|");
    }
  }
}

TEST_CASE("grpc message: the last of equal fields counts, unknown ones and other types are passed over") {
  CHECK(publication(hex("0801 0802 120161 120162")) == "2|b|");
  CHECK(publication(hex("1a01 74 0801")) == "1||74");
  CHECK(publication(hex("20 05 2d 01020304 31 0102030405060708 3a 02 ffff 0801")) == "1||");
  CHECK(publication(hex("0d 01000000 10 05 18 01")) == "0||");         // author as fixed32, data and topic as numbers
  CHECK(publication(hex("08 81 80 80 80 10")) == "1||");               // cut to 32 bits, as protobuf does
  CHECK(publication(hex("08 ff ff ff ff ff ff ff ff ff 01")) == "-1||");
  CHECK(publication(hex("08 ff ff ff ff 0f")) == "-1||");
}

TEST_CASE("grpc message: malformed ones, and text that is not UTF-8") {
  CHECK(publication(hex("08")) == "malformed");
  CHECK(publication(hex("12 05 6869")) == "malformed");
  CHECK(publication(hex("12 01 ff")) == "malformed");
  CHECK(publication(hex("12 02 c3a9")) == "0|\xC3\xA9|");
  CHECK(publication(hex("12 01 c3")) == "malformed");
  CHECK(publication(hex("12 01 ff 12 01 61")) == "malformed");  // also one that does not count
  CHECK(publication(hex("1a 01 ff")) == "0||ff");               // whoever uses the topic looks into it
}

TEST_CASE("grpc message: subscriptions") {
  CHECK(subscription({}) == "||-|0");
  CHECK(subscription(hex("0a0161 120162 1800 2005")) == "a|b|0|5");
  CHECK(subscription(hex("18 ffffffffffffffffff01 20 ffffffff0f")) == "||18446744073709551615|4294967295");
  CHECK(subscription(hex("0a01 ff")) == "malformed");
  CHECK(subscription(hex("0a05 61")) == "malformed");
}

TEST_CASE("grpc message: requests of one string") {
  CHECK(codec::read_text_request(Wire{}, 1) == "");
  CHECK(codec::read_text_request(hex("0a026869"), 1) == "hi");
  CHECK(codec::read_text_request(hex("12026869"), 1) == "");
  CHECK(!codec::read_text_request(hex("0a01ff"), 1).has_value());
  CHECK(!codec::read_text_request(hex("0a0561"), 1).has_value());
}

TEST_CASE("grpc message: the prefix") {
  Wire out(5, 0xAA);
  codec::write_grpc_prefix(0x01020304, out);
  CHECK(out == hex("00 01020304"));
}
