// See sse_encoding.h.
// Owner: static table (encodings.def). Thread: any.
#include "native/codec/sse/sse_encoding.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>

#include "native/base/base64.h"
#include "native/base/check.h"
#include "native/codec/text/json_text.h"

namespace codec {
namespace {

constexpr std::string_view id_field = "id: ";
constexpr std::string_view event_field = "event: ";
constexpr std::string_view data_field = "data:";
constexpr std::string_view binary_name = "binary";

/// Digits of the longest offset.
constexpr std::size_t offset_digits_max = 20;

struct Digits {
  explicit Digits(std::uint64_t number) : end(std::to_chars(room, room + offset_digits_max, number).ptr) {}
  std::string_view text() const { return {room, static_cast<std::size_t>(end - room)}; }

  char room[offset_digits_max];
  const char* end;
};

std::string_view name_of(const Publication& publication) {
  return publication.kind == PayloadKind::binary ? binary_name : publication.event;
}

/// Calls `visit` with every line of `text`: there is one more than line breaks, so that an empty text has one. Each byte is looked at
/// by memchr, once for either kind of break.
template <typename Visit>
void for_each_line(std::string_view text, Visit visit) {
  std::size_t lf = text.find('\n');
  std::size_t cr = text.find('\r');
  std::size_t at = 0;
  for (;;) {
    const std::size_t end = std::min({lf, cr, text.size()});
    visit(text.substr(at, end - at));
    if (end == text.size()) return;
    const bool both = end == cr && lf == cr + 1;
    at = end + (both ? 2 : 1);
    if (lf < at) lf = text.find('\n', at);
    if (cr < at) cr = text.find('\r', at);
  }
}

std::size_t data_bytes(const Publication& publication) {
  if (publication.kind == PayloadKind::binary) return data_field.size() + 2 + (publication.payload.size() + 2) / 3 * 4;
  std::size_t bytes = 0;
  for_each_line(base::text_of(publication.payload), [&](std::string_view line) {
    bytes += data_field.size() + (line.empty() ? 0 : 1) + line.size() + 1;
  });
  return bytes;
}

std::size_t event_bytes(const Publication& publication) {
  std::size_t bytes = id_field.size() + publication.epoch.size() + 1 + Digits(publication.offset).text().size() + 1;
  if (const std::string_view name = name_of(publication); !name.empty()) bytes += event_field.size() + name.size() + 1;
  return bytes + data_bytes(publication) + 1;
}

/// Writes one thing behind the other.
class Writer {
 public:
  explicit Writer(base::MutableBytes out) : left_(out) {}

  void write(std::string_view text) {
    CHECK(text.size() <= left_.size());
    std::copy(text.begin(), text.end(), left_.begin());
    left_ = left_.subspan(text.size());
  }
  /// What could end the field early is a space.
  void write_name(std::string_view name) {
    CHECK(name.size() <= left_.size());
    std::transform(name.begin(), name.end(), left_.begin(), [](char c) { return c == '\n' || c == '\r' || c == '\0' ? ' ' : c; });
    left_ = left_.subspan(name.size());
  }
  bool full() const { return left_.empty(); }

 private:
  base::MutableBytes left_;
};

/// The space behind the colon is left out where there is nothing behind it: a line break becomes six bytes at most.
void write_line(std::string_view line, Writer& writer) {
  writer.write(data_field);
  if (!line.empty()) writer.write(" ");
  writer.write(line);
  writer.write("\n");
}

void write_data(const Publication& publication, Writer& writer) {
  if (publication.kind == PayloadKind::text) return for_each_line(base::text_of(publication.payload), [&](std::string_view line) { write_line(line, writer); });
  writer.write(data_field);
  writer.write(" ");
  writer.write(base::base64_encode(publication.payload));
  writer.write("\n");
}

void write_event(const Publication& publication, base::MutableBytes out) {
  Writer writer(out);
  writer.write(id_field);
  writer.write(publication.epoch);
  writer.write("-");
  writer.write(Digits(publication.offset).text());
  writer.write("\n");
  if (const std::string_view name = name_of(publication); !name.empty()) {
    writer.write(event_field);
    writer.write_name(name);
    writer.write("\n");
  }
  write_data(publication, writer);
  writer.write("\n");
  CHECK(writer.full());
}

std::string position_of(const Gap& gap, const std::optional<std::uint64_t>& offset) {
  if (!offset) return "null";
  return '"' + std::string(gap.epoch) + '-' + std::to_string(*offset) + '"';
}

}  // namespace

std::size_t SseEncoding::encoded_bytes(const Publication& publication) const {
  const std::size_t bytes = event_bytes(publication);
  return framing_ == SseFraming::chunked ? bytes + chunk_frame_bytes(bytes) : bytes;
}

void SseEncoding::encode(const Publication& publication, base::MutableBytes out) const {
  write_event(publication, framing_ == SseFraming::chunked ? write_chunk_around(out) : out);
}

std::string SseEncoding::gap(const Gap& gap) const {
  std::string topic(json_string_bytes(gap.topic), '\0');
  write_json_string(gap.topic, {reinterpret_cast<std::uint8_t*>(topic.data()), topic.size()});
  return sse_framed(framing_, "event: gap\ndata: {\"topic\":" + topic + ",\"from\":" + position_of(gap, gap.first) + ",\"to\":" +
                                  position_of(gap, gap.last) + ",\"skipped\":" + (gap.skipped ? std::to_string(*gap.skipped) : "null") + "}\n\n");
}

}  // namespace codec
