// Covers native/base/base64.cc.
// Owner: the test. Thread: main.
#include "native/base/base64.h"

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "test/native/vendor/doctest.h"

namespace {

std::string encode(const std::string& text) { return base::base64_encode(base::bytes_of(text)); }

/// The decoded text, or "refused".
std::string decode(const std::string& text, std::size_t room = 64) {
  std::vector<std::uint8_t> out(room);
  const auto length = base::base64_decode(text, out);
  return length ? std::string(base::text_of(base::Bytes(out).first(*length))) : "refused";
}

}  // namespace

TEST_CASE("base64: the examples of RFC 4648 §10, both ways") {
  const std::array<std::array<std::string, 2>, 7> examples = {{{"", ""},
                                                               {"f", "Zg=="},
                                                               {"fo", "Zm8="},
                                                               {"foo", "Zm9v"},
                                                               {"foob", "Zm9vYg=="},
                                                               {"fooba", "Zm9vYmE="},
                                                               {"foobar", "Zm9vYmFy"}}};
  for (const auto& [plain, encoded] : examples) {
    CHECK(encode(plain) == encoded);
    CHECK(decode(encoded) == plain);
  }
}

TEST_CASE("base64: every byte value survives") {
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  CHECK(decode(encode(all), 256) == all);
  CHECK(encode("\xFB\xFF\xBF") == "+/+/");
}

TEST_CASE("base64: what is not base64 is refused") {
  for (const std::string text : {"Zg", "Zg=", "Zg===", "=", "====", "Z===", "Zg==Zg==", "Zm9v\n", "Zm 9v", "Zm9-", "Zm9_",
                                 "Z=9v", "Zm=v", "\xC3\xA4==", "Zm9v="}) {
    CAPTURE(text);
    CHECK(decode(text) == "refused");
  }
  CHECK(decode(std::string("Zm9\0", 4)) == "refused");
}

TEST_CASE("base64: no more is written than there is room for") {
  CHECK(decode("Zm9vYg==", 4) == "foob");
  CHECK(decode("Zm9vYg==", 3) == "refused");
  CHECK(decode("", 0) == "");
}

TEST_CASE("base64: unused bits before the padding may be set") { CHECK(decode("Zh==") == "f"); }
