// Covers native/codec/grpc/grpc_encoding.cc.
// Owner: the test. Thread: main.
#include "native/codec/grpc/grpc_encoding.h"

#include <random>
#include <string>

#include "native/codec/grpc/grpc_message.h"
#include "test/native/codec/random_seed.h"
#include "test/native/codec/wire.h"
#include "test/native/doctest_last.h"

using codec::PayloadKind;

namespace {

/// The message in hex, from buffers of their exact sizes; "none" when there is no way to say it.
std::string encoded(const std::string& payload, PayloadKind kind = PayloadKind::text, const codec::Message* message = nullptr) {
  codec::Publication publication = {kind, base::bytes_of(payload)};
  publication.message = message;
  const codec::GrpcEncoding encoding;
  const std::size_t bytes = encoding.encoded_bytes(publication);
  if (bytes == 0) return "none";
  std::vector<std::uint8_t> out(bytes, 0xAA);
  encoding.encode(publication, out);
  return wire::to_hex(base::text_of(out));
}

std::string hex_of(std::string_view text) { return wire::to_hex(text); }

}  // namespace

TEST_CASE("grpc encoding: JSON of the shared schema becomes author and data") {
  CHECK(encoded(R"({"author":7,"data":"hi"})") == "0000000006" "0807" "12026869");
  CHECK(encoded(R"({"author":0,"data":""})") == "0000000000");
  CHECK(encoded(R"({ "data": "hi", "author": -1 })") == "000000000f" "08ffffffffffffffffff01" "12026869");
  CHECK(encoded(R"({"author":7,"data":"a\"\n\u20ac\ud83d\ude00"})") == "000000000e" "0807" "120a" "61220ae282acf09f9880");
  CHECK(encoded(R"({"author":0,"data":"\ud800"})") == "0000000005" "1203efbfbd");
  CHECK(encoded(R"({"author":1,"data":"{\"author\":2,\"data\":\"x\"}"})").substr(10) == "08011217" + hex_of(R"({"author":2,"data":"x"})"));
}

TEST_CASE("grpc encoding: any other text is data") {
  CHECK(encoded("Test message") == "000000000e" "120c" + hex_of("Test message"));
  CHECK(encoded("") == "0000000000");
  CHECK(encoded(R"({"author":7,"data":"hi","more":1})").substr(10) == "1221" + hex_of(R"({"author":7,"data":"hi","more":1})"));
  CHECK(encoded(R"({"author":7,"data":"hi")").substr(10) == "1217" + hex_of(R"({"author":7,"data":"hi")"));
}

TEST_CASE("grpc encoding: bytes travel if they are text") {
  CHECK(encoded(R"({"author":7,"data":"hi"})", PayloadKind::binary) == "0000000006" "0807" "12026869");
  CHECK(encoded("\xC3\xA9", PayloadKind::binary) == "0000000004" "1202c3a9");
  CHECK(encoded("\xFF", PayloadKind::binary) == "none");
  CHECK(encoded("{\"author\":7,\"data\":\"\xFF\"}", PayloadKind::binary) == "none");
}

TEST_CASE("grpc encoding: what the payload says need not be read again where it is known") {
  const codec::Message message = {5, "known"};
  CHECK(encoded("not looked at", PayloadKind::text, &message) == "0000000009" "0805" "1205" + hex_of("known"));
}

TEST_CASE("grpc encoding: random messages are what their JSON says") {
  const std::uint32_t seed = seed_of_run(50051);
  MESSAGE("CORE_TEST_SEED=" << seed);
  std::mt19937 random(seed);
  static constexpr std::string_view parts[] = {"a", "words and words", "\xC3\xA9", "\xF0\x9F\x98\x80", "\"", "\\", "\n", "\x1f"};
  for (int round = 0; round < 3000; ++round) {
    std::string data;
    const std::size_t kinds = round % 2 == 0 ? std::size(parts) : 4;  // half of them have nothing to escape
    for (std::size_t left = random() % 60; left > 0; --left) data += parts[random() % kinds];
    const codec::Message message = {static_cast<std::int32_t>(random()), data};
    std::vector<std::uint8_t> json(codec::json_message_bytes(message));
    codec::write_json_message(message, json);
    const std::string text(json.begin(), json.end());
    const bool same = encoded(text) == encoded(text, PayloadKind::text, &message);
    REQUIRE(same);
  }
}
