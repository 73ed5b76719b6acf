#include "test/native/sim/messages.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "native/base/base64.h"
#include "test/native/codec/sse/sse_reader.h"

namespace sim {

namespace {

constexpr std::string_view author_name = "{\"author\":";
constexpr std::string_view data_name = ",\"data\":\"";
constexpr std::string_view data_end = "\"}";
constexpr std::size_t head_bytes_max = 80;

std::string_view alphabet_of(Filling filling) {
  switch (filling) {
    case Filling::controls: return {"\x01\x02\x03\x04\x05\x06\x07\x0E\x0F\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1A\x1B\x1C\x1D\x1E\x1F\x0B", 26};
    case Filling::escapes: return "\"\\\n\r\t\b\f\"\\\n\r\t\b\f\"\\a/";
    case Filling::words: return "na\xC3\xAFve \xE2\x82\xAC \xF0\x9F\x98\x80 ";
    case Filling::letters: break;
  }
  return "abcdefghijklmnopqrstuvwxyz";
}

/// Begins anywhere in the alphabet, but never within a character.
void append_filler(std::string& text, const Key& key, Filler filler) {
  const std::string_view alphabet = alphabet_of(filler.filling);
  std::size_t at = (key.publisher * 31 + key.sequence) % alphabet.size();
  while ((static_cast<unsigned char>(alphabet[at]) & 0xC0) == 0x80) at = (at + 1) % alphabet.size();
  const std::size_t end = text.size() + filler.bytes;
  while (text.size() < end) {
    text += alphabet.substr(at, end - text.size());
    at = 0;
  }
  if (filler.filling != Filling::words) return;
  std::size_t begin = end;  // of the last character, which may have been cut
  while ((static_cast<unsigned char>(text[begin - 1]) & 0xC0) == 0x80) --begin;
  const auto first = static_cast<unsigned char>(text[begin - 1]);
  if (first >= 0xC0) text.replace(begin - 1, end - begin + 1, end - begin + 1, '.');
}

/// RFC 8259 §7 as JSON.stringify writes it, in the plainest way: not the engine's.
std::string escaped(std::string_view text) {
  static constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (const char byte : text) {
    const std::size_t special = std::string_view("\"\\\b\f\n\r\t").find(byte);
    if (special != std::string_view::npos) {
      out += {'\\', "\"\\bfnrt"[special]};
    } else if (static_cast<unsigned char>(byte) < 0x20) {
      out += {'\\', 'u', '0', '0', digits[static_cast<unsigned char>(byte) >> 4], digits[byte & 15]};
    } else {
      out += byte;
    }
  }
  return out;
}

struct Head {
  Key key;
  Filler filler;
};

/// Reads `topic publisher sequence bytes[filling]` from the front.
std::optional<Head> read_head(std::string_view text) {
  Head head;
  const char* at = text.data();
  const char* const end = text.data() + text.size();
  const auto read = [&](auto& number) {
    const auto [next, error] = std::from_chars(at, end, number);
    if (error != std::errc() || next == end) return false;
    at = next + (*next == ' ' ? 1 : 0);
    return true;
  };
  if (!read(head.key.topic) || !read(head.key.publisher) || !read(head.key.sequence) || !read(head.filler.bytes)) return std::nullopt;
  for (const Filling filling : {Filling::controls, Filling::escapes, Filling::words}) {
    if (at != end && *at == static_cast<char>(filling)) head.filler.filling = filling;
  }
  return head;
}

/// What was made last: each publication is verified once for each of its subscribers.
struct Made {
  Head head;
  std::string text;
  std::string payload;
};

const Made& made(const Head& head) {
  thread_local std::array<Made, 64> recent;
  Made& place = recent[(head.key.publisher * 7 + head.key.sequence) % recent.size()];
  if (place.text.empty() || place.head.key != head.key || !(place.head.filler == head.filler)) {
    place = {head, text_of(head.key, head.filler), payload_of(head.key, head.filler)};
  }
  return place;
}

/// The first bytes that a text of base64 stands for.
std::string decoded_front(std::string_view text) {
  static constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string front;
  std::uint32_t bits = 0;
  for (std::size_t i = 0; i < text.size() && front.size() < head_bytes_max; ++i) {
    bits = bits << 6 | static_cast<std::uint32_t>(alphabet.find(text[i]) & 63);
    if (i % 4 == 3) front += {static_cast<char>(bits >> 16), static_cast<char>(bits >> 8), static_cast<char>(bits)};
  }
  return front;
}

}  // namespace

std::string text_of(const Key& key, Filler filler) {
  std::string text = std::to_string(key.topic) + " " + std::to_string(key.publisher) + " " + std::to_string(key.sequence) + " " +
                     std::to_string(filler.bytes);
  if (filler.filling != Filling::letters) text += static_cast<char>(filler.filling);
  text += "\n";
  append_filler(text, key, filler);
  if (form_of(key) == Form::bytes) text += '\xFF';
  return text;
}

std::string payload_of(const Key& key, Filler filler) {
  std::string text = text_of(key, filler);
  if (form_of(key) != Form::schema) return text;
  return std::string(author_name) + std::to_string(key.publisher) + std::string(data_name) + escaped(text) + std::string(data_end);
}

bool read_payload(std::string_view payload, Key& key) {
  std::string_view text = payload;
  if (text.starts_with(author_name)) text.remove_prefix(std::min(text.size(), text.find(data_name) + data_name.size()));
  const auto head = read_head(text.substr(0, head_bytes_max));
  if (!head || head->filler.bytes > payload.size()) return false;
  key = head->key;
  return payload == made(*head).payload;
}

bool read_event_data(std::string_view data, Key& key) {
  if (read_payload(data, key)) return form_of(key) != Form::bytes;
  const auto head = read_head(decoded_front(data));
  if (!head || head->filler.bytes > data.size() || form_of(head->key) != Form::bytes) return false;
  key = head->key;
  const std::string& payload = made(*head).payload;
  return data == base::base64_encode({reinterpret_cast<const std::uint8_t*>(payload.data()), payload.size()});
}

bool read_event_lines(bool binary, std::string_view data, Key& key) {
  if (binary) {
    const std::string front = decoded_front(data);
    std::string_view text = front;
    if (text.starts_with(author_name)) text.remove_prefix(std::min(text.size(), text.find(data_name) + data_name.size()));
    const auto head = read_head(text);
    if (!head || head->filler.bytes > data.size()) return false;
    key = head->key;
    const std::string& payload = made(*head).payload;
    return data == base::base64_encode({reinterpret_cast<const std::uint8_t*>(payload.data()), payload.size()});
  }
  std::string_view text = data;
  if (text.starts_with(author_name)) text.remove_prefix(std::min(text.size(), text.find(data_name) + data_name.size()));
  const auto head = read_head(text.substr(0, head_bytes_max));
  if (!head || form_of(head->key) == Form::bytes) return false;
  key = head->key;
  return data == sse::with_line_feeds(made(*head).payload);
}

bool read_message(std::int32_t author, std::string_view data, Key& key) {
  const auto head = read_head(data.substr(0, head_bytes_max));
  if (!head || head->filler.bytes > data.size()) return false;
  key = head->key;
  const bool is_schema = form_of(key) == Form::schema;
  if (form_of(key) == Form::bytes || author != (is_schema ? static_cast<std::int32_t>(key.publisher) : 0)) return false;
  return data == made(*head).text;
}

}  // namespace sim
