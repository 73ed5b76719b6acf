// Covers native/codec/http1/http1.cc: what is accepted, and that arrival in pieces changes nothing.
// Owner: the test. Thread: main.
#include "native/codec/http1/http1.h"

#include <ctime>
#include <string>

#include "test/native/codec/http1/http_requests.h"
#include "test/native/vendor/doctest.h"

using namespace http;

TEST_CASE("http1: a browser's upgrade request") {
  const std::string text =
      "GET /chat?topic=a HTTP/1.1\r\nHost: server.example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nOrigin: http://example.com\r\nSec-WebSocket-Version: 13\r\n\r\n";
  const auto parsed = codec::parse_http_request(base::bytes_of(text), 0, {});
  REQUIRE(parsed.status == codec::HttpParseStatus::complete);
  CHECK(parsed.consumed == text.size());
  CHECK(std::string(parsed.request.method) == "GET");
  CHECK(std::string(parsed.request.target) == "/chat?topic=a");
  REQUIRE(parsed.request.headers.size() == 6);
  CHECK(std::string(parsed.request.headers[0].name) == "Host");
  CHECK(std::string(parsed.request.headers[0].value) == "server.example.com");
  CHECK(std::string(codec::find_header(parsed.request, "sec-websocket-KEY")) == "dGhlIHNhbXBsZSBub25jZQ==");
  check_every_arrival(text, "complete");
}

TEST_CASE("http1: what follows the head is not looked at") {
  const std::string head = request_with("X: y\r\n");
  const std::string frames("\x81\x80\x00\n\r\x7F GET", 9);
  const std::string text = head + frames;
  const auto parsed = codec::parse_http_request(base::bytes_of(text), 0, {});
  REQUIRE(parsed.status == codec::HttpParseStatus::complete);
  CHECK(parsed.consumed == head.size());
}

TEST_CASE("http1: well-formed heads in unusual clothes") {
  for (const std::string& text : {
           std::string("GET / HTTP/1.9\r\nHost: a\r\n\r\n"),
           std::string("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"),
           std::string("BREW-IT! /%00x HTTP/1.1\r\nHost: a\r\n\r\n"),  // method and escapes are judged elsewhere
           std::string("GET ws://host/path HTTP/1.1\r\nHost: a\r\n\r\n"),
           request_with("Empty:\r\nBlank: \t \r\n"),
           request_with("Colons: a:b:c\r\n"),
           request_with("Tab:\ta\tb\t\r\n"),
           request_with("Obs-Text: \xC3\xA4\xFF\r\n"),
           request_with("!#$%&'*+-.^_`|~09azAZ: every token character\r\n"),
           request_with("Content-Length: 5\r\n"),
           request_with("Transfer-Encoding: Chunked\r\n"),
       }) {
    CAPTURE(text);
    check_every_arrival(text, "complete");
  }
}

TEST_CASE("http1: white space around a value is not part of it") {
  const std::string text = request_with("A: \t padded \t\r\nB:\r\nC:tight\r\n");
  const auto parsed = codec::parse_http_request(base::bytes_of(text), 0, {});
  CHECK(std::string(codec::find_header(parsed.request, "a")) == "padded");
  CHECK(codec::find_header(parsed.request, "b").data() != nullptr);
  CHECK(codec::find_header(parsed.request, "b").empty());
  CHECK(std::string(codec::find_header(parsed.request, "c")) == "tight");
}

TEST_CASE("http1: find_header answers only when there is exactly one") {
  const std::string text = request_with("Twice: 1\r\ntwice: 2\r\nThrice: 1\r\nThrice: 2\r\nThrice: 3\r\n");
  const auto parsed = codec::parse_http_request(base::bytes_of(text), 0, {});
  CHECK(codec::find_header(parsed.request, "Twice").data() == nullptr);
  CHECK(codec::find_header(parsed.request, "Thrice").data() == nullptr);
  CHECK(codec::find_header(parsed.request, "Never").data() == nullptr);
}

TEST_CASE("http1: the limits themselves are allowed") {
  const codec::HttpLimits limits = {.head_bytes_max = 400, .target_bytes_max = 100, .headers_max = 3};
  const auto with_target = [](std::size_t bytes) {
    return "GET /" + std::string(bytes - 1, 't') + " HTTP/1.1\r\nHost: a\r\n\r\n";
  };
  check_every_arrival(with_target(100), "complete", limits);
  check_every_arrival(with_target(101), "414", limits);
  check_every_arrival(request_with("B: 2\r\nC: 3\r\n"), "complete", limits);
  check_every_arrival(request_with("B: 2\r\nC: 3\r\nD: 4\r\n"), "431", limits);
  const auto of_size = [](std::size_t bytes) {
    return request_with("F: " + std::string(bytes - request_with("F: \r\n").size(), 'f') + "\r\n");
  };
  check_every_arrival(of_size(400), "complete", limits);
  check_every_arrival(of_size(401), "431", limits);
}

TEST_CASE("http1: lines that never end are refused at their limit, not at the end of the head") {
  const codec::HttpLimits limits;
  CHECK(verdict_on("GET /" + std::string(8 * 1024 + 60, 'x'), limits) == "414");
  CHECK(verdict_on(std::string(9 * 1024, 'X'), limits) == "501");
  CHECK(verdict_on(std::string(9 * 1024, '"'), limits) == "400");
  CHECK(verdict_on("GET / HTTP/1.1\r\nX: " + std::string(16 * 1024, 'x'), limits) == "431");
  CHECK(verdict_on("GET /" + std::string(8 * 1024 - 10, 'x'), limits) == "incomplete");
}

TEST_CASE("http1: heads are refused while they arrive") {
  CHECK(verdict_on("\x16\x03\x01") == "400");  // a TLS hello
  CHECK(verdict_on("GET / HTTP/1.1\n") == "400");
  CHECK(verdict_on("GET / HTTP/1.1\r\nBad Name: x\r\n") == "400");
  CHECK(verdict_on("GET / HTTP/1.1\rX") == "400");
  CHECK(verdict_on("PRI * HTTP/2.0\r\n") == "505");
  CHECK(verdict_on("\r\n\r\n") == "400");
  CHECK(verdict_on("\r\n") == "incomplete");
  CHECK(verdict_on("") == "incomplete");
}

TEST_CASE("http1: byte-by-byte arrival is linear") {
  const codec::HttpLimits limits = {.head_bytes_max = 1 << 20, .target_bytes_max = 1 << 19, .headers_max = 1000};
  const std::string text = "GET /" + std::string(400'000, 't') + " HTTP/1.1\r\nHost: a\r\nX: " + std::string(400'000, 'x') + "\r\n\r\n";
  const std::clock_t begin = std::clock();  // CPU time: a busy machine takes none of it
  CHECK(verdict_in_pieces(text, 1, limits) == "complete");
  // Quadratic would be 3·10^11 steps. Linear takes some ten milliseconds, sanitizers a little more.
  CHECK(std::clock() - begin < 5 * CLOCKS_PER_SEC);
}

TEST_CASE("http1: refusals are whole answers") {
  constexpr std::int64_t now = 784'111'777;
  CHECK(codec::write_http_refusal({400, "no Host header"}, now) ==
        "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Type: text/plain; charset=utf-8\r\n"
        "Content-Length: 15\r\n\r\nno Host header\n");
  const auto has = [](int status, const std::string& line) {
    return codec::write_http_refusal({status, "x"}, now).find("\r\n" + line + "\r\n") != std::string::npos;
  };
  CHECK(has(426, "Upgrade: websocket"));
  CHECK(has(426, "Sec-WebSocket-Version: 13"));
  CHECK(has(426, "Connection: close, Upgrade"));
  CHECK(has(405, "Allow: GET"));
  const auto staying = [](int status) { return codec::write_http_refusal({.status = status, .reason = "x", .closes = false}, now); };
  CHECK(staying(400).find("Connection:") == std::string::npos);
  CHECK(staying(426).find("\r\nConnection: Upgrade\r\n") != std::string::npos);
  CHECK(has(503, "Retry-After: 1"));
  CHECK(codec::write_http_refusal({405, "only GET", false}, now) ==
        "HTTP/1.1 405 Method Not Allowed\r\nConnection: close\r\nAllow: GET\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
        "Content-Type: text/plain; charset=utf-8\r\nContent-Length: 9\r\n\r\n");  // to HEAD
  CHECK(codec::write_http_refusal({204, "GET"}, now) ==
        "HTTP/1.1 204 No Content\r\nConnection: close\r\nAllow: GET\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n");
  for (const int status : {400, 403, 404, 405, 408, 414, 426, 431, 501, 503, 505}) {
    CAPTURE(status);
    CHECK(codec::write_http_refusal({status, "x"}, now).starts_with("HTTP/1.1 " + std::to_string(status) + " "));
  }
}

TEST_CASE("http1: what lets the next request follow on the connection") {
  const auto keeps = [](const std::string& text) {
    const auto parsed = codec::parse_http_request(base::bytes_of(text), 0, {});
    REQUIRE(parsed.status == codec::HttpParseStatus::complete);
    return codec::keeps_connection(parsed.request);
  };
  CHECK(keeps("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
  CHECK(keeps("GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, closed\r\nContent-Length: 0\r\n\r\n"));
  CHECK_FALSE(keeps("GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n"));
  CHECK_FALSE(keeps("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nConnection: x,  Close\r\n\r\n"));
  CHECK_FALSE(keeps("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n"));
  CHECK_FALSE(keeps("GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"));
}

TEST_CASE("http1: dates (RFC 9110 §5.6.7)") {
  CHECK(codec::http_date(0) == "Thu, 01 Jan 1970 00:00:00 GMT");
  CHECK(codec::http_date(951'827'696) == "Tue, 29 Feb 2000 12:34:56 GMT");
  CHECK(codec::http_date(1'798'761'599) == "Thu, 31 Dec 2026 23:59:59 GMT");
  CHECK(codec::http_date(-1) == "Thu, 01 Jan 1970 00:00:00 GMT");            // a clock that was set wrong
  CHECK(codec::http_date(INT64_MAX) == "Fri, 31 Dec 9999 23:59:59 GMT");
}

TEST_CASE("http1: one empty line before the request line is skipped (RFC 9112 §2.2)") {
  const std::string text = "\r\n" + request_with("X: y\r\n");
  check_every_arrival(text, "complete");
  const std::string more = text + "behind";
  const auto parsed = codec::parse_http_request(base::bytes_of(more), 0, {});
  CHECK(parsed.consumed == text.size());
  CHECK(parsed.request.method == "GET");
  check_every_arrival("\r\n\r\n" + request_with(""), "400");
  // The bound of a request line begins behind it.
  const codec::HttpLimits limits = {.target_bytes_max = 20};
  check_every_arrival("\r\nGET /" + std::string(19, 't') + " HTTP/1.1\r\nHost: a\r\n\r\n", "complete", limits);
  check_every_arrival("\r\nGET /" + std::string(20, 't') + " HTTP/1.1\r\nHost: a\r\n\r\n", "414", limits);
}

TEST_CASE("http1: HTTP/1.0 is parsed; there Host may be missing") {
  const std::string text = "GET /a HTTP/1.0\r\nConnection: close\r\n\r\n";
  check_every_arrival(text, "complete");
  CHECK(codec::parse_http_request(base::bytes_of(text), 0, {}).request.minor_version == 0);
  const std::string next = "GET / HTTP/1.3\r\nHost: a\r\n\r\n";
  CHECK(codec::parse_http_request(base::bytes_of(next), 0, {}).request.minor_version == 3);
}

TEST_CASE("http1: an answer to HEAD has no body, whatever was wrong") {
  const auto has_body = [](const std::string& text) { return codec::parse_http_request(base::bytes_of(text), 0, {}).refusal.body; };
  CHECK_FALSE(has_body("HEAD / HTTP/1.1\r\n\r\n"));
  CHECK_FALSE(has_body("\r\nHEAD / HTTP/1.1\r\nHost : a\r\n\r\n"));
  CHECK(has_body("GET / HTTP/1.1\r\n\r\n"));
  CHECK(has_body("HEADS / HTTP/1.1\r\n\r\n"));
}
