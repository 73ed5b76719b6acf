// A strict reader of one JSON document (RFC 8259): all of it is validated, and if it is an object, its members are handed out
// one by one as they were written. Linear in the text's length; no allocation, no recursion.
// Owner: whoever reads. Thread: any, one at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace codec {

enum class JsonKind : std::uint8_t { object, array, string, number, boolean, null };

/// Views of the document. The inside of a string, without its quotes, is as it was written: see json_text.h.
struct JsonMember {
  std::string_view name;   // the inside of a string
  std::string_view value;  // the inside of a string, or all of another value
  JsonKind kind = JsonKind::null;
};

class JsonReader {
 public:
  /// Objects and arrays within each other, the outermost included; a document with more is refused.
  static constexpr unsigned depth_max = 32;

  /// `text` is valid UTF-8 and outlives the reader.
  explicit JsonReader(std::string_view text) : at_(text.data()), end_(text.data() + text.size()) {}

  /// The next member of the outermost object, in the order of the document; of equal names JSON.parse takes the last.
  /// Nothing: there are no more, or the document is another value, or it is not valid. Members come before the text behind
  /// them is looked at: use none before `valid` is known.
  std::optional<JsonMember> next();
  /// Whether the document is valid; known once `next` has returned nothing.
  bool valid() const { return phase_ == Phase::ended; }

 private:
  enum class Phase : std::uint8_t { start, members, ended, failed };

  char peek() const { return at_ == end_ ? '\0' : *at_; }  // a zero byte is as wrong as the end, wherever one looks
  bool take(char c);
  bool take(std::string_view word);
  void skip_space();
  bool skip_digits();

  bool open(char bracket);
  bool take_close();
  bool in_object() const { return (objects_ & 1) != 0; }
  std::optional<JsonMember> take_member();
  std::optional<std::string_view> take_name();
  std::optional<std::string_view> take_string();
  bool skip_escape();
  bool skip_number();
  bool skip_scalar();
  bool skip_value();
  bool skip_ends(unsigned outside);
  std::nullopt_t finish(bool valid);

  const char* at_;
  const char* const end_;
  std::uint32_t objects_ = 0;  // one bit for each open container, the innermost lowest: set for an object
  unsigned depth_ = 0;         // how many are open
  Phase phase_ = Phase::start;
};

static_assert(JsonReader::depth_max <= 32);  // the bits of objects_

}  // namespace codec
