// Fuzzes native/codec/text/json_reader.cc, json_text.cc and message_json.cc: the same verdict and members as the grammar read rule by
// rule; escaped and unescaped texts are each other's inverse.
// Owner: the fuzzer. Thread: main.
#include "native/codec/text/json_reader.h"

#include "native/codec/text/json_text.h"
#include "native/codec/text/message_json.h"
#include "native/codec/text/utf8.h"
#include "test/fuzz/fuzz.h"
#include "test/native/codec/text/json_grammar.h"

namespace {

std::string unescaped(std::string_view raw) {
  std::string text(codec::unescaped_json_bytes(raw), '\0');
  fuzz::require(text.size() <= raw.size(), "a text is never longer than its escaped form");
  fuzz::Bytes out(text.size());
  fuzz::require(codec::unescape_json(raw, out) == text.size(), "as long as measured");
  return std::string(base::text_of(out));
}

std::string escaped(std::string_view text) {
  fuzz::Bytes out(codec::json_string_bytes(text));
  fuzz::require(codec::write_json_string(text, out) == out.size(), "as long as measured");
  return std::string(base::text_of(out));
}

/// `raw` is the inside of a valid string.
void check_string(std::string_view raw) {
  const std::string text = unescaped(raw);
  fuzz::require(base::is_valid_utf8(base::bytes_of(text)), "a string stands for valid UTF-8");
  fuzz::require(codec::json_equals(raw, text), "it equals what it stands for");
  fuzz::require(!codec::json_equals(raw, text + "x") && (text.empty() || !codec::json_equals(raw, text.substr(1))), "and nothing longer or shorter");
  const std::string again = escaped(text);
  fuzz::require(unescaped(std::string_view(again).substr(1, again.size() - 2)) == text, "there and back");
}

void check_message(std::string_view text) {
  const auto read = codec::read_json_message(text);
  if (!read) return;
  const std::string data = unescaped(read->raw_data);
  const codec::Message message{read->author, data};
  fuzz::Bytes out(codec::json_message_bytes(message));
  fuzz::require(codec::write_json_message(message, out) == out.size(), "as long as measured");
  const auto again = codec::read_json_message(base::text_of(out));
  fuzz::require(again && again->author == read->author && unescaped(again->raw_data) == data, "a message there and back");
  // Once more by the slow path, which white space forces.
  const std::string spaced = " " + std::string(text);
  const auto slow = codec::read_json_message(spaced);
  fuzz::require(slow && slow->author == read->author && slow->raw_data == read->raw_data, "both paths read the same");
}

}  // namespace

FUZZ_TARGET(json) {
  fuzz::Input input(bytes);
  const bool as_string = input.below(4) == 0;
  const std::string valid = fuzz::valid_utf8(base::text_of(input.rest()));
  if (as_string) {
    const std::string quoted = escaped(valid);
    fuzz::require(unescaped(std::string_view(quoted).substr(1, quoted.size() - 2)) == valid, "any text there and back");
    fuzz::require(json_grammar::judged_by_reader(quoted) == "valid", "an escaped text is JSON");
    return;
  }
  fuzz::require(json_grammar::judged_by_reader(valid) == json_grammar::GrammarReader(valid).judge(), "the grammar's verdict and members");
  codec::JsonReader reader(valid);
  std::vector<codec::JsonMember> members;
  while (const auto member = reader.next()) members.push_back(*member);
  if (reader.valid()) {
    for (const codec::JsonMember& member : members) {
      check_string(member.name);
      if (member.kind == codec::JsonKind::string) check_string(member.value);
    }
  }
  check_message(valid);
}
