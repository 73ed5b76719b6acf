// See grpc_headers.h.
// Owner: nobody. Thread: any.
#include "native/codec/grpc/grpc_headers.h"

#include <array>
#include <charconv>
#include <string>

#include "native/base/check.h"

namespace codec {
namespace {

using Block = std::vector<std::uint8_t>;

/// Numbers in HPACK's static table (RFC 7541 Appendix A).
constexpr std::uint8_t status_200 = 8;
constexpr std::uint8_t status_name = 8;
constexpr std::uint8_t allow_name = 22;
constexpr std::uint8_t content_type_name = 31;

constexpr std::uint8_t indexed = 0x80;  // RFC 7541 §6.1
constexpr std::size_t text_bytes_max = 256;

/// §5.2: a length of seven bits and more, not Huffman-coded.
void append_string(Block& block, std::string_view text) {
  constexpr std::size_t prefix_max = 0x7F;
  if (text.size() < prefix_max) {
    block.push_back(static_cast<std::uint8_t>(text.size()));
  } else {
    std::size_t rest = text.size() - prefix_max;
    block.push_back(prefix_max);
    for (; rest >= 0x80; rest >>= 7) block.push_back(static_cast<std::uint8_t>(rest | 0x80));
    block.push_back(static_cast<std::uint8_t>(rest));
  }
  block.insert(block.end(), text.begin(), text.end());
}

/// §6.2.2: a literal that is not indexed.
void append_field(Block& block, std::string_view name, std::string_view value) {
  block.push_back(0);
  append_string(block, name);
  append_string(block, value);
}

void append_named(Block& block, std::uint8_t name, std::string_view value) {
  constexpr std::uint8_t prefix_max = 0xF;
  block.push_back(std::min(name, prefix_max));
  if (name >= prefix_max) block.push_back(static_cast<std::uint8_t>(name - prefix_max));
  append_string(block, value);
}

/// gRPC over HTTP/2, "Status-Message".
std::string percent_encoded(std::string_view text) {
  std::string encoded;
  for (const char c : text.substr(0, text_bytes_max)) {
    const auto byte = static_cast<std::uint8_t>(c);
    if (byte >= 0x20 && byte <= 0x7E && c != '%') {
      encoded += c;
      continue;
    }
    encoded += '%';
    encoded += "0123456789ABCDEF"[byte >> 4];
    encoded += "0123456789ABCDEF"[byte & 0xF];
  }
  return encoded;
}

/// Three digits are enough for every HTTP and gRPC status.
struct Digits {
  explicit Digits(unsigned number) { size = static_cast<std::size_t>(std::to_chars(digits.begin(), digits.end(), number).ptr - digits.begin()); }
  std::string_view text() const { return {digits.data(), size}; }
  std::array<char, 3> digits;
  std::size_t size;
};

}  // namespace

base::Bytes response_headers(AcceptEncoding accept_encoding) {
  static const Block plain = [] {
    Block block = {indexed | status_200};
    append_named(block, content_type_name, "application/grpc");
    return block;
  }();
  static const Block with_encodings = [] {
    Block block = plain;
    append_field(block, "grpc-accept-encoding", "identity");
    return block;
  }();
  return accept_encoding == AcceptEncoding::said ? with_encodings : plain;
}

std::vector<std::uint8_t> trailers(base::Bytes headers, GrpcStatus status, std::string_view text) {
  Block block(headers.begin(), headers.end());
  append_field(block, "grpc-status", Digits(static_cast<unsigned>(status)).text());
  if (!text.empty()) append_field(block, "grpc-message", percent_encoded(text));
  return block;
}

std::vector<std::uint8_t> http_error_headers(HttpStatus status) {
  CHECK(status != HttpStatus::ok);
  Block block;
  append_named(block, status_name, Digits(static_cast<unsigned>(status)).text());
  if (status == HttpStatus::method_not_allowed) append_named(block, allow_name, "POST");
  return block;
}

}  // namespace codec
