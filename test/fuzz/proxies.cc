// Fuzzes native/codec/http1/proxy_header.cc, forwarded.cc and native/os/networks.cc: a PROXY header is judged the same however it arrives, and
// whatever a client wrote in a header, who its proxy adds behind it is who counts.
// Owner: the fuzzer. Thread: main.
#include "native/codec/http1/proxy_header.h"

#include <string>

#include "native/codec/http1/forwarded.h"
#include "test/fuzz/fuzz.h"

namespace {

using codec::ForwardedHeader;
using codec::ProxyStatus;

std::string words_of(const codec::ProxyParsed& parsed) {
  if (parsed.status == ProxyStatus::incomplete) return "incomplete";
  if (parsed.status == ProxyStatus::malformed) return "malformed " + std::string(parsed.problem);
  return std::to_string(parsed.consumed) + ' ' + (parsed.client ? parsed.client->text() : "unknown");
}

void check_header(base::Bytes all, std::uint8_t how) {
  const codec::ProxyParsed whole = codec::parse_proxy_header(all);
  if (whole.status == ProxyStatus::incomplete) fuzz::require(all.size() < codec::proxy_header_bytes_max, "what is incomplete has a bound");
  if (whole.status == ProxyStatus::complete) {
    fuzz::require(whole.consumed <= all.size() && whole.consumed <= codec::proxy_header_bytes_max, "a header lies within what has come, and its bound");
    fuzz::require(words_of(codec::parse_proxy_header(all.first(whole.consumed))) == words_of(whole), "what follows changes nothing");
    fuzz::require(codec::parse_proxy_header(all.first(whole.consumed - 1)).status == ProxyStatus::incomplete, "it is complete with its last byte");
  }
  std::string words = "incomplete";
  std::size_t end = 0;
  fuzz::in_pieces(all, how, [&](base::MutableBytes piece) {
    end += piece.size();
    const fuzz::Bytes so_far(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(end));
    words = words_of(codec::parse_proxy_header(so_far));
    return words == "incomplete";
  });
  const bool both_malformed = words.starts_with("malformed") && whole.status == ProxyStatus::malformed;
  fuzz::require(words == words_of(whole) || both_malformed, "the same verdict however it arrives");
}

void check_forwarded(const std::string& front, const os::Networks& trusted) {
  for (const ForwardedHeader header : {ForwardedHeader::x_forwarded_for, ForwardedHeader::forwarded}) {
    codec::forwarded_client(header, front, trusted);
    const std::string added = header == ForwardedHeader::forwarded ? "for=\"203.0.113.7:80\";proto=https" : "203.0.113.7:80";
    const std::string proxies = header == ForwardedHeader::forwarded ? ", for=10.0.0.1" : ", 10.0.0.1";
    for (const std::string& value : {front + ", " + added, front + ',' + added + proxies}) {
      const auto client = codec::forwarded_client(header, value, trusted);
      fuzz::require(client && client->text() == "203.0.113.7:80", "who the proxy has added is the client");
    }
  }
}

void check_network(const std::string& text) {
  os::Networks networks;
  const bool taken = networks.add(text);
  fuzz::require(taken != networks.empty(), "what is no network is not added");
  const auto itself = os::Address::parse(text.substr(0, text.find('/')), 0);
  if (taken && text != "unix") fuzz::require(itself && networks.contains(*itself), "a network contains its first address");
}

}  // namespace

FUZZ_TARGET(proxies) {
  os::Networks trusted;
  fuzz::require(trusted.add("10.0.0.0/8") && trusted.add("2001:db8::/32"), "these are networks");
  fuzz::Input input(bytes);
  const std::uint8_t how = input.byte();
  const base::Bytes all = input.rest();
  check_header(all, how);
  const std::string text(base::text_of(all));
  check_forwarded(text, trusted);
  check_network(text);
}
