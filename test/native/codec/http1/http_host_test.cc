// Covers native/codec/http1/http_host.cc: which pages and names are let in.
// Owner: the test. Thread: main.
#include "native/codec/http1/http_host.h"

#include <string>

#include "test/native/vendor/doctest.h"

namespace {

/// 200 or the refusal's status for a request with these header lines.
int status_of(const std::string& lines, const codec::WebRules& rules) {
  const std::string text = "GET / HTTP/1.1\r\n" + lines + "\r\n";
  const auto parsed = codec::parse_http_request(base::bytes_of(text), 0, {});
  REQUIRE(parsed.status == codec::HttpParseStatus::complete);
  const auto refusal = codec::check_web(parsed.request, rules);
  return refusal ? refusal->status : 200;
}

codec::WebRules listed(std::vector<std::string> origins) {
  codec::WebRules rules;
  rules.origins = std::move(origins);
  rules.local = true;
  return rules;
}

/// Of a listener that only this machine reaches, whose configured name is broker.example.
codec::WebRules unlisted() {
  codec::WebRules rules;
  rules.names = {"broker.example"};
  rules.local = true;
  return rules;
}

int from_page(const std::string& origin, const codec::WebRules& rules, const std::string& host = "localhost:8001") {
  return status_of("Host: " + host + "\r\nOrigin: " + origin + "\r\n", rules);
}

}  // namespace

TEST_CASE("web pages: without a list only pages of this machine") {
  const codec::WebRules rules = unlisted();
  for (const std::string good : {"http://localhost", "http://localhost:3000", "https://LOCALHOST", "http://127.0.0.1:8080", "http://127.3.2.1",
                                 "http://[::1]:5173", "https://broker.example", "https://Broker.Example:8443"}) {
    CAPTURE(good);
    CHECK(from_page(good, rules) == 200);
  }
  for (const std::string bad : {"https://evil.example", "null", "", "http://localhost.evil.example", "http://evil.example/localhost", "http://localhost@evil",
                                "http://127.0.0.1.evil.example", "file://", "chrome-extension://abcdef", "localhost", "http://10.0.0.1", "http://[::2]"}) {
    CAPTURE(bad);
    CHECK(from_page(bad, rules) == 403);
  }
  CHECK(status_of("Host: localhost\r\nOrigin: http://localhost\r\nOrigin: http://localhost\r\n", rules) == 403);
  CHECK(status_of("Host: localhost\r\n", rules) == 200);  // no page
}

TEST_CASE("web pages: a list is exact, and replaces what goes without one") {
  const codec::WebRules rules = listed({"https://shop.example", "http://localhost:3000"});
  CHECK(from_page("https://shop.example", rules, "ws.shop.example") == 200);
  CHECK(from_page("HTTPS://Shop.Example", rules) == 200);
  CHECK(from_page("http://localhost:3000", rules) == 200);
  for (const std::string bad : {"http://localhost", "http://shop.example", "https://shop.example:444", "https://a.shop.example", "null"}) {
    CAPTURE(bad);
    CHECK(from_page(bad, rules) == 403);
  }
  CHECK(from_page("null", listed({"*"})) == 200);
  CHECK(from_page("https://anywhere.example", listed({"*"})) == 200);
}

TEST_CASE("web pages: a name that was made to point to this machine") {
  const codec::WebRules local = unlisted();
  for (const std::string good : {"localhost", "127.0.0.1:8001", "[::1]:8001", "10.1.2.3", "broker.example:8001", "Broker.Example"}) {
    CAPTURE(good);
    CHECK(status_of("Host: " + good + "\r\n", local) == 200);
  }
  CHECK(status_of("Host: rebound.evil.example\r\n", local) == 403);
  CHECK(from_page("http://localhost", local, "rebound.evil.example") == 403);
  // Reachable from elsewhere, a name says nothing; and with a list the page's own origin decides.
  CHECK(status_of("Host: broker.internal\r\n", codec::WebRules()) == 200);
  CHECK(status_of("Host: broker.internal\r\n", listed({"https://shop.example"})) == 200);
}
