// See envelope_encoding.h.
// Owner: static table (encodings.def). Thread: any.
#include "native/codec/websocket/envelope_encoding.h"

#include <array>
#include <charconv>
#include <string_view>

#include "native/base/base64.h"
#include "native/codec/text/json_reader.h"
#include "native/codec/text/json_text.h"
#include "native/codec/text/replay_wish.h"
#include "native/codec/text/text_writer.h"
#include "native/codec/text/utf8.h"
#include "native/codec/websocket/websocket_header.h"
#include "native/codec/websocket/websocket_text.h"

namespace codec {
namespace {

constexpr std::string_view topic_name = R"({"topic":)";
constexpr std::string_view epoch_name = R"(,"epoch":")";
constexpr std::string_view offset_name = R"(","offset":)";
constexpr std::string_view data_name = R"(,"data":)";
constexpr std::string_view base64_name = R"(,"base64":)";

enum class Form : std::uint8_t { json, text, base64 };

/// Nested deeper than the reader goes it is a string like any other text.
bool is_json(std::string_view text) {
  JsonReader reader(text);
  while (reader.next()) {
  }
  return reader.valid();
}

Form form_of(const Publication& publication) {
  if (publication.kind != PayloadKind::text || !base::is_valid_utf8(publication.payload)) return Form::base64;
  return is_json(base::text_of(publication.payload)) ? Form::json : Form::text;
}

std::size_t data_bytes(const Publication& publication, Form form) {
  const std::size_t payload = publication.payload.size();
  switch (form) {
    case Form::json: return data_name.size() + payload;
    case Form::text: return data_name.size() + json_string_bytes(base::text_of(publication.payload));
    case Form::base64: break;
  }
  return base64_name.size() + 2 + (payload + 2) / 3 * 4;
}

/// The digits of an offset.
class Digits {
 public:
  explicit Digits(std::uint64_t number) : end_(std::to_chars(digits_.data(), digits_.data() + digits_.size(), number).ptr) {}
  std::string_view text() const { return {digits_.data(), static_cast<std::size_t>(end_ - digits_.data())}; }

 private:
  std::array<char, 20> digits_;
  const char* end_;
};

std::string json_string(std::string_view text) {
  std::string json(json_string_bytes(text), '\0');
  write_json_string(text, {reinterpret_cast<std::uint8_t*>(json.data()), json.size()});
  return json;
}

/// Of the publication of that offset; epochs have nothing to escape.
std::string position_json(std::string_view epoch, const std::optional<std::uint64_t>& offset) {
  return offset ? '"' + position_text(epoch, *offset + 1) + '"' : "null";
}

}  // namespace

std::size_t EnvelopeEncoding::encoded_bytes(const Publication& publication) const {
  std::size_t bytes = topic_name.size() + json_string_bytes(publication.topic) + epoch_name.size() + publication.epoch.size();
  bytes += offset_name.size() + Digits(publication.offset).text().size() + data_bytes(publication, form_of(publication)) + 1;
  return data_header_bytes(bytes) + bytes;
}

void EnvelopeEncoding::encode(const Publication& publication, base::MutableBytes out) const {
  const std::size_t bytes = payload_bytes_in(out.size());
  write_data_header(PayloadKind::text, bytes, out);
  TextWriter writer(out.last(bytes));
  writer.write(topic_name);
  writer.write_string(publication.topic);
  writer.write(epoch_name);
  writer.write(publication.epoch);
  writer.write(offset_name);
  writer.write(Digits(publication.offset).text());
  const Form form = form_of(publication);
  writer.write(form == Form::base64 ? base64_name : data_name);
  if (form == Form::json) writer.write(base::text_of(publication.payload));
  else if (form == Form::text) writer.write_string(base::text_of(publication.payload));
  else writer.write_string(base::base64_encode(publication.payload));
  writer.write("}");
  CHECK(writer.full());
}

std::string EnvelopeEncoding::gap(const Gap& gap) const {
  std::string text = R"({"gap":{"topic":)" + json_string(gap.topic);
  text += R"(,"from":)" + position_json(gap.epoch, gap.first) + R"(,"to":)" + position_json(gap.epoch, gap.last);
  return write_text_frame(text + R"(,"skipped":)" + (gap.skipped ? std::to_string(*gap.skipped) : "null") + "}}");
}

std::string EnvelopeEncoding::live(std::string_view topic, std::string_view epoch, std::uint64_t next_offset) const {
  return write_text_frame(R"({"live":")" + position_text(epoch, next_offset) + R"(","topic":)" + json_string(topic) + "}");
}

}  // namespace codec
