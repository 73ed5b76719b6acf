// See message_json.h.
// Owner: nobody. Thread: any.
#include "native/codec/text/message_json.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "native/base/check.h"
#include "native/codec/text/json_reader.h"
#include "native/codec/text/json_text.h"

namespace codec {
namespace {

constexpr std::string_view author_name = R"({"author":)";
constexpr std::string_view data_name = R"(,"data":)";

/// A JSON number that is an integer of 32 bits.
std::optional<std::int32_t> read_author(std::string_view number) {
  std::int32_t author = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), author);
  if (error != std::errc() || end != number.data() + number.size()) return std::nullopt;
  return author;
}

/// The text as this broker writes it, which is also JSON.stringify's way: one look at each byte. Nothing: it may still be one.
std::optional<JsonMessage> read_plain(std::string_view text) {
  if (!text.starts_with(author_name)) return std::nullopt;
  text.remove_prefix(author_name.size());
  const std::string_view number = text.substr(0, text.find(','));
  const bool has_zeros_before = number.size() > 1 && (number.starts_with('0') || number.starts_with("-0"));
  const auto author = has_zeros_before ? std::nullopt : read_author(number);
  text.remove_prefix(number.size());
  if (!author || !text.starts_with(data_name)) return std::nullopt;
  text.remove_prefix(data_name.size());
  if (!text.starts_with('"')) return std::nullopt;
  text.remove_prefix(1);
  const std::string_view data = text.substr(0, find_json_escape(text));
  if (text.substr(data.size()) != "\"}") return std::nullopt;
  return JsonMessage{*author, data};
}

struct Digits {
  explicit Digits(std::int32_t number) { size = static_cast<std::size_t>(std::to_chars(text.begin(), text.end(), number).ptr - text.begin()); }
  std::array<char, 11> text;
  std::size_t size;
};

}  // namespace

std::optional<JsonMessage> read_json_message(std::string_view text) {
  if (const auto plain = read_plain(text)) return plain;
  JsonReader reader(text);
  std::optional<std::int32_t> author;
  std::optional<std::string_view> data;
  bool is_message = true;
  while (const auto member = reader.next()) {
    if (!author && member->kind == JsonKind::number && json_equals(member->name, "author")) {
      author = read_author(member->value);
      is_message = is_message && author;
    } else if (!data && member->kind == JsonKind::string && json_equals(member->name, "data")) {
      data = member->value;
    } else {
      is_message = false;
    }
  }
  if (!is_message || !reader.valid() || !author || !data) return std::nullopt;
  return JsonMessage{*author, *data};
}

std::size_t json_message_bytes(const Message& message) {
  return author_name.size() + Digits(message.author).size + data_name.size() + json_string_bytes(message.data) + 1;
}

std::size_t write_json_message(const Message& message, base::MutableBytes out) {
  std::size_t written = 0;
  const auto write = [&](std::string_view text) {
    CHECK(text.size() <= out.size() - written);
    std::copy(text.begin(), text.end(), out.subspan(written).begin());
    written += text.size();
  };
  const Digits author(message.author);
  write(author_name);
  write({author.text.data(), author.size});
  write(data_name);
  written += write_json_string(message.data, out.subspan(written));
  write("}");
  return written;
}

}  // namespace codec
