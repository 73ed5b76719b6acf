#include "native/codec/http1/forwarded.h"

#include <charconv>
#include <string>
#include <utility>

#include "native/codec/http1/http_text.h"

namespace codec {

namespace {

/// Without the quotes around it, if there are any (RFC 9110 §5.6.4). An address has nothing in it that must be escaped.
std::string_view unquoted(std::string_view text) {
  const bool quoted = text.size() >= 2 && text.front() == '"' && text.back() == '"';
  return quoted ? text.substr(1, text.size() - 2) : text;
}

std::optional<std::uint16_t> port_of(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(port) : std::nullopt;
}

std::optional<os::Address> parse(std::string_view host, std::uint16_t port) {
  const std::optional<os::Address> address = os::Address::parse(host, port);
  return address && address->scope == 0 ? std::optional(address->unmapped()) : std::nullopt;
}

/// `192.0.2.7`, `192.0.2.7:4711`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:4711`.
std::optional<os::Address> address_of(std::string_view node) {
  if (node.starts_with('[')) {
    const std::size_t end = node.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view host = node.substr(1, end - 1);
    const std::string_view behind = node.substr(end + 1);
    if (host.find(':') == std::string_view::npos || (!behind.empty() && behind.front() != ':')) return std::nullopt;
    const std::optional<std::uint16_t> port = behind.empty() ? 0 : port_of(behind.substr(1));
    return port ? parse(host, *port) : std::nullopt;
  }
  const std::size_t colon = node.find(':');
  if (colon == std::string_view::npos || node.find(':', colon + 1) != std::string_view::npos) return parse(node, 0);
  const std::optional<std::uint16_t> port = port_of(node.substr(colon + 1));
  return port ? parse(node.substr(0, colon), *port) : std::nullopt;
}

enum class Quotes : std::uint8_t { none, honoured };

/// Takes what stands behind the last separator off the end of `text`, which is empty when that was all. It reads from the right and no further:
/// what a client wrote in front, such as half a quoted string, cannot hide what its proxy has added.
std::string_view take_last(std::string_view& text, char separator, Quotes quotes) {
  bool quoted = false;
  for (std::size_t i = text.size(); i > 0; --i) {
    const char c = text[i - 1];
    if (c == '"' && quotes == Quotes::honoured) quoted = !quoted;
    if (c != separator || quoted) continue;
    const std::string_view last = text.substr(i);
    text = text.substr(0, i - 1);
    return last;
  }
  return std::exchange(text, {});
}

/// RFC 7239 §4: the `for` of one element, `for="[2001:db8::1]:4711";proto=https`; empty when it has none, or two.
std::string_view node_of(std::string_view element) {
  std::string_view node;
  while (!element.empty()) {
    const std::string_view pair = trim_space(take_last(element, ';', Quotes::honoured));
    const std::size_t equals = pair.find('=');
    if (equals == std::string_view::npos || !equal_ignoring_case(pair.substr(0, equals), "for")) continue;
    if (!node.empty()) return {};
    node = unquoted(pair.substr(equals + 1));
  }
  return node;
}

}  // namespace

std::string_view name_of(ForwardedHeader header) {
  switch (header) {
    case ForwardedHeader::x_forwarded_for:
      return "x-forwarded-for";
    case ForwardedHeader::forwarded:
      return "forwarded";
    case ForwardedHeader::none:
      break;
  }
  return {};
}

std::optional<os::Address> forwarded_client(ForwardedHeader header, std::string_view value, const os::Networks& trusted) {
  if (header == ForwardedHeader::none) return std::nullopt;
  const bool standard = header == ForwardedHeader::forwarded;
  std::optional<os::Address> client;
  while (!value.empty()) {
    const std::string_view element = trim_space(take_last(value, ',', standard ? Quotes::honoured : Quotes::none));
    if (element.empty()) continue;  // RFC 9110 §5.6.1.2
    const std::optional<os::Address> address = address_of(standard ? node_of(element) : element);
    if (!address) break;
    client = address;
    if (!trusted.contains(*address)) break;
  }
  return client;
}

std::optional<os::Address> forwarded_client(ForwardedHeader header, const HttpRequest& request, const os::Networks& trusted) {
  std::string value;
  for (const HttpHeader& each : request.headers) {
    if (!header_is(each, name_of(header))) continue;
    if (!value.empty()) value += ',';
    value += each.value;
  }
  return forwarded_client(header, value, trusted);
}

}  // namespace codec
