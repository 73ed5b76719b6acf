// Covers native/codec/http1/http1.cc: one row per malformed head (RFC 9112; the cases of Http11Probe and of request smuggling).
// Owner: the test. Thread: main.
#include <string>
#include <vector>

#include "native/codec/http1/http1.h"
#include "test/native/codec/http1/http_requests.h"
#include "test/native/vendor/doctest.h"

using namespace http;

namespace {

struct Row {
  std::string what;
  std::string text;
  std::string status;
};

void check_rows(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    CAPTURE(row.what);
    check_every_arrival(row.text, row.status);
  }
}

std::string request_line(const std::string& line) { return line + "\r\nHost: a\r\n\r\n"; }

}  // namespace

TEST_CASE("http1: request lines that are refused") {
  check_rows({
      {"two leading empty lines", "\r\n\r\n" + request_with(""), "400"},
      {"leading space", request_line(" GET / HTTP/1.1"), "400"},
      {"no target", request_line("GET HTTP/1.1"), "400"},
      {"empty target", request_line("GET  HTTP/1.1"), "400"},
      {"nothing but a word", request_line("GET"), "400"},
      {"two spaces before the target", request_line("GET  / HTTP/1.1"), "400"},
      {"two spaces after the target", request_line("GET /  HTTP/1.1"), "400"},
      {"a space in the target", request_line("GET /a b HTTP/1.1"), "400"},
      {"a tab in the target", request_line("GET /a\tb HTTP/1.1"), "400"},
      {"a tab for a space", request_line("GET\t/ HTTP/1.1"), "400"},
      {"raw UTF-8 in the target", request_line("GET /\xC3\xA4 HTTP/1.1"), "400"},
      {"trailing space", request_line("GET / HTTP/1.1 "), "400"},
      {"method that is no token", request_line("G(T / HTTP/1.1"), "400"},
      {"empty method", request_line(" / HTTP/1.1"), "400"},
      {"a method nobody has", request_line(std::string(33, 'M') + " / HTTP/1.1"), "501"},
      {"HTTP/0.9", request_line("GET /"), "400"},
      {"a fragment", request_line("GET /p#f HTTP/1.1"), "400"},
      {"nothing but a fragment", request_line("GET # HTTP/1.1"), "400"},
      {"HTTP/2.0", request_line("GET / HTTP/2.0"), "505"},
      {"HTTP/0.9 spelled out", request_line("GET / HTTP/0.9"), "505"},
      {"lower-case version", request_line("GET / http/1.1"), "400"},
      {"version without a minor", request_line("GET / HTTP/1"), "400"},
      {"version with two digits", request_line("GET / HTTP/1.10"), "400"},
      {"version with a letter", request_line("GET / HTTP/1.x"), "400"},
      {"another protocol", request_line("GET / ICAP/1.1"), "400"},
      {"another protocol, same length", request_line("GET / HTTQ/1.1"), "400"},
  });
}

TEST_CASE("http1: header lines that are refused") {
  check_rows({
      {"space before the colon", request_with("Name : x\r\n"), "400"},
      {"tab before the colon", request_with("Name\t: x\r\n"), "400"},
      {"space in the name", request_with("Na me: x\r\n"), "400"},
      {"no colon", request_with("Name\r\n"), "400"},
      {"no name", request_with(": x\r\n"), "400"},
      {"a name outside ASCII", request_with("N\xC3\xA4me: x\r\n"), "400"},
      {"a name with a delimiter", request_with("Na(me: x\r\n"), "400"},
      {"obs-fold with a space", request_with("Name: x\r\n y\r\n"), "400"},
      {"obs-fold with a tab", request_with("Name: x\r\n\ty\r\n"), "400"},
      {"a folded line before any header", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", "400"},
      {"a line of white space", request_with(" \r\n"), "400"},
  });
}

TEST_CASE("http1: bytes that are refused wherever they stand") {
  const std::string nul(1, '\0');
  check_rows({
      {"NUL in the method", request_line("GE" + nul + "T / HTTP/1.1"), "400"},
      {"NUL in the target", request_line("GET /" + nul + " HTTP/1.1"), "400"},
      {"NUL in a name", request_with("Na" + nul + "me: x\r\n"), "400"},
      {"NUL in a value", request_with("Name: x" + nul + "y\r\n"), "400"},
      {"DEL in a value", request_with("Name: x\x7Fy\r\n"), "400"},
      {"ESC in a value", request_with("Name: \x1B[31m\r\n"), "400"},
      {"vertical tab in a value", request_with("Name: \v\r\n"), "400"},
      {"bare LF after the request line", "GET / HTTP/1.1\nHost: a\r\n\r\n", "400"},
      {"bare LF after a header", "GET / HTTP/1.1\r\nHost: a\n\r\n", "400"},
      {"bare LF at the end", "GET / HTTP/1.1\r\nHost: a\r\n\n", "400"},
      {"LF first", "\nGET / HTTP/1.1\r\n\r\n", "400"},
      {"bare CR in a value", request_with("Name: x\ry\r\n"), "400"},
      {"bare CR in the target", request_line("GET /\rx HTTP/1.1"), "400"},
      {"two CRs", "GET / HTTP/1.1\r\r\nHost: a\r\n\r\n", "400"},
      {"CR for CRLF at the end", "GET / HTTP/1.1\r\nHost: a\r\n\rX", "400"},
  });
}

TEST_CASE("http1: framing that two servers could read in two ways") {
  check_rows({
      {"length and encoding", request_with("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n"), "400"},
      {"encoding and length", request_with("transfer-encoding: chunked\r\ncontent-length: 4\r\n"), "400"},
      {"two lengths that differ", request_with("Content-Length: 4\r\nContent-Length: 5\r\n"), "400"},
      {"two lengths that agree", request_with("Content-Length: 4\r\nContent-Length: 4\r\n"), "400"},
      {"a list of lengths", request_with("Content-Length: 4, 4\r\n"), "400"},
      {"a negative length", request_with("Content-Length: -1\r\n"), "400"},
      {"a signed length", request_with("Content-Length: +1\r\n"), "400"},
      {"a hexadecimal length", request_with("Content-Length: 0x10\r\n"), "400"},
      {"an empty length", request_with("Content-Length:\r\n"), "400"},
      {"an unknown encoding", request_with("Transfer-Encoding: gzip\r\n"), "501"},
      {"an encoding hidden behind another", request_with("Transfer-Encoding: chunked, identity\r\n"), "501"},
      {"two encodings", request_with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), "400"},
      {"two hosts", request_with("Host: b\r\n"), "400"},
      {"the same host twice", request_with("host: a\r\n"), "400"},
  });
}

TEST_CASE("http1: Host is one name or address, and a port or none (RFC 9112 §3.2, RFC 3986 §3.2.2)") {
  const auto request_to = [](const std::string& host) { return "GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n"; };
  check_rows({{"no Host", "GET / HTTP/1.1\r\n\r\n", "400"}, {"no Host, a method nobody has", "BREW / HTTP/1.1\r\n\r\n", "400"}});
  for (const std::string bad : {"", "a b", "u@h", "h/x", "a,b", "h:abc", "[::1", "<x>", "h\xC3\xA4", "h:65536", "h:-1", "h:1:2", "::1", "[]", "[::1]x",
                                "[127.0.0.1]", "[::1%lo]", "[1:2:3:4:5:6:7]", "[1:2:3:4:5:6:7:8:9]", "[1::2::3]", "[12345::]", "[:1]", "[1:]", "h?x",
                                "h%41", "http://h", "*"}) {
    CAPTURE(bad);
    check_every_arrival(request_to(bad), "400");
  }
  for (const std::string good : {"a", "localhost:8001", "my_service.local", "127.0.0.1:1", "[::1]:8001", "[::]", "[1::]", "[1:2:3:4:5:6:7:8]",
                                 "[::ffff:127.0.0.1]", "[64:ff9b::1.2.3.4]:65535", "h:", "xn--bcher-kva.example", "a."}) {
    CAPTURE(good);
    check_every_arrival(request_to(good), "complete");
  }
}
