// Covers native/codec/http1/proxy_header.cc: both versions as bytes, however they arrive, and everything that is none.
// Owner: the test. Thread: main.
#include "native/codec/http1/proxy_header.h"

#include <string>
#include <vector>

#include "test/native/codec/wire.h"
#include "test/native/vendor/doctest.h"

using codec::ProxyParsed;
using codec::ProxyStatus;
using wire::operator+;
using wire::Wire;

namespace {

const std::string signature = "0d0a0d0a000d0a515549540a";

Wire line(const std::string& text) { return Wire(text.begin(), text.end()); }

/// In a buffer of its exact size, so that ASan sees every stray access.
std::string verdict_on(const Wire& bytes) {
  const Wire exact(bytes);
  const ProxyParsed parsed = codec::parse_proxy_header(exact);
  if (parsed.status == ProxyStatus::incomplete) return "incomplete";
  if (parsed.status == ProxyStatus::malformed) {
    REQUIRE(!parsed.problem.empty());
    return "malformed";
  }
  return std::to_string(parsed.consumed) + ' ' + (parsed.client ? parsed.client->text() : "unknown");
}

/// Every beginning is incomplete, and what follows changes nothing.
void check_whole(const Wire& bytes, const std::string& client) {
  const std::string expected = std::to_string(bytes.size()) + ' ' + client;
  CHECK(verdict_on(bytes) == expected);
  CHECK(verdict_on(bytes + line("GET / HTTP/1.1\r\n")) == expected);
  CHECK(verdict_on(bytes + Wire(10'000, 0xFF)) == expected);
  for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
    CAPTURE(cut);
    CHECK(verdict_on(Wire(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(cut))) == "incomplete");
  }
}

/// However much of it is here: malformed from some byte on, and never complete.
void check_malformed(const Wire& bytes) {
  CHECK(verdict_on(bytes) == "malformed");
  bool told = false;
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    const std::string verdict = verdict_on(Wire(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(cut)));
    CAPTURE(cut);
    CHECK(verdict == (told || verdict == "malformed" ? "malformed" : "incomplete"));
    told = verdict == "malformed";
  }
}

/// Version 2 with everything behind the signature in hexadecimal.
Wire binary(const std::string& hex) { return wire::hex(signature + hex); }

const std::string tcp4 = "c0000207 c0000201 1267 01bb";                                                   // 192.0.2.7:4711 → 192.0.2.1:443
const std::string tcp6 = "20010db8000000000000000000000007 20010db8000000000000000000000001 1267 01bb";  // [2001:db8::7]:4711

}  // namespace

TEST_CASE("PROXY version 1: the client's address and port, however they arrive") {
  check_whole(line("PROXY TCP4 192.0.2.7 192.0.2.1 4711 443\r\n"), "192.0.2.7:4711");
  check_whole(line("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n"), "255.255.255.255:65535");
  check_whole(line("PROXY TCP6 2001:db8::7 2001:db8::1 4711 443\r\n"), "[2001:db8::7]:4711");
  check_whole(line("PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n"),
              "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535");
  check_whole(line("PROXY TCP4 192.0.2.7 192.0.2.1 0 443\r\n"), "192.0.2.7");
}

TEST_CASE("PROXY version 1: a proxy that does not know says UNKNOWN, and anything behind it") {
  check_whole(line("PROXY UNKNOWN\r\n"), "unknown");
  check_whole(line("PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n"), "unknown");
  check_whole(line("PROXY UNKNOWN " + std::string(91, 'x') + "\r\n"), "unknown");  // 107 bytes
}

TEST_CASE("PROXY version 1: what is malformed") {
  for (const char* const text : {
           "PROXY TCP4 192.0.2.7 192.0.2.1 4711\r\n", "PROXY TCP4 192.0.2.7 192.0.2.1 4711 443 1\r\n", "PROXY TCP4  192.0.2.7 192.0.2.1 4711 443\r\n",
           "PROXY  TCP4 192.0.2.7 192.0.2.1 4711 443\r\n", "PROXY TCP4 192.0.2.7 192.0.2.1 4711 443 \r\n", "PROXY TCP4 192.0.2.07 192.0.2.1 4711 443\r\n",
           "PROXY TCP4 2001:db8::7 2001:db8::1 4711 443\r\n", "PROXY TCP6 192.0.2.7 192.0.2.1 4711 443\r\n", "PROXY TCP4 192.0.2.7 192.0.2.1 4711 65536\r\n",
           "PROXY TCP4 192.0.2.7 192.0.2.1 -1 443\r\n", "PROXY TCP4 192.0.2.7 192.0.2.1 +1 443\r\n", "PROXY TCP4 192.0.2.7 192.0.2.1 04711 443\r\n",
           "PROXY TCP4 192.0.2.7 192.0.2 4711 443\r\n", "PROXY TCP4 client server 4711 443\r\n", "PROXY TCP5 192.0.2.7 192.0.2.1 4711 443\r\n", "PROXY \r\n",
           "PROXY tcp4 192.0.2.7 192.0.2.1 4711 443\r\n", "PROXY UNKNOWNX\r\n", "PROXY TCP6 fe80::1%lo fe80::1 4711 443\r\n", "PROXY TCP4 192.0.2.7\t192.0.2.1 4711 443\r\n"}) {
    CAPTURE(text);
    check_malformed(line(text));
  }
  check_malformed(line("PROXY UNKNOWN " + std::string(92, 'x') + "\r\n"));  // 108 bytes
  check_malformed(line("PROXY TCP4 192.0.2.7 192.0.2.1 4711 443\n" + std::string(100, 'x')));
  CHECK(verdict_on(line("PROXY TCP4 192.0.2.7 192.0.2.1 4711 443\r")) == "incomplete");
}

TEST_CASE("PROXY version 2: the client's address and port, however they arrive") {
  check_whole(binary("21 11 000c" + tcp4), "192.0.2.7:4711");
  check_whole(binary("21 21 0024" + tcp6), "[2001:db8::7]:4711");
  check_whole(binary("21 21 0024 00000000000000000000ffffc0000207 00000000000000000000ffffc0000201 1267 01bb"), "[::ffff:192.0.2.7]:4711");
}

TEST_CASE("PROXY version 2: extensions are passed over, whatever they are") {
  check_whole(binary("21 11 0011" + tcp4 + "04 0002 0000"), "192.0.2.7:4711");                    // NOOP
  check_whole(binary("21 11 0018" + tcp4 + "03 0004 fd16eeb2 02 0002 6162"), "192.0.2.7:4711");  // CRC32C, AUTHORITY
  check_whole(binary("21 11 000d" + tcp4 + "ff"), "192.0.2.7:4711");                              // none that is whole
  check_whole(binary("21 11 0ff0" + tcp4) + Wire(4068, 0xEE), "192.0.2.7:4711");   // 4096 bytes
}

TEST_CASE("PROXY version 2: a proxy that speaks for itself, or of no address") {
  check_whole(binary("20 00 0000"), "unknown");           // LOCAL, a health check
  check_whole(binary("20 11 000c" + tcp4), "unknown");    // its addresses say nothing
  check_whole(binary("20 11 0003 010203"), "unknown");    // nor does their length
  check_whole(binary("21 00 0000"), "unknown");           // UNSPEC
  check_whole(binary("21 00 0003 010203"), "unknown");
  check_whole(binary("21 12 000c" + tcp4), "unknown");    // a datagram's, which no stream has
  check_whole(binary("21 22 0024" + tcp6), "unknown");
  check_whole(binary("21 10 000c" + tcp4), "unknown");
  check_whole(binary("21 31 00d8") + Wire(216, 'x'), "unknown");  // a Unix socket
}

TEST_CASE("PROXY version 2: what is malformed") {
  for (const char* const fixed : {
           "11 11 000c", "31 11 000c", "01 11 000c",  // versions
           "22 11 000c", "2f 11 000c",                // commands
           "21 41 000c", "21 f1 000c",                // families
           "21 13 000c", "21 1f 000c",                // transports
           "21 11 000b", "21 21 0023", "21 31 00d7", "21 11 0000",  // too short for their addresses
           "21 11 0ff1", "21 00 ffff", "20 00 0ff1",  // longer than 4096 bytes
       }) {
    CAPTURE(fixed);
    check_malformed(binary(fixed));
    check_malformed(binary(fixed) + Wire(5000));
  }
}

TEST_CASE("PROXY: what is no header at all is told from its first byte that differs") {
  for (const std::string text : {"GET / HTTP/1.1\r\n", "PRI * HTTP/2.0\r\n\r\n", "hola", "\x16\x03\x01", "PROXX", "proxy TCP4", "\r\n\r\nGET", "PROXY\r\n", "\n"}) {
    CAPTURE(text);
    check_malformed(line(text));
  }
  CHECK(verdict_on(line("G")) == "malformed");
  CHECK(verdict_on(line("PRI")) == "malformed");
  CHECK(verdict_on(line("PR")) == "incomplete");
  CHECK(verdict_on({}) == "incomplete");
  for (std::size_t at = 0; at < 12; ++at) {
    Wire wrong = binary("21 11 000c" + tcp4);
    wrong[at] ^= 1;
    CAPTURE(at);
    CHECK(verdict_on(wrong) == "malformed");
    CHECK(verdict_on(Wire(wrong.begin(), wrong.begin() + static_cast<std::ptrdiff_t>(at + 1))) == "malformed");
  }
}
