#include "native/codec/http1/proxy_header.h"

#include <algorithm>
#include <charconv>
#include <string>

namespace codec {

namespace {

using namespace std::literals;

constexpr std::string_view line_start = "PROXY ";
constexpr std::string_view signature = "\r\n\r\n\0\r\nQUIT\n"sv;  // §2.2
constexpr std::size_t fixed_bytes = 16;                            // signature, version and command, family, length

ProxyParsed malformed(std::string_view problem) {
  ProxyParsed parsed;
  parsed.status = ProxyStatus::malformed;
  parsed.problem = problem;
  return parsed;
}

ProxyParsed complete(std::size_t consumed, std::optional<os::Address> client) {
  ProxyParsed parsed;
  parsed.status = ProxyStatus::complete;
  parsed.consumed = consumed;
  parsed.client = client;
  return parsed;
}

/// Whether `text` is `start`, or as much of it as there is.
bool begins(std::string_view text, std::string_view start) {
  const std::size_t length = std::min(text.size(), start.size());
  return text.substr(0, length) == start.substr(0, length);
}

/// Takes what stands before the next space off the front of `rest`.
std::string_view take_word(std::string_view& rest) {
  const std::size_t end = std::min(rest.find(' '), rest.size());
  const std::string_view word = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return word;
}

/// §2.1: decimal, without leading zeros.
std::optional<std::uint16_t> port_of(std::string_view word) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), port);
  const bool canonical = word.size() == 1 || !word.starts_with('0');
  if (error != std::errc() || end != word.data() + word.size() || !canonical) return std::nullopt;
  return port;
}

std::optional<os::Address> address_of(std::string_view word, std::string_view port_word, bool v6) {
  const std::optional<std::uint16_t> port = port_of(port_word);
  if (!port) return std::nullopt;
  const std::optional<os::Address> address = os::Address::parse(word, *port);
  return address && address->v6 == v6 && address->scope == 0 ? address : std::nullopt;
}

/// §2.1: `PROXY TCP4 192.0.2.7 192.0.2.1 4711 443`, or `PROXY UNKNOWN` and anything. `line` is without its end.
ProxyParsed parse_line(std::string_view line) {
  const std::size_t consumed = line.size() + 2;
  std::string_view rest = line.substr(line_start.size());
  const std::string_view family = take_word(rest);
  if (family == "UNKNOWN") return complete(consumed, std::nullopt);
  if (family != "TCP4" && family != "TCP6") return malformed("the PROXY header must name TCP4, TCP6 or UNKNOWN");
  const bool v6 = family == "TCP6";
  const bool whole = std::count(line.begin(), line.end(), ' ') == 5 && !line.ends_with(' ');
  const std::string_view source = take_word(rest);
  const std::string_view destination = take_word(rest);
  const std::string_view source_port = take_word(rest);
  const std::optional<os::Address> client = address_of(source, source_port, v6);
  if (!whole || !client || !address_of(destination, rest, v6)) return malformed("the PROXY header's addresses are malformed");
  return complete(consumed, client);
}

ProxyParsed parse_version_1(std::string_view text) {
  const std::size_t end = text.substr(0, proxy_line_bytes_max).find("\r\n");
  if (end != std::string_view::npos) return parse_line(text.substr(0, end));
  if (text.size() >= proxy_line_bytes_max) return malformed("the PROXY header is longer than 107 bytes");
  return {};
}

os::Address address_at(base::Bytes bytes, std::size_t length, std::size_t port_at) {
  os::Address address;
  address.v6 = length == 16;
  std::copy_n(bytes.begin(), length, address.bytes.begin());
  address.port = static_cast<std::uint16_t>(bytes[port_at] << 8 | bytes[port_at + 1]);
  return address;
}

/// §2.2. `in` begins with the signature and has `fixed_bytes` at least.
ProxyParsed parse_version_2(base::Bytes in) {
  constexpr std::size_t address_bytes[] = {0, 12, 36, 216};  // of UNSPEC, INET, INET6, UNIX
  const unsigned version = in[12] >> 4;
  const unsigned command = in[12] & 15;
  const unsigned family = in[13] >> 4;
  const unsigned transport = in[13] & 15;
  const std::size_t length = static_cast<std::size_t>(in[14]) << 8 | in[15];
  if (version != 2 || command > 1) return malformed("the PROXY header must be of version 2 and say PROXY or LOCAL");
  if (family >= std::size(address_bytes) || transport > 2) return malformed("the PROXY header names an unknown family");
  if (fixed_bytes + length > proxy_header_bytes_max) return malformed("the PROXY header is longer than 4096 bytes");
  const bool local = command == 0;  // §2.2: then family and addresses say nothing
  if (!local && length < address_bytes[family]) return malformed("the PROXY header is too short for its addresses");
  if (in.size() < fixed_bytes + length) return {};
  const base::Bytes addresses = in.subspan(fixed_bytes, length);
  const bool stream = transport == 1;
  if (!local && stream && family == 1) return complete(fixed_bytes + length, address_at(addresses, 4, 8));
  if (!local && stream && family == 2) return complete(fixed_bytes + length, address_at(addresses, 16, 32));
  return complete(fixed_bytes + length, std::nullopt);
}

}  // namespace

ProxyParsed parse_proxy_header(base::Bytes in) {
  const std::string_view text = base::text_of(in);
  if (begins(text, line_start)) return text.size() < line_start.size() ? ProxyParsed{} : parse_version_1(text);
  if (!begins(text, signature)) return malformed("a PROXY header must come first from this address (proxyProtocol)");
  return in.size() < fixed_bytes ? ProxyParsed{} : parse_version_2(in);
}

}  // namespace codec
