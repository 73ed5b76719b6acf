// JSON read by the plainest reader there is, for what judges the real one.
// Owner: the test. Thread: main.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "native/codec/text/json_reader.h"

namespace json_grammar {

/// The grammar of RFC 8259 word for word, one function a rule; each returns where its rule ends, or npos.
class GrammarReader {
 public:
  explicit GrammarReader(const std::string& text) : text_(text) {}

  /// The members of the outermost object, "name=value;" each, or "malformed".
  std::string judge() {
    const std::size_t end = space(value(space(0), 0));
    return end == text_.size() ? members_ + "valid" : "malformed";
  }

 private:
  static constexpr std::size_t npos = std::string::npos;

  bool is_any(std::size_t at, std::string_view set) const { return at < text_.size() && set.find(text_[at]) != npos; }
  std::size_t one_of(std::size_t at, std::string_view set) const { return is_any(at, set) ? at + 1 : npos; }
  std::size_t word(std::size_t at, std::string_view word) const {
    return text_.compare(at, word.size(), word) == 0 ? at + word.size() : npos;
  }
  std::size_t space(std::size_t at) const { return at == npos || !is_any(at, " \t\r\n") ? at : space(at + 1); }
  std::size_t digits(std::size_t at) const {
    const std::size_t next = one_of(at, "0123456789");
    return is_any(next, "0123456789") ? digits(next) : next;
  }
  std::size_t number(std::size_t at) const {
    if (is_any(at, "-")) ++at;
    at = is_any(at, "0") ? at + 1 : digits(at);
    if (is_any(at, ".")) at = digits(at + 1);
    if (!is_any(at, "eE")) return at;
    ++at;
    return digits(is_any(at, "+-") ? at + 1 : at);
  }
  std::size_t string(std::size_t at) const {
    at = one_of(at, "\"");
    while (at < text_.size() && text_[at] != '"') {
      if (static_cast<unsigned char>(text_[at]) < 0x20) return npos;
      if (text_[at++] != '\\') continue;
      if (!is_any(at, "\"\\/bfnrtu")) return npos;
      if (text_[at++] != 'u') continue;
      for (int i = 0; i < 4; ++i) at = one_of(at, "0123456789abcdefABCDEF");
    }
    return one_of(at, "\"");
  }
  std::size_t array(std::size_t at, unsigned depth) {
    at = space(at + 1);
    if (is_any(at, "]")) return at + 1;
    for (;;) {
      at = space(value(at, depth));
      if (is_any(at, "]")) return at + 1;
      at = one_of(at, ",");
      if (at == npos) return npos;
      at = space(at);
    }
  }
  std::size_t object(std::size_t at, unsigned depth) {
    at = space(at + 1);
    if (is_any(at, "}")) return at + 1;
    for (;;) {
      const std::size_t name = at;
      const std::size_t name_end = string(at);
      const std::size_t begin = space(one_of(space(name_end), ":"));
      if (begin == npos) return npos;
      const std::size_t end = value(begin, depth);
      if (end == npos) return npos;
      if (depth == 1) members_ += text_.substr(name, name_end - name) + "=" + text_.substr(begin, end - begin) + ";";
      at = space(end);
      if (is_any(at, "}")) return at + 1;
      at = one_of(at, ",");
      if (at == npos) return npos;
      at = space(at);
    }
  }
  std::size_t value(std::size_t at, unsigned depth) {
    if (at >= text_.size() || (is_any(at, "[{") && depth == codec::JsonReader::depth_max)) return npos;
    switch (text_[at]) {
      case '{': return object(at, depth + 1);
      case '[': return array(at, depth + 1);
      case '"': return string(at);
      case 't': return word(at, "true");
      case 'f': return word(at, "false");
      case 'n': return word(at, "null");
      default: return number(at);
    }
  }

  const std::string& text_;
  std::string members_;
};

/// The same words from the reader under test.
inline std::string judged_by_reader(const std::string& text) {
  codec::JsonReader reader(text);
  std::string words;
  while (const auto member = reader.next()) {
    const std::string_view quote = member->kind == codec::JsonKind::string ? "\"" : "";
    words.append("\"").append(member->name).append("\"=").append(quote).append(member->value).append(quote).append(";");
  }
  return reader.valid() ? words + "valid" : "malformed";
}

}  // namespace json_grammar
