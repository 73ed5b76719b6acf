// Payloads that say what they are, so that whoever receives one can verify every byte of it.
// Owner: the test. Thread: any.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace sim {

/// A publication's identity: `sequence` counts what `publisher` sent.
struct Key {
  unsigned topic = 0;
  unsigned publisher = 0;
  unsigned sequence = 0;
  auto operator<=>(const Key&) const = default;
};

/// What a publication is made of: its publisher's number says which of its publications are what.
enum class Form : std::uint8_t {
  text,    // opaque to all protocols
  bytes,   // no UTF-8: gRPC cannot say it, Pusher does in base64
  schema,  // {"author":publisher,"data":"…"}: gRPC says its author and its data
};

/// Publishers from here on mix text and bytes; from `schema_publishers` on they are of the schema, as gRPC's are.
inline constexpr unsigned mixed_publishers = 500'000;
inline constexpr unsigned schema_publishers = 1'000'000;

inline Form form_of(const Key& key) {
  if (key.publisher >= schema_publishers) return Form::schema;
  return key.publisher >= mixed_publishers && key.sequence % 4 == 2 ? Form::bytes : Form::text;
}

/// What fills a message up. Each has a letter in the message's head, except the first.
enum class Filling : char {
  letters = 'l',
  controls = 'c',  // six bytes each in JSON, seven in JSON within JSON: frames of the largest size
  escapes = 'e',   // quotes, backslashes, line feeds: two bytes each, or four
  words = 'w',     // characters of one to four bytes
};

struct Filler {
  std::size_t bytes = 0;
  Filling filling = Filling::letters;
  bool operator==(const Filler&) const = default;
};

/// The text of a message: a line with its key and its length, and the filler. Bytes that are no text end with one that none has.
std::string text_of(const Key& key, Filler filler);
/// The payload as it is published, after its form.
std::string payload_of(const Key& key, Filler filler);
inline std::string payload_of(const Key& key, std::size_t filler_bytes) { return payload_of(key, Filler{filler_bytes}); }

/// False unless `payload` is exactly what `payload_of` makes.
bool read_payload(std::string_view payload, Key& key);
/// The same for what Pusher makes of it: bytes are in base64.
bool read_event_data(std::string_view data, Key& key);
/// The same for what server-sent events make of it: `binary` is in base64, text has LF for every line break.
bool read_event_lines(bool binary, std::string_view data, Key& key);
/// The same for what gRPC makes of it; bytes it cannot say.
bool read_message(std::int32_t author, std::string_view data, Key& key);

inline std::string topic_name(unsigned topic) { return "topic-" + std::to_string(topic); }

}  // namespace sim
