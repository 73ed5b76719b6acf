// See sse_text.h.
// Owner: nobody. Thread: any.
#include "native/codec/sse/sse_text.h"

#include <algorithm>
#include <bit>

#include "native/base/check.h"
#include "native/codec/manners.h"

namespace codec {
namespace {

constexpr std::string_view line_end = "\r\n";
constexpr std::string_view last_chunk = "0\r\n\r\n";
constexpr std::string_view ping = ":\n\n";
/// Of a reason, so that all of the end is a control frame.
constexpr std::size_t reason_bytes_max = 96;

std::size_t hex_digits(std::size_t number) {
  CHECK(number > 0);
  return (static_cast<std::size_t>(std::bit_width(number)) + 3) / 4;
}

std::size_t copy_to(base::MutableBytes out, std::string_view text) {
  CHECK(text.size() <= out.size());
  std::copy(text.begin(), text.end(), out.begin());
  return text.size();
}

/// In one line: whoever chose it may have written anything.
std::string one_line(std::string_view reason) {
  std::string line(reason.substr(0, reason_bytes_max));
  std::replace_if(line.begin(), line.end(), [](char c) { return c == '\r' || c == '\n' || c == '\0'; }, ' ');
  return line;
}

}  // namespace

std::size_t chunk_frame_bytes(std::size_t bytes) { return hex_digits(bytes) + 2 * line_end.size(); }

base::MutableBytes write_chunk_around(base::MutableBytes out) {
  // More bytes never make a shorter frame, so one length of the head fits.
  std::size_t digits = 1;
  while (hex_digits(out.size() - digits - 2 * line_end.size()) != digits) ++digits;
  const std::size_t bytes = out.size() - digits - 2 * line_end.size();
  for (std::size_t i = 0; i < digits; ++i) out[i] = static_cast<std::uint8_t>("0123456789abcdef"[bytes >> (4 * (digits - 1 - i)) & 0xF]);
  copy_to(out.subspan(digits), line_end);
  copy_to(out.last(line_end.size()), line_end);
  return out.subspan(digits + line_end.size(), bytes);
}

std::string sse_framed(SseFraming framing, std::string_view text) {
  if (framing == SseFraming::until_close) return std::string(text);
  std::string framed(text.size() + chunk_frame_bytes(text.size()), '\0');
  copy_to(write_chunk_around({reinterpret_cast<std::uint8_t*>(framed.data()), framed.size()}), text);
  return framed;
}

template <SseFraming framing>
std::size_t write_sse_ping(base::Bytes, base::MutableBytes out) {
  return copy_to(out, sse_framed(framing, ping));
}

template <SseFraming framing>
std::size_t write_sse_close(std::uint16_t code, std::string_view reason, base::MutableBytes out) {
  std::string end = sse_framed(framing, ": " + std::to_string(code) + ' ' + one_line(reason) + "\n\n");
  if (framing == SseFraming::chunked) end.append(last_chunk);
  CHECK(end.size() <= control_frame_bytes_max);
  return copy_to(out, end);
}

template <SseFraming framing>
std::string write_sse_retry(std::uint32_t ms) {
  return sse_framed(framing, "retry: " + std::to_string(ms) + "\n\n");
}

template std::size_t write_sse_ping<SseFraming::chunked>(base::Bytes, base::MutableBytes);
template std::size_t write_sse_ping<SseFraming::until_close>(base::Bytes, base::MutableBytes);
template std::size_t write_sse_close<SseFraming::chunked>(std::uint16_t, std::string_view, base::MutableBytes);
template std::size_t write_sse_close<SseFraming::until_close>(std::uint16_t, std::string_view, base::MutableBytes);
template std::string write_sse_retry<SseFraming::chunked>(std::uint32_t);
template std::string write_sse_retry<SseFraming::until_close>(std::uint32_t);

}  // namespace codec
