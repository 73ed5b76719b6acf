// JSON strings (RFC 8259 §7): the text between the quotes, escaped and unescaped. All of it is valid UTF-8.
// Owner: nobody, pure functions. Thread: any.
#pragma once

#include <cstddef>
#include <string_view>

#include "native/base/bytes.h"

namespace codec {

/// Where the first byte is that cannot stand in a JSON string as it is (a quote, a backslash, a control character), or the
/// length of `text`. U+2028 and U+2029 may stand: JSON is not JavaScript.
std::size_t find_json_escape(std::string_view text);

/// The length of `text` as a JSON string, quotes included.
std::size_t json_string_bytes(std::string_view text);
/// Writes `text` as a JSON string, quotes included, to the front of `out`, which has room for its `json_string_bytes`;
/// returns how many they were.
std::size_t write_json_string(std::string_view text, base::MutableBytes out);

// What follows takes the inside of a JSON string that a JsonReader has found valid.

/// The length of the text that `raw` stands for, never more than its own.
std::size_t unescaped_json_bytes(std::string_view raw);
/// Writes the text that `raw` stands for to the front of `out`, which has room for it; returns the text's length.
/// Surrogates without their other half become U+FFFD: UTF-8 has no place for them.
std::size_t unescape_json(std::string_view raw, base::MutableBytes out);
/// Whether `raw` stands for `text`.
bool json_equals(std::string_view raw, std::string_view text);

}  // namespace codec
