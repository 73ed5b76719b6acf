// Writes one JSON value piece by piece; commas are its business, nesting is the caller's.
// Owner: main. Thread: the load thread.
#pragma once

#include <cinttypes>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

namespace load {

class JsonWriter {
 public:
  JsonWriter& open_object() { return open('{'); }
  JsonWriter& open_array() { return open('['); }
  JsonWriter& close_object() { return close('}'); }
  JsonWriter& close_array() { return close(']'); }

  JsonWriter& key(std::string_view name) {
    string(name);
    text_ += ':';
    comma_ = false;
    return *this;
  }

  JsonWriter& string(std::string_view value) {
    separate();
    text_ += '"';
    for (const char letter : value) {
      if (letter == '"' || letter == '\\') text_ += '\\';
      text_ += static_cast<unsigned char>(letter) < ' ' ? ' ' : letter;
    }
    text_ += '"';
    return *this;
  }

  JsonWriter& number(std::uint64_t value) { return raw(std::to_string(value)); }

  /// Not finite → null.
  JsonWriter& real(double value) {
    char digits[32];
    std::snprintf(digits, sizeof digits, "%.3f", value);
    return raw(std::isfinite(value) ? digits : "null");
  }
  JsonWriter& microseconds(std::uint64_t ns) { return real(static_cast<double>(ns) / 1000); }
  JsonWriter& boolean(bool value) { return raw(value ? "true" : "false"); }

  const std::string& text() const { return text_; }

 private:
  void separate() {
    if (comma_) text_ += ',';
    comma_ = true;
  }
  JsonWriter& raw(std::string_view value) {
    separate();
    text_ += value;
    return *this;
  }
  JsonWriter& open(char bracket) {
    separate();
    text_ += bracket;
    comma_ = false;
    return *this;
  }
  JsonWriter& close(char bracket) {
    text_ += bracket;
    comma_ = true;
    return *this;
  }

  std::string text_;
  bool comma_ = false;
};

}  // namespace load
