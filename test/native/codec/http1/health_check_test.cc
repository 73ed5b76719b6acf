// Covers native/codec/http1/health_check.cc.
// Owner: the test. Thread: main.
#include "native/codec/http1/health_check.h"

#include <string>

#include "test/native/doctest_last.h"

using codec::Health;

namespace {

std::optional<codec::HttpRefusal> ask(const std::string& line, Health health) {
  const std::string head = line + "\r\nHost: a\r\n\r\n";
  const codec::HttpParsed parsed = codec::parse_http_request(base::bytes_of(head), 0, {});
  REQUIRE(parsed.status == codec::HttpParseStatus::complete);
  return codec::answer_health_check(parsed.request, health);
}

}  // namespace

TEST_CASE("health check: up and down") {
  for (const char* target : {"/up", "/health", "/up?from=haproxy", "/health?"}) {
    const std::string rest = std::string(" ") + target + " HTTP/1.";
    for (const char* minor : {"0", "1"}) {
      CHECK(ask("GET" + rest + minor, Health::up)->status == 200);
      CHECK(ask("GET" + rest + minor, Health::down)->status == 503);
      CHECK(ask("GET" + rest + minor, Health::up)->body);
      CHECK(ask("HEAD" + rest + minor, Health::up)->status == 200);
      CHECK(!ask("HEAD" + rest + minor, Health::down)->body);
    }
  }
  CHECK(codec::write_http_refusal(*ask("GET /up HTTP/1.1", Health::up), 0) ==
        "HTTP/1.1 200 OK\r\nConnection: close\r\nCache-Control: no-store\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
        "Content-Type: text/plain; charset=utf-8\r\nContent-Length: 3\r\n\r\nup\n");
}

TEST_CASE("health check: what is none") {
  for (const char* line : {"GET / HTTP/1.1", "GET /up/ HTTP/1.1", "GET //up HTTP/1.1", "GET /UP HTTP/1.1", "GET /upper HTTP/1.1", "POST /up HTTP/1.1",
                           "OPTIONS * HTTP/1.1", "PUT /health HTTP/1.1", "GET /healthy HTTP/1.1", "GET http://a/up HTTP/1.1"}) {
    CHECK(!ask(line, Health::up));
  }
}
