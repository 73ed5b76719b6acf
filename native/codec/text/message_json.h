// The schema that all protocols share, as JSON: {"author":int,"data":string}, read and written (docs/protocols.md).
// Owner: nobody, pure functions. Thread: any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "native/base/bytes.h"

namespace codec {

/// A publication of the schema. Views live as long as what they were read from.
struct Message {
  std::int32_t author = 0;
  std::string_view data;  // valid UTF-8
};

struct JsonMessage {
  std::int32_t author = 0;
  std::string_view raw_data;  // the inside of a JSON string: see json_text.h
};

/// What `text`, valid UTF-8, says when it is an object of exactly these two members; nothing when it is anything else, also
/// with a member more: that one would be lost.
std::optional<JsonMessage> read_json_message(std::string_view text);

std::size_t json_message_bytes(const Message& message);
/// Writes {"author":…,"data":"…"} to the front of `out`, which has room for its `json_message_bytes`; returns how many.
std::size_t write_json_message(const Message& message, base::MutableBytes out);

}  // namespace codec
