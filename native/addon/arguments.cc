#include "native/addon/arguments.h"

#include <cmath>
#include <string_view>

namespace addon {

namespace {

constexpr std::size_t shown_bytes_max = 100;

std::string shown_text(const std::string& text) {
  if (text.size() <= shown_bytes_max) return '"' + text + '"';
  std::size_t cut = shown_bytes_max;
  while (cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xC0) == 0x80) --cut;  // not inside a character
  return '"' + text.substr(0, cut) + "…\" (" + std::to_string(text.size()) + " bytes)";
}

}  // namespace

std::string shown(const Napi::Value& value) {
  switch (value.Type()) {
    case napi_undefined: return "undefined";
    case napi_null: return "null";
    case napi_boolean: return value.As<Napi::Boolean>().Value() ? "true" : "false";
    case napi_number: return value.ToString().Utf8Value();
    case napi_string: return shown_text(value.As<Napi::String>().Utf8Value());
    case napi_symbol: return "a symbol";
    case napi_function: return "a function";
    case napi_bigint: return "a bigint";
    case napi_object: return value.IsArray() ? "an array" : "an object";
    case napi_external: break;
  }
  return "something else";
}

void throw_type(const Napi::Value& value, const std::string& name, const char* what) {
  throw Napi::TypeError::New(value.Env(), name + " must be " + what + ", got: " + shown(value));
}

void throw_range(const Napi::Value& value, const std::string& name, const std::string& what) {
  throw Napi::RangeError::New(value.Env(), name + " must be " + what + ", got: " + shown(value));
}

std::int64_t integer_from(const Napi::Value& value, const std::string& name, Bounds bounds) {
  if (!value.IsNumber()) throw_type(value, name, "a number");
  const double number = value.As<Napi::Number>().DoubleValue();
  // Bounds are below 2^53: as doubles they are exact. NaN compares false.
  const bool within = number >= static_cast<double>(bounds.least) && number <= static_cast<double>(bounds.most);
  if (!within || std::trunc(number) != number) {
    throw_range(value, name, "a whole number, " + std::to_string(bounds.least) + ".." + std::to_string(bounds.most));
  }
  return static_cast<std::int64_t>(number);
}

std::string text_from(const Napi::Value& value, const std::string& name, std::size_t bytes_max) {
  if (!value.IsString()) throw_type(value, name, "a string");
  std::string text = value.As<Napi::String>();
  if (text.size() > bytes_max) throw_range(value, name, "at most " + std::to_string(bytes_max) + " bytes");
  return text;
}

bool boolean_from(const Napi::Value& value, const std::string& name) {
  if (!value.IsBoolean()) throw_type(value, name, "a boolean");
  return value.As<Napi::Boolean>();
}

Napi::Object object_from(const Napi::Value& value, const std::string& name) {
  if (!value.IsObject()) throw_type(value, name, "an object");
  return value.As<Napi::Object>();
}

Napi::Array array_from(const Napi::Value& value, const std::string& name, std::uint32_t length_max) {
  if (!value.IsArray()) throw_type(value, name, "an array");
  const auto array = value.As<Napi::Array>();
  if (array.Length() > length_max) {
    throw Napi::RangeError::New(value.Env(), name + " must have at most " + std::to_string(length_max) + " elements, got: " +
                                                 std::to_string(array.Length()));
  }
  return array;
}

}  // namespace addon
