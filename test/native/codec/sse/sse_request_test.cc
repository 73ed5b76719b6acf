// Covers native/codec/sse/sse_request.cc: which requests ask for events, and the answers.
// Owner: the test. Thread: main.
#include "native/codec/sse/sse_request.h"

#include <string>

#include "test/native/vendor/doctest.h"

using codec::SseFraming;

namespace {

/// Keeps the bytes that the request's views are of.
struct Parsed {
  explicit Parsed(std::string head) : bytes(std::move(head)), parsed(codec::parse_http_request(base::bytes_of(bytes), 0, {})) {
    REQUIRE(parsed.status == codec::HttpParseStatus::complete);
  }
  const std::string bytes;
  const codec::HttpParsed parsed;
};

std::string head_of(const std::string& request_line, const std::string& headers = "") { return request_line + "\r\nHost: a\r\n" + headers + "\r\n"; }

bool asks(const std::string& head) {
  const Parsed parsed(head);
  const bool chunked = codec::asks_for_sse<SseFraming::chunked>(parsed.parsed.request);
  const bool until_close = codec::asks_for_sse<SseFraming::until_close>(parsed.parsed.request);
  CHECK(!(chunked && until_close));
  return chunked || until_close;
}

codec::Upgrade accepted(const std::string& head) { return codec::accept_sse(Parsed(head).parsed.request); }

}  // namespace

TEST_CASE("sse: who asks for events") {
  CHECK(asks(head_of("GET /a HTTP/1.1", "Accept: text/event-stream\r\n")));
  CHECK(asks(head_of("GET /a HTTP/1.0", "Accept: text/event-stream\r\n")));
  CHECK(asks(head_of("GET /a HTTP/1.1", "Accept: application/json, Text/Event-Stream;q=0.5\r\n")));
  CHECK(asks(head_of("GET /a HTTP/1.1", "Accept: text/html\r\naccept: text/event-stream\r\n")));
  CHECK(asks(head_of("GET /a?sse=1 HTTP/1.1")));
  CHECK(asks(head_of("HEAD /a?topic=b&sse=1 HTTP/1.1")));
  CHECK(asks(head_of("OPTIONS /a HTTP/1.1", "Origin: http://localhost\r\nAccess-Control-Request-Method: GET\r\n")));
  CHECK(asks(head_of("POST /a HTTP/1.1", "Accept: text/event-stream\r\n")));
}

TEST_CASE("sse: who does not") {
  CHECK(!asks(head_of("GET /a HTTP/1.1")));
  CHECK(!asks(head_of("GET /a HTTP/1.1", "Accept: */*\r\n")));
  CHECK(!asks(head_of("GET /a HTTP/1.1", "Accept: text/*\r\n")));
  CHECK(!asks(head_of("GET /a HTTP/1.1", "Accept: text/event-streams\r\n")));
  CHECK(!asks(head_of("GET /a?sse=0 HTTP/1.1")));
  CHECK(!asks(head_of("GET /sse=1 HTTP/1.1")));
  CHECK(!asks(head_of("OPTIONS /a HTTP/1.1")));
  CHECK(!asks(head_of("GET /a?sse=1 HTTP/1.1", "Upgrade: websocket\r\nConnection: Upgrade\r\nAccept: text/event-stream\r\n")));
}

TEST_CASE("sse: chunks for HTTP/1.1 only") {
  const Parsed old(head_of("GET /a?sse=1 HTTP/1.0"));
  const Parsed now(head_of("GET /a?sse=1 HTTP/1.1"));
  CHECK(codec::asks_for_sse<SseFraming::until_close>(old.parsed.request));
  CHECK(codec::asks_for_sse<SseFraming::chunked>(now.parsed.request));
}

TEST_CASE("sse: the head of a stream") {
  codec::Upgrade upgrade = accepted(head_of("GET /a HTTP/1.1", "Accept: text/event-stream\r\n"));
  REQUIRE(upgrade.accepted);
  CHECK(codec::write_sse_head<SseFraming::chunked>(upgrade, "subscribe") ==
        "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\nX-Accel-Buffering: no\r\n"
        "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\nTransfer-Encoding: chunked\r\nBroker-Role: subscribe\r\n\r\n");
  upgrade.origin_headers = "Access-Control-Allow-Origin: *\r\n";
  upgrade.unix_seconds = 784'111'777;
  CHECK(codec::write_sse_head<SseFraming::until_close>(upgrade, "") ==
        "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\nX-Accel-Buffering: no\r\n"
        "Access-Control-Allow-Origin: *\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n");
}

TEST_CASE("sse: HEAD and OPTIONS are answered, and others refused") {
  const codec::Upgrade head = accepted(head_of("HEAD /a?sse=1 HTTP/1.1"));
  CHECK(!head.accepted);
  CHECK(head.refusal.status == 200);
  CHECK(codec::write_http_refusal(head.refusal, 0) ==
        "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\nX-Accel-Buffering: no\r\n"
        "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n\r\n");
  codec::HttpRefusal options = accepted(head_of("OPTIONS /a?sse=1 HTTP/1.1")).refusal;
  CHECK(options.status == 204);
  options.closes = false;
  const std::string answer = codec::write_http_refusal(options, 0);
  CHECK(answer.starts_with("HTTP/1.1 204 No Content\r\nAllow: GET, HEAD, OPTIONS\r\nAccess-Control-Allow-Methods: GET, HEAD\r\n"));
  CHECK(answer.find("Access-Control-Allow-Headers: Authorization, Cache-Control, Last-Event-ID\r\n") != std::string::npos);
  CHECK(answer.find("Content-") == std::string::npos);
  const codec::HttpRefusal post = accepted(head_of("POST /a?sse=1 HTTP/1.1")).refusal;
  CHECK(post.status == 405);
  CHECK(codec::write_http_refusal(post, 0).find("\r\nAllow: GET, HEAD, OPTIONS\r\n") != std::string::npos);
  CHECK(accepted(head_of("GET /a?sse=1 HTTP/1.1", "Content-Length: 1\r\n")).refusal.status == 400);
  CHECK(!accepted(head_of("HEAD /a?sse=1 HTTP/1.1", "Content-Length: 1\r\n")).refusal.body);
}

TEST_CASE("sse: topics are named as for WebSocket, and sse is no topic") {
  const auto topics = [](std::string_view target) { return codec::parse_sse_target(target, {}).topics; };
  using Topics = std::vector<std::string>;
  CHECK(topics("/a") == Topics{"a"});
  CHECK(topics("/a?sse=1") == Topics{"a"});
  CHECK(topics("/?sse=1") == Topics{"default"});
  CHECK(topics("/a?sse=1&topic=b") == Topics{"a", "b"});
  CHECK(topics("/?topic=a&sse=1&topic=b%2Fc&sse=1") == Topics{"a", "b/c"});
  for (const char* const target : {"/a?sse=2", "/a?sse", "/a?SSE=1", "/a?other=1&sse=1"}) {
    CAPTURE(target);
    CHECK(!codec::parse_sse_target(target, {}).ok);
  }
}

TEST_CASE("sse: Last-Event-ID is where every topic goes on; what is no position is one in no topic") {
  const auto wishes = [](const std::string& target, const std::string& headers) {
    const Parsed request(head_of("GET " + target + " HTTP/1.1", headers));
    codec::TopicsParsed asked = codec::parse_sse_target(target, {});
    REQUIRE(asked.ok);
    codec::read_last_event_id(request.parsed.request, asked);
    return asked.wishes;
  };
  using From = codec::ReplayWish::From;
  CHECK(wishes("/a", "").empty());
  const auto one = wishes("/a?last=3", "Last-Event-ID: 0epoch00-6\r\n");
  REQUIRE(one.size() == 1);
  CHECK(one[0].from == From::since);
  CHECK(one[0].epoch == "0epoch00");
  CHECK(one[0].offset == 7);
  const auto two = wishes("/?topic=a&topic=b", "last-event-id: elsewhere\r\n");
  REQUIRE(two.size() == 2);
  CHECK(two[1].from == From::since);
  CHECK(two[1].epoch == "");
  CHECK(!codec::parse_sse_target("/a?sse=1&envelope=1", {}).ok);
}
