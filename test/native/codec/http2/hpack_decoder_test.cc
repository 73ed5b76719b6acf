// Covers native/codec/http2/hpack_decoder.cc and hpack_table.cc.
// Owner: the test. Thread: main.
#include "native/codec/http2/hpack_decoder.h"

#include <string>

#include "test/native/codec/http2/hpack_encoder.h"
#include "test/native/codec/random_seed.h"

using namespace wire;
using codec::HpackDecoder;
using codec::HpackOutcome;

namespace {

class Joined final : public codec::HpackFields {
 public:
  void on_field(const codec::HpackField& field) override { text += std::string(field.name) + ": " + std::string(field.value) + "\n"; }
  std::string text;
};

std::string decoded(HpackDecoder& decoder, Wire block) {
  block.shrink_to_fit();
  Joined fields;
  return decoder.decode(block, fields) == HpackOutcome::decoded ? fields.text : "failed";
}

std::string decoded(const Wire& block) {
  HpackDecoder decoder;
  return decoded(decoder, block);
}

Wire repeated(const Wire& part, std::size_t times) {
  Wire out;
  for (; times > 0; --times) out.insert(out.end(), part.begin(), part.end());
  return out;
}

const std::string first_request = ":method: GET\n:scheme: http\n:path: /\n:authority: www.example.com\n";
const std::string third_request = ":method: GET\n:scheme: https\n:path: /index.html\n:authority: www.example.com\ncustom-key: custom-value\n";

void check_requests(const Wire& first, const Wire& second, const Wire& third) {
  HpackDecoder decoder;
  CHECK(decoded(decoder, first) == first_request);
  CHECK(decoder.table().dynamic_bytes() == 57);
  CHECK(decoded(decoder, second) == first_request + "cache-control: no-cache\n");
  CHECK(decoder.table().dynamic_bytes() == 110);
  CHECK(decoded(decoder, third) == third_request);
  CHECK(decoder.table().dynamic_bytes() == 164);
  CHECK(decoder.table().dynamic_fields() == 3);
}

/// With a table of 256 bytes, so that fields are evicted.
void check_responses(const Wire& first, const Wire& second, const Wire& third) {
  HpackDecoder decoder;
  const std::string rest = "cache-control: private\ndate: Mon, 21 Oct 2013 20:13:21 GMT\nlocation: https://www.example.com\n";
  CHECK(decoded(decoder, hex("3fe101") + first) == ":status: 302\n" + rest);
  CHECK(decoder.table().dynamic_bytes() == 222);
  CHECK(decoded(decoder, second) == ":status: 307\n" + rest);
  CHECK(decoder.table().dynamic_bytes() == 222);
  CHECK(decoded(decoder, third) ==
        ":status: 200\ncache-control: private\ndate: Mon, 21 Oct 2013 20:13:22 GMT\nlocation: https://www.example.com\n"
        "content-encoding: gzip\nset-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1\n");
  CHECK(decoder.table().dynamic_bytes() == 215);
}

}  // namespace

TEST_CASE("hpack: literals, RFC 7541 C.2") {
  HpackDecoder decoder;
  CHECK(decoded(decoder, hex("400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572")) == "custom-key: custom-header\n");
  CHECK(decoder.table().dynamic_bytes() == 55);
  CHECK(decoded(decoder, hex("be")) == "custom-key: custom-header\n");
  CHECK(decoded(hex("040c 2f73 616d 706c 652f 7061 7468")) == ":path: /sample/path\n");
  CHECK(decoded(hex("1008 7061 7373 776f 7264 0673 6563 7265 74")) == "password: secret\n");
  CHECK(decoded(hex("82")) == ":method: GET\n");
  CHECK(decoded({}) == "");
}

TEST_CASE("hpack: requests, RFC 7541 C.3 and C.4") {
  check_requests(hex("8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d"), hex("8286 84be 5808 6e6f 2d63 6163 6865"),
                 hex("8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65"));
  check_requests(hex("8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff"), hex("8286 84be 5886 a8eb 1064 9cbf"),
                 hex("8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf"));
}

TEST_CASE("hpack: responses with eviction, RFC 7541 C.5 and C.6") {
  check_responses(hex("4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3120 474d 546e"
                      "1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d"),
                  hex("4803 3330 37c1 c0bf"),
                  hex("88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d 54c0 5a04 677a 6970 7738 666f 6f3d"
                      "4153 444a 4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49 553b 206d 6178 2d61 6765 3d33 3630 303b 2076 6572"
                      "7369 6f6e 3d31"));
  check_responses(hex("4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 63c7 8f0b"
                      "97c8 e9ae 82ae 43d3"),
                  hex("4883 640e ffc1 c0bf"),
                  hex("88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 e6c7 b335 dfdf"
                      "cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07"));
}

TEST_CASE("hpack: the whole static table") {
  Wire all;
  for (unsigned index = 1; index <= 61; ++index) all.push_back(static_cast<std::uint8_t>(0x80 | index));
  const std::string text = decoded(all);
  CHECK(text.starts_with(":authority: \n:method: GET\n:method: POST\n:path: /\n"));
  CHECK(text.find("\n:status: 500\naccept-charset: \naccept-encoding: gzip, deflate\n") != std::string::npos);
  CHECK(text.find("\ncontent-type: \ncookie: \n") != std::string::npos);
  CHECK(text.ends_with("\nvary: \nvia: \nwww-authenticate: \n"));
}

TEST_CASE("hpack: numbers that refer to nothing") {
  CHECK(decoded(hex("80")) == "failed");    // 0
  CHECK(decoded(hex("be")) == "failed");    // 62, of an empty table
  CHECK(decoded(hex("ff00")) == "failed");  // 127
  CHECK(decoded(hex("7e 01 61")) == "failed");
  HpackDecoder decoder;
  CHECK(decoded(decoder, hex("40 01 61 01 62")) == "a: b\n");
  CHECK(decoded(decoder, hex("be")) == "a: b\n");
  CHECK(decoded(decoder, hex("bf")) == "failed");
}

TEST_CASE("hpack: integers that are too long, whatever they say") {
  CHECK(decoded(hex("ff 80 00")) == "failed");                     // 127 with a zero before: no such field
  CHECK(decoded(hex("ff 80 80 80 80 80 80 80 80 80 00")) == "failed");  // CVE-2023-33953: zeros without end
  CHECK(decoded(hex("ff ff ff ff ff ff ff ff ff ff ff 7f")) == "failed");
  CHECK(decoded(hex("00 7f ff ff ff 7f")) == "failed");  // a name of 256 MiB
  CHECK(decoded(hex("00 7f ff ff ff ff 0f")) == "failed");  // of 4 GiB
  CHECK(decoded(hex("00 01 61 7f ff ff 7f")) == "failed");
  CHECK(decoded(hex("3f ff ff ff ff 0f")) == "failed");
  // Leading zeros within the bound mean what they mean.
  CHECK(decoded(hex("00 01 61") + hex("7f 80 80 00") + Wire(127, 'v')) == "a: " + std::string(127, 'v') + "\n");
  CHECK(decoded(hex("00 01 61") + hex("7f 80 80 80 00") + Wire(127, 'v')) == "failed");
}

TEST_CASE("hpack: blocks that end too early") {
  const Wire whole = hex("8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65 0f 10 01 61");
  REQUIRE(decoded(whole) != "failed");
  std::size_t whole_fields = 0;
  for (std::size_t size = 0; size < whole.size(); ++size) {
    if (decoded(Wire(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size))) != "failed") ++whole_fields;
  }
  CHECK(whole_fields == 6);  // only between fields
}

TEST_CASE("hpack: strings that are no Huffman code") {
  CHECK(decoded(hex("00 81 1f 01 62")) == "a: b\n");
  CHECK(decoded(hex("00 81 1e 01 62")) == "failed");
  CHECK(decoded(hex("00 01 61 84 ffffffff")) == "failed");
}

TEST_CASE("hpack: table size updates") {
  HpackDecoder decoder;
  CHECK(decoded(decoder, hex("40 01 61 01 62")) == "a: b\n");
  CHECK(decoded(decoder, hex("20 3f e1 1f be")) == "failed");  // emptied, then 4096 again
  CHECK(decoded(hex("3f e1 1f 82")) == ":method: GET\n");      // 4096
  CHECK(decoded(hex("3f e2 1f 82")) == "failed");              // 4097
  CHECK(decoded(hex("82 20")) == "failed");                    // only at the start of a block
  CHECK(decoded(hex("20 20 82")) == ":method: GET\n");
  CHECK(decoded(hex("20 20 20 82")) == "failed");
  CHECK(decoded(hex("20")) == "");
}

TEST_CASE("hpack: a field that is larger than the table empties it") {
  HpackDecoder decoder;
  CHECK(decoded(decoder, hex("40 01 61 01 62")) == "a: b\n");
  CHECK(decoded(decoder, hex("40 01 63") + h2::string(std::string(4063, 'v'))) == "c: " + std::string(4063, 'v') + "\n");  // 4096 and it fits
  CHECK(decoder.table().dynamic_fields() == 1);
  CHECK(decoder.table().dynamic_bytes() == 4096);
  CHECK(decoded(decoder, hex("40 01 63") + h2::string(std::string(4064, 'v'))) == "c: " + std::string(4064, 'v') + "\n");
  CHECK(decoder.table().dynamic_fields() == 0);
  CHECK(decoder.table().dynamic_bytes() == 0);
}

TEST_CASE("hpack: a name may come from the field that its own insertion evicts") {
  HpackDecoder decoder;
  const std::string name(3000, 'n');
  CHECK(decoded(decoder, hex("40") + h2::string(name) + hex("01 31")) == name + ": 1\n");
  const std::string value(1000, 'v');
  CHECK(decoded(decoder, hex("7e") + h2::string(value) + hex("be")) == name + ": " + value + "\n" + name + ": " + value + "\n");
  CHECK(decoder.table().dynamic_fields() == 1);
}

TEST_CASE("hpack: a reference to a large field costs nothing by itself") {
  class Counter final : public codec::HpackFields {
   public:
    void on_field(const codec::HpackField& field) override {
      ++fields;
      bytes += field.value.size();
    }
    std::size_t fields = 0;
    std::size_t bytes = 0;
  };
  HpackDecoder decoder;
  Counter counter;
  const Wire bomb = hex("40 01 61") + h2::string(std::string(4000, 'v')) + repeated(hex("be"), 16'000);
  CHECK(decoder.decode(bomb, counter) == HpackOutcome::decoded);
  CHECK(counter.fields == 16'001);
  CHECK(counter.bytes == 16'001u * 4000);  // what a receiver that copies would have to hold
}

TEST_CASE("hpack: random fields, encoded in every way, come out as they went in") {
  const std::uint32_t seed = seed_of_run(7541);
  MESSAGE("CORE_TEST_SEED=" << seed);
  for (std::uint32_t round = 0; round < 60; ++round) {
    hpack::RandomEncoder encoder(seed + round);
    HpackDecoder decoder;
    const auto text = [&](std::size_t most) {
      std::string made(encoder.below(most), ' ');
      for (char& c : made) c = static_cast<char>(encoder.below(8) == 0 ? encoder.below(256) : 'a' + encoder.below(26));
      return made;
    };
    std::vector<hpack::Field> usual;
    for (int i = 0; i < 40; ++i) usual.emplace_back(text(12), text(encoder.below(10) == 0 ? 900 : 60));
    for (int blocks = 0; blocks < 60; ++blocks) {
      Wire block;
      std::string expected;
      if (encoder.below(6) == 0) block = encoder.size_update(encoder.below(3) == 0 ? 4096 : encoder.below(4097));
      for (std::size_t fields = encoder.below(20); fields > 0; --fields) {
        hpack::Field field = usual[encoder.below(usual.size())];
        if (encoder.below(5) == 0) field.second = text(50);
        block = block + encoder.encode(field);
        expected += field.first + ": " + field.second + "\n";
      }
      const bool same = decoded(decoder, block) == expected;
      CAPTURE(round);
      CAPTURE(blocks);
      REQUIRE(same);
      REQUIRE(decoder.table().dynamic_bytes() <= 4096);
    }
  }
}

TEST_CASE("hpack: random garbage is decoded or refused") {
  const std::uint32_t seed = seed_of_run(7541);
  MESSAGE("CORE_TEST_SEED=" << seed);
  std::mt19937 random(seed);
  std::size_t failures = 0;
  for (int round = 0; round < 3000; ++round) {
    HpackDecoder decoder;
    for (int blocks = 0; blocks < 5; ++blocks) {
      Wire garbage(random() % 80);
      for (auto& byte : garbage) byte = static_cast<std::uint8_t>(random() % 4 == 0 ? random() % 12 : random());
      if (decoded(decoder, garbage) != "failed") continue;
      ++failures;
      break;
    }
  }
  CHECK(failures > 2000);
}
