// Covers native/codec/text/json_reader.cc; json_reader_random_test.cc compares it with another reader.
// Owner: the test. Thread: main.
#include "native/codec/text/json_reader.h"

#include <string>

#include "test/native/codec/text/malformed_json.h"
#include "test/native/doctest_last.h"

namespace {

/// "name=value kind;" for each member, and at last "valid" or "malformed".
std::string read(std::string_view text) {
  static constexpr std::string_view kinds[] = {"object", "array", "string", "number", "boolean", "null"};
  const std::string exact(text);  // so that ASan sees a byte too far
  codec::JsonReader reader(exact);
  std::string words;
  while (const auto member = reader.next()) {
    words.append(member->name).append("=").append(member->value).append(" ");
    words.append(kinds[static_cast<std::size_t>(member->kind)]).append("; ");
  }
  CHECK_FALSE(reader.next().has_value());  // it stays at its end
  return words + (reader.valid() ? "valid" : "malformed");
}

/// `count` arrays within each other.
std::string nested(std::size_t count, std::string_view inside = "") {
  return std::string(count, '[') + std::string(inside) + std::string(count, ']');
}

}  // namespace

TEST_CASE("json reader: members of the outermost object, as they were written") {
  CHECK(read("{}") == "valid");
  CHECK(read(R"({"event":"e","data":{"a":[1,{"b":"}"}]},"n":-1.5e+3,"t":true,"f":false,"z":null,"l":[]})") ==
        R"(event=e string; data={"a":[1,{"b":"}"}]} object; n=-1.5e+3 number; t=true boolean; f=false boolean; z=null null; )"
        R"(l=[] array; valid)");
  CHECK(read(" \t\r\n{ \"a\" :\n[ 1 , { \"b\" : 2 } ] \t, \"\" : \"\" } \n") == "a=[ 1 , { \"b\" : 2 } ] array; = string; valid");
  CHECK(read(R"({"a\"\\\u0041":"\ud83d\ude00\/"})") == R"(a\"\\\u0041=\ud83d\ude00\/ string; valid)");
  CHECK(read(R"({"a":1,"a":2,"__proto__":3})") == "a=1 number; a=2 number; __proto__=3 number; valid");
  CHECK(read("{\"\xE2\x82\xAC\":\"\xF0\x9F\x98\x80\x7F\xE2\x80\xA8\"}") ==
        "\xE2\x82\xAC=\xF0\x9F\x98\x80\x7F\xE2\x80\xA8 string; valid");
}

TEST_CASE("json reader: other documents are validated and have no members") {
  for (const std::string_view text :
       {"0", "-0", "7", "10", "-12", "0.5", "1e5", "1E+5", "0e-0", "123456789012345678901234567890", "true", "false", "null",
        "\"\"", "\"text\"", R"("\"\\\/\b\f\n\r\t\u0000\uFFFF\uabcd")", "[]", "[ ]", "[[]]", "[{},[],{}]", "[1,\"a\",true,null,[0]]",
        R"([{"event":"pusher:ping"}])", " 1 ", "\n[1\n,\r2\t]\n"}) {
    CAPTURE(text);
    CHECK(read(text) == "valid");
  }
}

TEST_CASE("json reader: what is not JSON is refused") {
  CHECK(std::size(malformed_json) >= 150);
  for (const std::string_view text : malformed_json) {
    CAPTURE(text);
    CHECK(read(text).ends_with("malformed"));
  }
}

TEST_CASE("json reader: members before the fault are handed out, none after it") {
  CHECK(read(R"({"a":1,"b":tru,"c":3})") == "a=1 number; malformed");
  CHECK(read(R"({"a":1}x)") == "a=1 number; malformed");
}

TEST_CASE("json reader: a document that ends too early is refused, wherever it ends") {
  const std::string text = R"({"event":"client-\u00e9\n","channel":"c","data":{"a":[1.5e-7,true,false,null,{}],"b":"\\"}})";
  CHECK(read(text).ends_with(" valid"));
  for (std::size_t length = 0; length < text.size(); ++length) {
    CAPTURE(length);
    CHECK(read(text.substr(0, length)).ends_with("malformed"));
  }
}

TEST_CASE("json reader: a control character is refused at every place of a string") {
  for (std::size_t length = 1; length <= 40; ++length) {
    for (std::size_t place = 0; place < length; ++place) {
      for (char control = 0; control < 0x20; ++control) {
        std::string text = "\"" + std::string(length, 's') + "\"";
        text[1 + place] = control;
        if (read(text) == "malformed") continue;
        CAPTURE(length);
        CAPTURE(place);
        CHECK(read(text) == "malformed");
      }
    }
  }
}

TEST_CASE("json reader: 32 levels and no more, arrays and objects alike") {
  static_assert(codec::JsonReader::depth_max == 32);
  CHECK(read(nested(32)) == "valid");
  CHECK(read(nested(33)) == "malformed");
  CHECK(read("{\"a\":" + nested(31, "1") + "}") == "a=" + nested(31, "1") + " array; valid");
  CHECK(read("{\"a\":" + nested(32, "1") + "}") == "malformed");
  const auto objects = [](int count) {
    std::string text = "0";
    for (int i = 0; i < count; ++i) text = "[{\"a\":" + text + "},{}]";
    return text;
  };
  CHECK(read(objects(16)) == "valid");
  CHECK(read(objects(17)) == "malformed");
  CHECK(read("[" + nested(31) + "," + nested(31) + "]") == "valid");  // what was closed does not count
}

TEST_CASE("json reader: hostile depth and length cost neither stack nor patience") {
  CHECK(read(std::string(1'000'000, '[')) == "malformed");
  std::string objects;
  for (int i = 0; i < 100'000; ++i) objects += "{\"a\":";
  CHECK(read(objects) == "malformed");
  CHECK(read("\"" + std::string(1'000'000, '\\') + "\"") == "valid");
  CHECK(read(std::string(1'000'000, ' ') + "1" + std::string(1'000'000, ' ')) == "valid");
  CHECK(read(std::string(1'000'000, '9')) == "valid");
}
