// What JavaScript handed in, checked: a TypeError for another type, a RangeError for a value out of its bounds, each naming the
// argument and ending `got: …`. Whatever a program passes ends here and never reaches a CHECK.
// Owner: nobody, pure functions. Thread: the Node thread.
#pragma once

#include <napi.h>

#include <cstdint>
#include <string>

namespace addon {

/// Both ends are allowed.
struct Bounds {
  std::int64_t least = 0;
  std::int64_t most = 0;
};

/// A value in a few words, for a message: a long text is cut, and no JavaScript runs.
std::string shown(const Napi::Value& value);
[[noreturn]] void throw_type(const Napi::Value& value, const std::string& name, const char* what);
[[noreturn]] void throw_range(const Napi::Value& value, const std::string& name, const std::string& what);

std::int64_t integer_from(const Napi::Value& value, const std::string& name, Bounds bounds);
/// At most `bytes_max` of its UTF-8.
std::string text_from(const Napi::Value& value, const std::string& name, std::size_t bytes_max = SIZE_MAX);
bool boolean_from(const Napi::Value& value, const std::string& name);
Napi::Object object_from(const Napi::Value& value, const std::string& name);
Napi::Array array_from(const Napi::Value& value, const std::string& name, std::uint32_t length_max);

}  // namespace addon
