// See chunks.h.
// Owner: nobody. Thread: any.
#include "native/codec/http_publish/chunks.h"

#include <algorithm>

#include "native/codec/http1/http_text.h"

namespace codec {

namespace {

using Verdict = std::optional<HttpRefusal>;

/// Of one line: a chunk's size and its extensions, or a trailer.
constexpr std::size_t line_bytes_max = 4096;
/// Of all extensions and trailers of one body: nobody here reads them.
constexpr std::size_t beside_bytes_max = 16 * 1024;
/// More would not fit into what a chunk may be; zeros in front of others count.
constexpr std::size_t size_digits_max = 16;

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && c != '\t') || byte == 0x7F;
}

std::size_t hex_value(char c) {
  const char lower = to_lower_ascii(c);
  if (is_digit(c)) return static_cast<std::size_t>(c - '0');
  return lower >= 'a' && lower <= 'f' ? static_cast<std::size_t>(lower - 'a' + 10) : 16;
}

}  // namespace

Verdict Chunks::decode(base::Bytes& bytes, std::vector<std::uint8_t>& body) {
  while (!bytes.empty() && part_ != Part::done) {
    if (part_ == Part::data) {
      take_data(bytes, body);
      continue;
    }
    bool whole = false;
    if (auto refusal = take_line(bytes, whole)) return refusal;
    if (!whole) return std::nullopt;
    if (auto refusal = on_line(body.size())) return refusal;
    line_.clear();
  }
  return std::nullopt;
}

/// Up to a LF, which CR must stand before and nowhere else.
Verdict Chunks::take_line(base::Bytes& bytes, bool& whole) {
  const std::string_view text = base::text_of(bytes);
  const std::size_t lf = text.find('\n');
  whole = lf != std::string_view::npos;
  const std::string_view part = text.substr(0, whole ? lf + 1 : text.size());
  if (line_.size() + part.size() > line_bytes_max) return HttpRefusal{400, "a line between chunks is too long"};
  // A chunk that goes on where it should end is told before the line has ended, which it may never.
  line_.append(part);
  const bool ends = std::string_view("\r\n").starts_with(std::string_view(line_).substr(0, 2));
  if (part_ == Part::data_end && !ends) return HttpRefusal{400, "a chunk is longer than its size"};
  bytes = bytes.subspan(part.size());
  if (!whole) return std::nullopt;
  if (!line_.ends_with("\r\n")) return HttpRefusal{400, "a line ends without CR"};
  line_.resize(line_.size() - 2);
  if (std::any_of(line_.begin(), line_.end(), is_control)) return HttpRefusal{400, "a control character between chunks"};
  return std::nullopt;
}

Verdict Chunks::on_line(std::size_t body_bytes) {
  switch (part_) {
    case Part::size:
      return on_size_line(line_, body_bytes);
    case Part::trailer:
      return on_trailer_line(line_);
    case Part::data_end:
      part_ = Part::size;
      return std::nullopt;
    case Part::data:
    case Part::done:
      break;
  }
  return std::nullopt;
}

Verdict Chunks::on_size_line(std::string_view line, std::size_t body_bytes) {
  std::size_t digits = 0;
  std::uint64_t size = 0;
  for (; digits < line.size() && hex_value(line[digits]) < 16; ++digits) {
    if (digits == size_digits_max) return HttpRefusal{400, "a chunk's size has too many digits"};
    size = size << 4 | hex_value(line[digits]);
  }
  const std::string_view extensions = trim_space(line.substr(digits));  // RFC 9112 §7.1.1: unknown ones are passed over, and all are
  if (digits == 0 || (extensions.empty() ? digits != line.size() : extensions.front() != ';')) return HttpRefusal{400, "malformed size of a chunk"};
  beside_bytes_ += line.size() - digits;
  if (beside_bytes_ > beside_bytes_max) return HttpRefusal{400, "too much between chunks"};
  if (size > body_bytes_max_ - std::min(body_bytes, body_bytes_max_)) return HttpRefusal{413, "the message is too big"};
  chunk_left_ = static_cast<std::size_t>(size);
  part_ = size == 0 ? Part::trailer : Part::data;
  return std::nullopt;
}

Verdict Chunks::on_trailer_line(std::string_view line) {
  if (line.empty()) {
    part_ = Part::done;
    return std::nullopt;
  }
  beside_bytes_ += line.size();
  if (beside_bytes_ > beside_bytes_max) return HttpRefusal{400, "too much between chunks"};
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) return HttpRefusal{400, "malformed trailer"};
  return std::nullopt;
}

void Chunks::take_data(base::Bytes& bytes, std::vector<std::uint8_t>& body) {
  const std::size_t part = std::min(chunk_left_, bytes.size());
  body.insert(body.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(part));
  bytes = bytes.subspan(part);
  chunk_left_ -= part;
  if (chunk_left_ == 0) part_ = Part::data_end;
}

}  // namespace codec
