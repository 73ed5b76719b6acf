// See json_reader.h. Nesting is one bit for each open container, so that hostile depth costs neither stack nor memory.
// Owner: whoever reads. Thread: any.
#include "native/codec/text/json_reader.h"

#include "native/base/check.h"
#include "native/codec/http1/http_text.h"
#include "native/codec/text/json_text.h"

namespace codec {
namespace {

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

bool is_hex_digit(char c) { return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f'); }

JsonKind kind_of(char first) {
  switch (first) {
    case '{': return JsonKind::object;
    case '[': return JsonKind::array;
    case '"': return JsonKind::string;
    case 't':
    case 'f': return JsonKind::boolean;
    case 'n': return JsonKind::null;
    default: return JsonKind::number;
  }
}

}  // namespace

bool JsonReader::take(char c) {
  if (at_ == end_ || *at_ != c) return false;
  ++at_;
  return true;
}

bool JsonReader::take(std::string_view word) {
  if (!std::string_view(at_, end_).starts_with(word)) return false;
  at_ += word.size();
  return true;
}

void JsonReader::skip_space() {
  while (at_ != end_ && is_space(*at_)) ++at_;
}

/// At least one.
bool JsonReader::skip_digits() {
  if (!is_digit(peek())) return false;
  while (is_digit(peek())) ++at_;
  return true;
}

std::optional<JsonMember> JsonReader::next() {
  switch (phase_) {
    case Phase::start:
      skip_space();
      if (peek() != '{') return finish(skip_value());
      if (!open('{')) return finish(false);
      skip_space();
      if (take_close()) return finish(true);
      phase_ = Phase::members;
      return take_member();
    case Phase::members:
      skip_space();
      if (take_close()) return finish(true);
      if (!take(',')) return finish(false);
      skip_space();
      return take_member();
    case Phase::ended:
    case Phase::failed: break;
  }
  return std::nullopt;
}

/// Nothing but space may follow a valid document.
std::nullopt_t JsonReader::finish(bool valid) {
  skip_space();
  CHECK(!valid || depth_ == 0);
  phase_ = valid && at_ == end_ ? Phase::ended : Phase::failed;
  return std::nullopt;
}

std::optional<JsonMember> JsonReader::take_member() {
  const auto name = take_name();
  if (!name) return finish(false);
  const JsonKind kind = kind_of(peek());
  if (kind == JsonKind::string) {
    const auto text = take_string();
    if (!text) return finish(false);
    return JsonMember{*name, *text, kind};
  }
  const char* const begin = at_;
  if (!skip_value()) return finish(false);
  return JsonMember{*name, {begin, at_}, kind};
}

/// A member's name and its colon, up to its value.
std::optional<std::string_view> JsonReader::take_name() {
  const auto name = take_string();
  if (!name) return std::nullopt;
  skip_space();
  if (!take(':')) return std::nullopt;
  skip_space();
  return name;
}

std::optional<std::string_view> JsonReader::take_string() {
  if (!take('"')) return std::nullopt;
  const char* const begin = at_;
  for (;;) {
    at_ += find_json_escape({at_, end_});
    if (take('"')) return std::string_view(begin, at_ - 1);
    if (!take('\\') || !skip_escape()) return std::nullopt;
  }
}

/// What follows a backslash.
bool JsonReader::skip_escape() {
  if (!take('u')) {
    if (std::string_view("\"\\/bfnrt").find(peek()) == std::string_view::npos) return false;
    ++at_;
    return true;
  }
  for (int digits = 0; digits < 4; ++digits, ++at_) {
    if (!is_hex_digit(peek())) return false;
  }
  return true;
}

bool JsonReader::skip_number() {
  take('-');
  if (!take('0') && !skip_digits()) return false;
  if (take('.') && !skip_digits()) return false;
  if (!take('e') && !take('E')) return true;
  if (!take('+')) take('-');
  return skip_digits();
}

bool JsonReader::skip_scalar() {
  switch (peek()) {
    case '"': return take_string().has_value();
    case 't': return take("true");
    case 'f': return take("false");
    case 'n': return take("null");
    default: return skip_number();
  }
}

bool JsonReader::open(char bracket) {
  CHECK(peek() == bracket);
  if (depth_ == depth_max) return false;
  ++at_;
  ++depth_;
  objects_ = objects_ << 1 | (bracket == '{' ? 1 : 0);
  return true;
}

/// The end of the innermost container, if it is here.
bool JsonReader::take_close() {
  CHECK(depth_ > 0);
  if (!take(in_object() ? '}' : ']')) return false;
  --depth_;
  objects_ >>= 1;
  return true;
}

/// One value with everything in it.
bool JsonReader::skip_value() {
  const unsigned outside = depth_;
  do {
    const char first = peek();
    if (first == '{' || first == '[') {
      if (!open(first)) return false;
      skip_space();
      if (!take_close()) {
        if (in_object() && !take_name()) return false;
        continue;
      }
    } else if (!skip_scalar()) {
      return false;
    }
    if (!skip_ends(outside)) return false;
  } while (depth_ > outside);
  return true;
}

/// After a value: the containers that end with it, and if one remains open, up to the next value in it.
bool JsonReader::skip_ends(unsigned outside) {
  while (depth_ > outside) {
    skip_space();
    if (take_close()) continue;
    if (!take(',')) return false;
    skip_space();
    return !in_object() || take_name().has_value();
  }
  return true;
}

}  // namespace codec
