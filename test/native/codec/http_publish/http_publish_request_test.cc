// Covers native/codec/http_publish/http_publish_request.cc: which requests publish, to which topic, and the preflight of a page's.
// Owner: the test. Thread: main.
#include "native/codec/http_publish/http_publish_request.h"

#include <string>

#include "test/native/vendor/doctest.h"

namespace {

codec::Upgrade accepted(const std::string& head, bool& asks) {
  const codec::HttpParsed parsed = codec::parse_http_request(base::bytes_of(head), 0, {});
  REQUIRE(parsed.status == codec::HttpParseStatus::complete);
  asks = codec::asks_to_publish(parsed.request);
  return codec::accept_publishing(parsed.request);
}

bool asks(const std::string& method, const std::string& headers = "") {
  bool does = false;
  accepted(method + " /a HTTP/1.1\r\nHost: a\r\n" + headers + "\r\n", does);
  return does;
}

}  // namespace

TEST_CASE("post: who asks to publish") {
  CHECK(asks("POST"));
  CHECK(asks("POST", "Content-Length: 5\r\n"));
  CHECK(asks("OPTIONS", "Access-Control-Request-Method: POST\r\n"));
  CHECK(!asks("OPTIONS"));
  CHECK(!asks("GET"));
  CHECK(!asks("PUT"));
  CHECK(!asks("POST", "Upgrade: websocket\r\nConnection: Upgrade\r\n"));
}

TEST_CASE("post: a preflight is told what may be asked") {
  bool does = false;
  CHECK(accepted("POST /a HTTP/1.1\r\nHost: a\r\n\r\n", does).accepted);
  const codec::Upgrade preflight = accepted("OPTIONS /a HTTP/1.1\r\nHost: a\r\nAccess-Control-Request-Method: POST\r\n\r\n", does);
  CHECK(!preflight.accepted);
  const std::string answer = codec::write_http_refusal(preflight.refusal, 0);
  CHECK(answer.starts_with("HTTP/1.1 204 No Content\r\n"));
  CHECK(answer.find("\r\nAccess-Control-Allow-Methods: POST\r\n") != std::string::npos);
  CHECK(answer.find("\r\nAccess-Control-Allow-Headers: Authorization, Content-Type, Idempotency-Key\r\n") != std::string::npos);
}

TEST_CASE("post: the topic is the path, with or without /topics before it") {
  const auto topic = [](std::string_view target) {
    const codec::TopicsParsed parsed = codec::parse_post_target(target, {});
    return parsed.ok ? parsed.topics.front() : "refused: " + parsed.refusal.reason;
  };
  CHECK(topic("/prices") == "prices");
  CHECK(topic("/topics/prices") == "prices");
  CHECK(topic("/topics/prices/eur") == "prices/eur");
  CHECK(topic("/topics/topics/x") == "topics/x");
  CHECK(topic("/topics%2Fx") == "topics/x");
  CHECK(topic("/topics") == "topics");
  CHECK(topic("/topics/") == "topics/");
  CHECK(topic("/") == "default");
  CHECK(topic("http://a:1/prices") == "prices");
  CHECK(topic("/prices?last=1").starts_with("refused: "));
  CHECK(topic("/%zz").starts_with("refused: "));
}
